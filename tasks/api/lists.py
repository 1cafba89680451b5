"""Lists in pages by key, and what a query string may say."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpResponse, QueryDict
from rest_framework.request import Request

from kernel import paging
from kernel.ids import ID_MAX
from tasks.api.base import answer
from tasks.api.bodies import invalid

T = TypeVar("T", bound=Model)

LIMIT = 50
LIMIT_MAX = 100


def listed(
    request: Request,
    rows: QuerySet[T],
    *,
    key: Sequence[str],
    render: Callable[[list[T]], list[dict[str, Any]]],
) -> HttpResponse:
    """`{"items", "next"}`; `next` is the address of the next page or null."""
    found = paging.page(rows, key=key, after=request.GET.get("after"), limit=limit(request))
    return answer({"items": render(found.items), "next": next_address(request, "after", found.next)})


def next_address(request: Request, name: str, cursor: str | None) -> str | None:
    """This address with the parameter `name` moved on."""
    if cursor is None:
        return None
    query = QueryDict(mutable=True)
    query.update(request.GET)
    query[name] = cursor
    return f"{request.path}?{query.urlencode()}"


def limit(request: Request) -> int:
    return number(request, "limit", LIMIT, least=1, most=LIMIT_MAX)


def number(request: Request, name: str, default: int, *, least: int = 0, most: int = ID_MAX) -> int:
    """A whole number of the query; `Invalid` outside its bounds."""
    raw = request.GET.get(name)
    if raw is None:
        return default
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 19):
        raise invalid(name, "wrong_type")
    if not least <= int(raw) <= most:
        raise invalid(name, "out_of_range")
    return int(raw)


def choice(request: Request, name: str, known: Iterable[str]) -> str | None:
    """A filter of the query, None if it is not given; `Invalid` for a value that nothing can have."""
    raw = request.GET.get(name)
    if raw is not None and raw not in known:
        raise invalid(name, "unknown")
    return raw
