"""Loading many rows and reserving their keys, on both databases."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from kernel.db import allocate_ids, bulk_load, is_postgres, require_atomic
from notify.models import Notice
from tests.factories import make_user
from tests.threads import in_threads

pytestmark = [pytest.mark.both, pytest.mark.django_db(transaction=True)]

MOMENT = datetime(2026, 11, 1, 3, 4, 5, 678901, tzinfo=UTC)
AWKWARD = {"text": 'a\tb\nc\\N \\. "q" 商品 😀', "list": [1, None, True], "deep": {"x": 1.5}}


def test_rows_come_back_as_they_went_in() -> None:
    user = make_user("Aya")
    rows = [
        [user.pk, n, "\\N" if n else "タブ\tと改行\n", AWKWARD, "/", MOMENT, None if n else MOMENT]
        for n in range(3)
    ]
    with transaction.atomic():
        fields = ["user", "event_id", "kind", "params", "path", "created_at", "read_at"]
        assert bulk_load(Notice, fields, rows) == 3
        assert bulk_load(Notice, fields, []) == 0
    found = list(Notice.objects.order_by("event_id"))
    assert [one.kind for one in found] == ["タブ\tと改行\n", "\\N", "\\N"]
    assert all(one.params == AWKWARD and one.created_at == MOMENT for one in found)
    assert [one.read_at for one in found] == [MOMENT, None, None]


def test_constraints_are_checked_as_ever() -> None:
    user = make_user("Aya")
    row = [user.pk, 1, "x", {}, "/", MOMENT]
    fields = ["user", "event_id", "kind", "params", "path", "created_at"]
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk_load(Notice, fields, [row, row])
    assert not Notice.objects.exists()
    with pytest.raises(ValueError, match="zip"), transaction.atomic():
        bulk_load(Notice, fields, [row[:-1]])


def test_reserved_keys_are_nobody_elses() -> None:
    user = make_user("Aya")
    with transaction.atomic():
        ids = allocate_ids(Notice, 5)
        fields = ["id", "user", "event_id", "kind", "params", "path", "created_at"]
        bulk_load(Notice, fields, ([pk, user.pk, pk, "x", {}, "/", MOMENT] for pk in ids))
    assert len(set(ids)) == 5
    later = Notice.objects.create(user=user, event_id=0, kind="x", path="/", created_at=MOMENT)
    last = later.pk
    assert last > max(ids)
    later.delete()
    with transaction.atomic():
        assert min(allocate_ids(Notice, 2)) > last
        assert allocate_ids(Notice, 0) == []


def test_two_who_reserve_at_once_share_nothing() -> None:
    found: list[int] = []

    def reserve() -> None:
        for _ in range(5):
            with transaction.atomic():
                found.extend(allocate_ids(Notice, 20))

    in_threads(reserve, reserve, reserve)
    assert len(found) == len(set(found)) == 300


def test_outside_a_transaction_both_refuse() -> None:
    for act in (
        lambda: allocate_ids(Notice, 1),
        lambda: bulk_load(Notice, ["kind"], []),
        lambda: require_atomic("this"),
    ):
        with pytest.raises(transaction.TransactionManagementError):
            act()


def test_the_database_is_known_by_name() -> None:
    assert is_postgres() == (connection.vendor == "postgresql")
