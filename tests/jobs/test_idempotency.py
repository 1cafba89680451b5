"""The same POST twice: one change, one answer."""

import threading
from datetime import timedelta

import pytest
from django.db import transaction

from jobs.idempotency import KeyInvalid, KeyReused, StoredAnswer, fingerprint, forget_old_keys, run_once
from jobs.models import IdempotencyKey, PeriodicSlot
from kernel import clock
from kernel.errors import Conflict, TenchoError
from tests.threads import in_threads

pytestmark = [pytest.mark.both, pytest.mark.django_db(transaction=True)]


def change(name: str) -> None:
    PeriodicSlot.objects.create(name=name, next_at=clock.now())


def changes() -> int:
    return PeriodicSlot.objects.count()


def refuse(error: TenchoError) -> StoredAnswer:
    return StoredAnswer(409, error.code.encode())


class Requests:
    """Counts how often the change is really made."""

    def __init__(self) -> None:
        self.made = 0

    def post(self, key: str = "k", mark: str = "same", user_id: int = 1, status: int = 201) -> StoredAnswer:
        def produce() -> StoredAnswer:
            self.made += 1
            change(f"{self.made}")
            return StoredAnswer(status, f"answer {self.made}".encode(), {"Location": "/x/"})

        return run_once(user_id=user_id, key=key, fingerprint=mark, produce=produce, refuse=refuse)


def test_the_second_request_gets_the_first_answer() -> None:
    requests = Requests()
    first = requests.post()
    assert first == StoredAnswer(201, b"answer 1", {"Location": "/x/"})
    assert requests.post() == first
    assert (requests.made, changes()) == (1, 1)
    assert requests.post(user_id=2).body == b"answer 2"


def test_another_request_with_the_same_key_is_refused() -> None:
    requests = Requests()
    requests.post()
    with pytest.raises(KeyReused):
        requests.post(mark="other")
    assert requests.made == 1


@pytest.mark.parametrize("key", ["", "x" * 201, "a b", "鍵", "a\n"])
def test_keys_are_short_visible_ascii(key: str) -> None:
    with pytest.raises(KeyInvalid):
        Requests().post(key=key)


def test_a_refusal_is_an_answer_too_and_leaves_no_change() -> None:
    calls: list[int] = []

    def produce() -> StoredAnswer:
        calls.append(1)
        change("half")
        raise Conflict("nothing_left", "")

    for _ in range(2):
        answer = run_once(user_id=1, key="k", fingerprint="f", produce=produce, refuse=refuse)
        assert answer == StoredAnswer(409, b"nothing_left")
    assert len(calls) == 1
    assert changes() == 0


def test_a_breakdown_is_not_remembered() -> None:
    def broken() -> StoredAnswer:
        change("half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        run_once(user_id=1, key="k", fingerprint="same", produce=broken, refuse=refuse)
    assert changes() == 0
    requests = Requests()
    assert requests.post(status=503).status == 503
    assert requests.post().status == 201
    assert requests.made == 2


def test_requests_at_the_same_time_make_one_change() -> None:
    requests, together = Requests(), threading.Barrier(6)
    answers: list[StoredAnswer] = []

    def post() -> None:
        together.wait(20)
        answers.append(requests.post())

    in_threads(*[post] * 6)
    assert requests.made == 1
    assert {answer.body for answer in answers} == {b"answer 1"}
    assert len(answers) == 6


@pytest.mark.postgres
def test_a_second_request_takes_over_when_the_first_fails() -> None:
    began, may_fail = threading.Event(), threading.Event()
    requests = Requests()
    answers: list[StoredAnswer] = []

    def first() -> None:
        with transaction.atomic():
            requests.post()
            began.set()
            may_fail.wait(1)
            transaction.set_rollback(True)

    def second() -> None:
        assert began.wait(20)
        answers.append(requests.post())

    in_threads(first, second)
    assert answers[0].body == b"answer 2"
    assert changes() == 1


def test_keys_are_forgotten_after_a_week() -> None:
    requests = Requests()
    requests.post(key="old")
    IdempotencyKey.objects.update(created_at=clock.now() - timedelta(days=8))
    requests.post(key="new")
    forget_old_keys()
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["new"]


def test_a_fingerprint_tells_requests_apart() -> None:
    marks = [
        fingerprint("POST", "/a", b"1"),
        fingerprint("POST", "/a", b"2"),
        fingerprint("POST", "/b", b"1"),
    ]
    assert len(set(marks)) == 3
    assert marks[0] == fingerprint("POST", "/a", b"1")
