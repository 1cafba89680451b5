"""What a store says of its operations: volumes, minutes, prices, what is core, what it adds or hides."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.domain.queries import directed_store
from accounts.models import Store, User
from events import record
from kernel.errors import Conflict, FieldProblem, Invalid
from tasks.domain.templates import templates_of
from tasks.errors import Missing
from tasks.models import StoreOperation, StorePlan
from tasks.operations import DataClass, catalogue
from tasks.operations.parse import WAGE_MAX, Wrong, number, read_values

OWN_MAX = 50
OWN = "own-"
# What stays as the catalogue has it, and an operation of one's own must say.
OWN_NEEDS = ("name", "group", "core", "pii")


@transaction.atomic
def change_operations(
    *, store_id: int, changes: Mapping[str, Mapping[str, object]], by: User, now: datetime
) -> list[StoreOperation]:
    """Changes several operations, all or none: slug → field → value as it was typed or sent.

    An empty value takes the store's own back: the catalogue's stands again. Returns those that changed.
    Raises `Missing` (also for an unknown slug), `RoleMissing`, and `Invalid` naming `<slug>.<field>`.
    """
    store = _locked(store_id, by, now)
    rows = {row.slug: row for row in StoreOperation.objects.filter(store=store)}
    if not set(changes) <= {*catalogue(), *rows}:
        raise Missing
    problems: list[FieldProblem] = []
    changed = []
    for slug, raw in changes.items():
        row = rows.setdefault(slug, StoreOperation(store=store, slug=slug))
        values = read_values(raw, problems, f"{slug}.")
        if _take(row, values, problems, f"{slug}."):
            changed.append(row)
    _judge(store, rows, changes, problems)
    if problems:
        raise refused(problems)
    # Two may have changed templates: each lets its old one go before any takes a new one.
    moved = [row.pk for row in changed if row.pk]
    StoreOperation.objects.filter(pk__in=moved).exclude(template="").update(template="")
    for row in changed:
        _save(row, by, now)
    return changed


def change_operation(
    *, store_id: int, slug: str, changes: Mapping[str, object], by: User, now: datetime
) -> None:
    """Changes one operation. Raises like `change_operations`, naming the fields alone."""
    try:
        change_operations(store_id=store_id, changes={slug: changes}, by=by, now=now)
    except Invalid as wrong:
        fields = [FieldProblem(one.field.split(".", 1)[1], one.code, one.message) for one in wrong.fields]
        raise refused(fields) from wrong


@transaction.atomic
def add_operation(*, store_id: int, raw: Mapping[str, object], by: User, now: datetime) -> StoreOperation:
    """Adds an operation of the store's own; `raw` as in `change_operations`, at least its name and heading.

    Raises `Missing`, `RoleMissing`, `Invalid` naming fields, `Conflict` with 50 of one's own.
    """
    store = _locked(store_id, by, now)
    rows = {row.slug: row for row in StoreOperation.objects.filter(store=store)}
    own = [int(row.slug.removeprefix(OWN)) for row in rows.values() if row.own]
    if len(own) >= OWN_MAX:
        raise Conflict(
            "too_many_operations", _("A store can add 50 operations. Rename one that is not used.")
        )
    row = StoreOperation(
        store=store, slug=f"{OWN}{max(own, default=0) + 1}", own=True, core=False, pii=DataClass.P0
    )
    rows[row.slug] = row
    problems: list[FieldProblem] = []
    values = read_values(raw, problems)
    _take(row, values, problems, "")
    told = {one.field for one in problems}
    missing = [name for name in OWN_NEEDS if getattr(row, name) in (None, "") and name not in told]
    problems += [Wrong("required").at(name) for name in missing if name not in values]
    found: list[FieldProblem] = []
    _judge(store, rows, {row.slug: raw}, found)
    problems += [FieldProblem(one.field.split(".", 1)[1], one.code, one.message) for one in found]
    if problems:
        raise refused(problems)
    _save(row, by, now)
    return row


@transaction.atomic
def set_terms(
    *, store_id: int, hourly_wage: object, review_percent: object, by: User, now: datetime
) -> StorePlan:
    """With what the store reckons: yen for an hour of its people, and per cent of the work time to check it.

    Raises `Missing`, `RoleMissing`, `Invalid` naming fields.
    """
    store = _locked(store_id, by, now)
    problems: list[FieldProblem] = []
    found: dict[str, int] = {}
    asked = (("hourly_wage", hourly_wage, 1, WAGE_MAX), ("review_percent", review_percent, 0, 100))
    for name, raw, low, high in asked:
        try:
            value = number(raw, low=low, high=high)
            if value is None:
                raise Wrong("required")
            found[name] = int(value)
        except Wrong as wrong:
            problems.append(wrong.at(name))
    if problems:
        raise refused(problems)
    plan, _made = StorePlan.objects.update_or_create(store=store, defaults=found)
    record("plan.changed", topics=[f"store.{store.pk}"], actor=by.pk, store=store.pk)
    return plan


def refused(problems: list[FieldProblem]) -> Invalid:
    return Invalid("operation_invalid", _("Nothing was saved: some values cannot be used."), fields=problems)


def plain(name: str) -> str:
    """How names are compared: width and capitals do not tell two apart."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def names_of(rows: Mapping[str, StoreOperation]) -> dict[str, str]:
    """Every name an operation of the store is known by, in both languages → its slug."""
    found = {plain(text): one.slug for one in catalogue().values() for text in (one.name.ja, one.name.en)}
    return found | {plain(row.name): row.slug for row in rows.values() if row.own}


