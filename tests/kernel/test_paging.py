"""Pages by key: every row once, and no cursor that breaks anything."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from kernel.clock import now
from kernel.paging import CursorInvalid, page
from notify.models import Notice
from tests.factories import make_user

pytestmark = [pytest.mark.both, pytest.mark.django_db]


def fill(count: int) -> User:
    user, start = make_user("Aya"), now()
    Notice.objects.bulk_create(
        # Several rows share each moment, so that the second key decides.
        Notice(user=user, event_id=n, kind="x", path="/", created_at=start + timedelta(minutes=n // 3))
        for n in range(count)
    )
    return user


def walk(limit: int, *key: str) -> list[int]:
    found, after = [], None
    while True:
        one = page(Notice.objects.all(), key=key, after=after, limit=limit)
        assert len(one.items) <= limit
        found += [notice.event_id for notice in one.items]
        after = one.next
        if after is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 5, 11, 12])
def test_every_row_is_on_one_page_in_order(limit: int) -> None:
    fill(11)
    assert walk(limit, "created_at", "id") == list(range(11))
    assert walk(limit, "-created_at", "-id") == list(range(10, -1, -1))
    assert walk(limit, "id") == list(range(11))


def test_a_row_that_arrives_meanwhile_moves_nothing() -> None:
    user = fill(4)
    first = page(Notice.objects.all(), key=("-id",), after=None, limit=2)
    Notice.objects.create(user=user, event_id=99, kind="x", path="/", created_at=now())
    second = page(Notice.objects.all(), key=("-id",), after=first.next, limit=2)
    assert [notice.event_id for notice in first.items + second.items] == [3, 2, 1, 0]
    assert second.next is None


def cursor(values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


BAD = [
    "x",
    "é",
    "====",
    "a" * 100_000,
    cursor("[" * 300),
    base64.urlsafe_b64encode(b"[" * 1400).decode(),
    cursor(None),
    cursor({}),
    cursor([]),
    cursor([1, 2, 3]),
    cursor([None, 1]),
    cursor([True, 1]),
    cursor([1.5, 1]),
    cursor([{"t": "x"}, 1]),
    cursor([{"t": 1}, 1]),
    cursor([{"s": 1}, 1]),
    cursor([{"t": "2026-01-01T00:00:00+00:00"}, 2**63]),
    cursor([{"t": "2026-01-01T00:00:00+00:00"}, "abc"]),
    cursor(["abc", 1]),
    cursor([5, 1]),
    cursor([{"t": "2026-01-01T00:00:00+00:00"}, "1\0"]),
    cursor([{"t": "2026-01-01T00:00:00"}, 1]),
]


@pytest.mark.parametrize("after", BAD, ids=range(len(BAD)))
def test_a_cursor_nobody_gave_out_is_refused(after: str) -> None:
    fill(3)
    with pytest.raises(CursorInvalid):
        page(Notice.objects.all(), key=("created_at", "id"), after=after, limit=2)


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_a_text_that_no_database_takes_is_refused(text: str) -> None:
    with pytest.raises(CursorInvalid):
        page(Notice.objects.all(), key=("kind", "id"), after=cursor([text, 1]), limit=2)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.text() | values.map(cursor))
def test_whatever_a_cursor_holds_it_is_read_or_refused(after: str) -> None:
    for key in (("created_at", "id"), ("id",), ("kind", "id")):
        try:
            page(Notice.objects.all(), key=key, after=after, limit=2)
        except CursorInvalid:
            continue
