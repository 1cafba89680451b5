"""Who I am, where I belong, what I may use, and what happened."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from accounts.domain.queries import roles_of
from accounts.models import Store
from events import queries as log
from events.queries import EventRow
from kernel.clock import now
from kernel.ids import ID_MAX
from realtime.tickets import LIFE, issue
from tasks import topics
from tasks.api import lists, shapes
from tasks.api.base import ApiView, answer
from tasks.api.rendering import moment
from tasks.api.schema import PAGING, operation
from workers.queries import is_freelancer

SOCKET = "/ws/live/"


class MeView(ApiView):
    @operation("me", "Who the key belongs to", {200: shapes.Me})
    def get(self, request: Request) -> HttpResponse:
        user, roles = self.user, roles_of(self.user, now())
        stores = Store.objects.filter(pk__in=roles).select_related("company").order_by("pk")
        return answer(
            {
                "id": user.pk,
                "name": user.name,
                "email": user.email,
                "language": user.language,
                "time_zone": user.time_zone,
                "freelancer": is_freelancer(user),
                "scopes": self.key.scopes,
                "stores": [_store(store, roles) for store in stores],
            }
        )


class StoresView(ApiView):
    @operation("stores", "Stores I belong to", {200: shapes.page_of(shapes.StoreEntry)}, query=PAGING)
    def get(self, request: Request) -> HttpResponse:
        roles = roles_of(self.user, now())
        rows = Store.objects.filter(pk__in=roles).select_related("company")
        return lists.listed(
            request, rows, key=("id",), render=lambda stores: [_store(store, roles) for store in stores]
        )


def _store(store: Store, roles: dict[int, frozenset[str]]) -> dict[str, Any]:
    company = {"id": store.company_id, "name": store.company.name}
    return {"id": store.pk, "name": store.name, "company": company, "roles": sorted(roles[store.pk])}


class EventsView(ApiView):
    @operation(
        "events",
        "What happened on the reader's topics, oldest first",
        {200: shapes.Events},
        query=(
            OpenApiParameter(
                "since",
                {"type": "integer", "minimum": 0, "maximum": ID_MAX, "default": 0},
                description="`next_since` of the answer before",
            ),
            PAGING[1],
        ),
    )
    def get(self, request: Request) -> HttpResponse:
        since, limit = lists.number(request, "since", 0), lists.limit(request)
        heard = topics.of_person(self.user, now())
        # Read first: an event that arrives meanwhile is behind it and comes next time.
        head = log.head()
        rows = log.since(heard.all, since, limit)
        last = rows[-1].position if rows else since
        return answer(
            {
                "events": [self._event(row, heard.desk) for row in rows],
                "next_since": last if len(rows) == limit else max(last, head),
            }
        )

    def _event(self, row: EventRow, desk: frozenset[str]) -> dict[str, Any]:
        # Who did it is for the desk of that store alone: freelancers do not learn of each other.
        named = row.actor == self.user.pk or not desk.isdisjoint(row.topics)
        return {
            "position": row.position,
            "name": row.name,
            "at": moment(row.at),
            "actor": row.actor if named else None,
            "reason": row.reason,
            "data": row.payload,
        }


class SocketTicketView(ApiView):
    @operation("socket_ticket", "A ticket for one live socket (docs/live.md)", {200: shapes.Ticket})
    def post(self, request: Request) -> HttpResponse:
        ticket = issue(self.user.pk, api_key_id=self.key.pk)
        seconds = int(LIFE.total_seconds())
        return answer({"ticket": ticket, "expires_in": seconds, "path": f"{SOCKET}?ticket={ticket}"})