def _locked(store_id: int, by: User, now: datetime) -> Store:
    """One who changes at a time, so that numbers of own operations have no twin."""
    store = directed_store(store_id, by, now)
    Store.objects.select_for_update().get(pk=store.pk)
    return store


def _take(row: StoreOperation, values: dict[str, Any], problems: list[FieldProblem], lead: str) -> bool:
    """Puts the values into the row; whether that changed anything."""
    changed = False
    for name, value in values.items():
        if row.own and name in OWN_NEEDS and value in (None, ""):
            problems.append(Wrong("required").at(lead + name))
        elif not row.own and name in ("name", "group") and value:
            problems.append(Wrong("not_own").at(lead + name))
        elif getattr(row, name) != value:
            setattr(row, name, value)
            changed = True
    return changed


def _judge(
    store: Store,
    rows: Mapping[str, StoreOperation],
    changes: Mapping[str, Mapping[str, object]],
    problems: list[FieldProblem],
) -> None:
    """What only all of them together can tell: names and templates stand for one operation each."""
    told = {one.field for one in problems}
    asked = any(rows[slug].template and "template" in raw for slug, raw in changes.items())
    keys = {one.key for one in templates_of([store.company])} if asked else set()
    for slug, raw in changes.items():
        row = rows[slug]
        if row.own and row.name and "name" in raw and f"{slug}.name" not in told:
            others = {other: one for other, one in rows.items() if other != slug}
            if plain(row.name) in names_of(others):
                problems.append(Wrong("name_taken").at(f"{slug}.name"))
        if row.template and "template" in raw and f"{slug}.template" not in told:
            problems += _template_problems(row, rows, keys)


def _template_problems(
    row: StoreOperation, rows: Mapping[str, StoreOperation], keys: set[str]
) -> list[FieldProblem]:
    where = f"{row.slug}.template"
    if row.template not in keys:
        return [Wrong("template_unknown").at(where)]
    twin = next((one for one in rows.values() if one is not row and one.template == row.template), None)
    if twin is None:
        return []
    name = twin.name or str(catalogue()[twin.slug].name)
    return [Wrong("template_taken", operation=name).at(where)]


def _save(row: StoreOperation, by: User, now: datetime) -> None:
    row.changed_by, row.changed_at = by, now
    row.save()
    topics = [f"store.{row.store_id}"]
    record("operation.changed", topics=topics, actor=by.pk, store=row.store_id, operation=row.pk)
