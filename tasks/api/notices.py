"""One's own notices, and what of them comes by e-mail."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from kernel.clock import now
from kernel.ids import ID_MAX
from notify.domain import mark_read, preferences
from notify.kinds import KINDS
from notify.models import Notice
from notify.states import Email
from notify.texts import words
from tasks.api import lists, shapes
from tasks.api.base import ApiView, answer
from tasks.api.bodies import Input
from tasks.api.rendering import moment
from tasks.api.schema import PAGING, one_of, operation
from tasks.errors import Missing

READ = Input(
    (),
    {
        "notice": {
            "type": ["integer", "null"],
            "minimum": 1,
            "maximum": ID_MAX,
            "default": None,
            "description": "one of mine; without it all are marked",
        }
    },
)
PREFERENCES = Input(
    ("email",),
    {
        "email": {
            "type": "object",
            "additionalProperties": {"type": "string", "enum": list(Email.values)},
            "maxProperties": 100,
            "description": "kind → now, daily or off; kinds that are not named stay as they are",
        }
    },
)


class NoticesView(ApiView):
    @operation(
        "notices",
        "My notices, the newest first",
        {200: shapes.page_of(shapes.Notice)},
        query=(one_of("unread", ["1"], "only what was not read yet"), *PAGING),
    )
    def get(self, request: Request) -> HttpResponse:
        rows = Notice.objects.filter(user=self.user)
        if lists.choice(request, "unread", ["1"]):
            rows = rows.filter(read_at=None)
        return lists.listed(request, rows, key=("-id",), render=lambda found: [_notice(n) for n in found])


def _notice(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.pk,
        "kind": notice.kind,
        "text": words(notice.kind, notice.params),
        "path": notice.path,
        "created_at": moment(notice.created_at),
        "read_at": moment(notice.read_at),
        "handed_over_at": moment(notice.handed_over_at),
    }


class NoticesReadView(ApiView):
    @operation("notices_read", "Mark one notice, or all, as read", {200: shapes.ReadCount}, takes=READ)
    def post(self, request: Request) -> HttpResponse:
        notice_id = self.body.read(READ).get("notice")
        if notice_id is not None and not Notice.objects.filter(user=self.user, pk=notice_id).exists():
            raise Missing
        return answer({"read": mark_read(by=self.user, now=now(), notice_id=notice_id)})


class NoticePreferencesView(ApiView):
    @operation("notice_preferences", "What I hear of by e-mail", {200: shapes.NoticePreferences})
    def get(self, request: Request) -> HttpResponse:
        return answer(_preferences(preferences.of_person(self.user)))

    @operation(
        "notice_preferences_set",
        "Choose what I hear of by e-mail",
        {200: shapes.NoticePreferences},
        takes=PREFERENCES,
    )
    def put(self, request: Request) -> HttpResponse:
        emails = self.body.read(PREFERENCES)["email"]
        return answer(_preferences(preferences.choose(emails=emails, by=self.user, now=now())))


def _preferences(emails: dict[str, str]) -> dict[str, Any]:
    return {
        "kinds": [
            {
                "kind": kind,
                "label": str(KINDS[kind].label),
                "email": email,
                "choices": preferences.choices_of(kind),
            }
            for kind, email in emails.items()
        ]
    }
