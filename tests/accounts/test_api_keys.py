"""Keys for programs: shown once, kept as a digest, ended by date or by hand."""

from datetime import timedelta

import pytest

from accounts.domain.api_keys import MARK, USE_NOTED_EVERY, create_key, recognise, revoke_key
from accounts.models import ApiKey, User
from events.models import Event
from kernel.clock import now
from kernel.errors import Invalid
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def aya(db: None) -> User:
    return make_user("Aya")


def test_the_secret_is_kept_nowhere(aya: User) -> None:
    key, secret = create_key(user=aya, name=" mine ", scopes=["work"], by=aya, now=now())
    assert secret.startswith(MARK)
    assert (key.name, key.scopes) == ("mine", ["read", "work"])
    assert secret not in str(ApiKey.objects.values().get())
    found = recognise(secret, now())
    assert found == key
    assert found.user == aya


@pytest.mark.parametrize(("name", "scopes"), [(" ", ["work"]), ("x", ["everything"])])
def test_a_key_needs_a_name_and_known_scopes(aya: User, name: str, scopes: list[str]) -> None:
    with pytest.raises(Invalid):
        create_key(user=aya, name=name, scopes=scopes, by=aya, now=now())
    assert not ApiKey.objects.exists()


def test_a_key_ends_by_date_by_hand_and_with_its_person(aya: User) -> None:
    start = now()
    _short, secret = create_key(user=aya, name="x", scopes=[], by=aya, now=start, days=1)
    assert recognise(secret, start + timedelta(hours=23))
    assert recognise(secret, start + timedelta(hours=24)) is None
    key, secret = create_key(user=aya, name="y", scopes=[], by=aya, now=start)
    User.objects.filter(pk=aya.pk).update(is_active=False)
    assert recognise(secret, start) is None
    User.objects.filter(pk=aya.pk).update(is_active=True)
    revoke_key(key_id=key.pk, by=aya, now=start)
    revoke_key(key_id=key.pk, by=aya, now=start)
    assert recognise(secret, start) is None
    assert Event.objects.filter(name="api_key.revoked").count() == 1


def test_nobody_ends_the_key_of_somebody_else(aya: User) -> None:
    key, secret = create_key(user=aya, name="x", scopes=[], by=aya, now=now())
    with pytest.raises(ApiKey.DoesNotExist):
        revoke_key(key_id=key.pk, by=make_user("Gen"), now=now())
    assert recognise(secret, now())


def test_what_is_no_key_is_not_recognised(aya: User) -> None:
    _key, secret = create_key(user=aya, name="x", scopes=[], by=aya, now=now())
    for wrong in (
        "",
        "x",
        secret[:-1],
        secret + "x",
        secret[: len(MARK) + 5],
        MARK,
        "é" * 40,
        MARK + "x" * 300,
    ):
        assert recognise(wrong, now()) is None


def test_the_use_of_a_key_is_noted_now_and_then(aya: User) -> None:
    key, secret = create_key(user=aya, name="x", scopes=[], by=aya, now=now())
    start = now()
    noted = []
    for moment in (start, start + USE_NOTED_EVERY / 2, start + USE_NOTED_EVERY * 2):
        recognise(secret, moment)
        noted.append(ApiKey.objects.get(pk=key.pk).last_used_at)
    assert noted == [start, start, start + USE_NOTED_EVERY * 2]
