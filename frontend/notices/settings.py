"""What a person hears of by e-mail, and how often."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from frontend.context import shell
from kernel.clock import now
from notify.domain import preferences
from notify.domain.refusals import refused_address
from notify.kinds import ACCOUNT, BATCHES, GROUPS, KINDS, REVIEW, WORK
from notify.states import Email


@login_required
def page(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    groups = _groups(request, user)
    if request.method == "POST":
        shown = [row["name"] for group in groups for row in group["rows"]]
        preferences.choose(emails=_chosen(request.POST, shown), by=user, now=now())
        messages.success(request, _("Saved."))
        return redirect("notice_settings")
    return render(request, "notices/settings.html", {"groups": groups, "refused": refused_address(user)})


def _chosen(sent: QueryDict, shown: list[str]) -> dict[str, str]:
    """Each as it was sent, or one choice for all that is shown."""
    if sent.get("all") == "daily":
        return dict.fromkeys(shown, Email.DAILY)
    if sent.get("all") == "usual":
        return {name: str(KINDS[name].email) for name in shown}
    return {name: str(sent[name]) for name in shown if name in sent}


def _groups(request: HttpRequest, user: Any) -> list[dict[str, Any]]:
    """Only of what the person does here; the rest keeps its defaults."""
    roles = shell(request)["shell"]
    mine = {WORK: roles["works"], REVIEW: roles["reviews"], BATCHES: roles["directs"], ACCOUNT: True}
    present = preferences.of_person(user)
    groups = []
    for group, label in GROUPS.items():
        rows = [_row(name, present[name]) for name in present if KINDS[name].group == group]
        if mine[group] and rows:
            groups.append({"label": label, "rows": rows})
    return groups


def _row(name: str, email: str) -> dict[str, Any]:
    kind, allowed = KINDS[name], preferences.choices_of(name)
    return {
        "name": name,
        "label": kind.label,
        "icon": kind.icon,
        "kept": kind.kept,
        "email": email,
        "choices": [(value, label) for value, label in Email.choices if value in allowed],
    }
