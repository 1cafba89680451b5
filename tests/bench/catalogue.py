"""People, shops and many tasks: a few made by the domain, then multiplied inside the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection, transaction

from accounts.domain.api_keys import create_key
from accounts.models import Company, Membership, Store, User
from accounts.states import Role, Scope
from events.dispatcher import dispatch_once
from kernel.clock import now
from tasks.domain import batches, claim, counts, review, submit
from tasks.domain.templates import install_shipped
from tasks.models import Assignment, Batch, Slot, Submission, Task, Unit
from tests.bench.shopfile import good_answer, read_into, shop_file
from workers.models import PoolMember, WorkerProfile

CAP = 100_000
# Of every so many tasks one waits for its review, and the next one is done.
REVIEWED_EVERY = 20
COLUMNS = """
    SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s
"""


@dataclass(frozen=True)
class Catalogue:
    """What the measurements need to know. Secrets are API keys of the freelancers, one each."""

    store_id: int
    batch_id: int
    director_id: int
    director_key: str
    director_session: str
    worker_session: str
    secrets: list[str]


def make(freelancers: int) -> Catalogue:
    """One shop with one open crowd batch of three tasks: one to take, one to review, one done."""
    install_shipped()
    company = Company.objects.create(name="Minato")
    store = Store.objects.create(company=company, name="Minato")
    director = _person("aya")
    Membership.objects.create(user=director, store=store, role=Role.DIRECTOR)
    workers = [_person(f"worker{number}") for number in range(freelancers)]
    WorkerProfile.objects.bulk_create(WorkerProfile(user=worker) for worker in workers)
    PoolMember.objects.bulk_create(PoolMember(user=worker, company=company) for worker in workers)
    batch = make_batch(store, director, products=3)
    batches.publish(batch_id=batch.pk, by=director, now=now())
    _work_on(batch, workers[0], director)
    return Catalogue(
        store_id=store.pk,
        batch_id=batch.pk,
        director_id=director.pk,
        director_key=_secret(director),
        director_session=_session(director),
        worker_session=_session(workers[-1]),
        secrets=[_secret(worker) for worker in workers],
    )


def make_batch(store: Store, director: User, *, products: int) -> Batch:
    terms = batches.Terms(
        title="Spring", template="product-copy", audience="crowd", reward=150, per_worker_cap=CAP
    )
    batch = batches.create_batch(store_id=store.pk, terms=terms, by=director, now=now())
    read_into(batch, shop_file(products), by=director)
    return batch


def _person(name: str) -> User:
    # Nobody signs in with a password here, and hashing one takes a fifth of a second.
    user = User(email=f"{name}@example.jp", name=name, language="en")
    user.set_unusable_password()
    user.save()
    return user


def _secret(user: User) -> str:
    return create_key(user=user, name="bench", scopes=Scope.values, by=user, now=now())[1]


def _session(user: User) -> str:
    """The cookie of a signed-in browser."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    return str(store.session_key)


def _work_on(batch: Batch, worker: User, director: User) -> None:
    """Two answers, the first of them approved: what the multiplied rows are copies of."""
    for number in range(2):
        held = claim.claim_next(batch_id=batch.pk, by=worker, now=now())
        answer = good_answer(f"一{number}")
        handed_in = submit.submit(
            assignment_id=held.pk, answer=answer, fence=held.fence, by=worker, now=now()
        )
        if number == 0:
            review.approve(submission_id=handed_in.pk, by=director, now=now())
    while dispatch_once():
        pass


def grow(batch_id: int, size: int) -> None:
    """Multiplies the three exemplars until the batch has `size` tasks, always in the same mixture."""
    with transaction.atomic():
        first = Task.objects.filter(batch_id=batch_id).count()
        kinds = {task.state: task for task in Task.objects.filter(batch_id=batch_id).order_by("-position")}
        every = REVIEWED_EVERY
        _multiply(kinds["open"], f"n % {every} NOT IN (0, 1)", first, size)
        _multiply(kinds["in_review"], f"n % {every} = 0", first, size)
        _multiply(kinds["done"], f"n % {every} = 1", first, size)
        missing = counts.drift(batch_id)
        counts.add(batch_id, {state: -n for state, n in missing.items()})
        counts.fold()


def _multiply(exemplar: Task, condition: str, first: int, size: int) -> None:
    """Copies of one task with all that hangs on it, for every `n` of first+1 … size that fits `condition`."""
    series = f"generate_series({first + 1}, {size}) AS n WHERE {condition}"
    ids = _next_ids()
    slot = exemplar.slots.get()
    unit, task, place = f"{ids[Unit]} + n", f"{ids[Task]} + n", "n"
    _copy(Unit, exemplar.unit_id, series, {"id": unit, "key": "'bench-' || n", "position": place})
    _copy(Task, exemplar.pk, series, {"id": task, "unit_id": unit, "position": place})
    _copy(Slot, slot.pk, series, {"id": f"{ids[Slot]} + n", "task_id": task, "position": place})
    for held in Assignment.objects.filter(slot=slot):
        made = f"{ids[Assignment]} + n"
        clock = "auto_approve_at + n * interval '1 second'"
        here = {"id": made, "slot_id": f"{ids[Slot]} + n", "task_id": task, "auto_approve_at": clock}
        _copy(Assignment, held.pk, series, here)
        delivered = held.submissions.get()
        _copy(Submission, delivered.pk, series, {"id": f"{ids[Submission]} + n", "assignment_id": made})
    _move_sequences()


def _next_ids() -> dict[type[Any], int]:
    """The highest id of each table: `n` is added to it, so that copies can name each other."""
    found = {}
    with connection.cursor() as cursor:
        for model in (Unit, Task, Slot, Assignment, Submission):
            cursor.execute(f"SELECT COALESCE(MAX(id), 0) FROM {model._meta.db_table}")
            found[model] = cursor.fetchone()[0]
    return found


def _move_sequences() -> None:
    with connection.cursor() as cursor:
        for model in (Unit, Task, Slot, Assignment, Submission):
            table = model._meta.db_table
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))"
            )


def _copy(model: type[Any], exemplar_id: int, series: str, different: Mapping[str, str]) -> None:
    """Inserts copies of one row; `different`: column → SQL in which `n` is the number of the copy."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS, [table])
        columns = [row[0] for row in cursor.fetchall()]
        names = ", ".join(f'"{name}"' for name in columns)
        values = ", ".join(different.get(name, f'e."{name}"') for name in columns)
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} e, {series} AND e.id = {exemplar_id}"
        )


def make_topics(catalogue: Catalogue, count: int) -> list[int]:
    """Further open batches of the same shop, each with a few tasks; their ids."""
    store = Store.objects.select_related("company").get(pk=catalogue.store_id)
    director = User.objects.get(pk=catalogue.director_id)
    file = shop_file(20)
    made = []
    for _ in range(count):
        batch = make_batch_of(store, director, file)
        made.append(batch.pk)
    while dispatch_once():
        pass
    return made


def make_batch_of(store: Store, director: User, file: bytes) -> Batch:
    terms = batches.Terms(title="Live", template="product-copy", audience="crowd", reward=150)
    batch = batches.create_batch(store_id=store.pk, terms=terms, by=director, now=now())
    read_into(batch, file, by=director)
    return batches.publish(batch_id=batch.pk, by=director, now=now())
