"""Mappings of a store's own tables: what each column means, in versions that never change."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any, BinaryIO

from django.db import transaction
from django.db.models import Max, QuerySet

from accounts.domain.queries import directed_store, stores_of
from accounts.models import User
from events import record
from exchange.grouping import OnProgress
from exchange.head import Row
from exchange.headers import HeaderChanges, compare_headers, likeness
from exchange.opening import Opened, opened
from exchange.table import Column, Role, Table
from tasks.answers.form import Field
from tasks.answers.schema import Form
from tasks.domain.mapping_parse import parse_header, parse_mapping
from tasks.models import Import, Mapping
from tasks.rules import DIRECT_ROLES
from tasks.states import JobState

# A header that shares less than this with a known one is another table.
LIKE_ENOUGH = 0.5
LOOKED_AT = 100


def opened_as(
    source: Import, file: BinaryIO, on_progress: OnProgress | None = None
) -> AbstractContextManager[Opened]:
    """Opens a file the way an import reads its own: an export of the same shop, or the same mapped table.

    `on_progress` hears bytes and rows done while a workbook is unpacked. Raises `FileRefused`.
    """
    mapping = table_of(source.mapping) if source.mapping else None
    # Every file of a batch names its units by the column that the batch's own file did.
    return opened(file, source.format, mapping, on_progress=on_progress, key=source.facts.get("key", ""))


def table_of(mapping: Mapping) -> Table:
    """What the codecs need of a mapping."""
    columns = tuple(map(Column.from_json, mapping.columns))
    return Table(
        kind=mapping.kind,
        encoding=mapping.encoding,
        header=tuple(mapping.header),
        columns=columns,
        sheet=mapping.sheet,
        together=any(raw.get("together", False) for raw in mapping.columns),
        header_row=mapping.header_row,
    )


def visible_mappings(by: User, now: datetime) -> QuerySet[Mapping]:
    """Those of the stores that a person directs."""
    return Mapping.objects.filter(store__in=stores_of(by, now, *DIRECT_ROLES))


@transaction.atomic
def save_mapping(
    *, store_id: int, raw: Any, header: Sequence[str] | None, by: User, now: datetime
) -> Mapping:
    """Saves how a table is read, as the next version of its name; what equals the newest is not saved again,
    nor where the same header stands in another row alone: it is found again wherever it stands.

    `header`: the file's, or None where it stands in `raw`. Raises `Missing`, `RoleMissing` and
    `MappingRefused` naming columns.
    """
    store = directed_store(store_id, by, now)
    if header is None:
        rest = dict(raw) if isinstance(raw, dict) else {}
        header, raw = parse_header(rest.pop("header", None)), rest
    name, table = parse_mapping(raw, header)
    # One saver at a time, so that numbers have no gap and no twin.
    type(store).objects.select_for_update().get(pk=store.pk)
    versions = Mapping.objects.filter(store=store, name=name)
    newest = versions.order_by("-number").first()
    if newest and replace(table_of(newest), header_row=table.header_row) == table:
        return newest
    made = Mapping.objects.create(
        store=store,
        name=name,
        number=(versions.aggregate(last=Max("number"))["last"] or 0) + 1,
        kind=table.kind,
        encoding=table.encoding,
        sheet=table.sheet,
        header_row=table.header_row,
        header=list(table.header),
        header_digest=digest_of(table.header),
        columns=[_column_json(column, table) for column in table.columns],
        created_by=by,
        created_at=now,
    )
    record("mapping.saved", topics=[f"store.{store.pk}"], actor=by.pk, mapping=made.pk)
    return made


def _column_json(column: Column, table: Table) -> dict[str, Any]:
    together = {"together": True} if table.together and Role.KEY in column.roles else {}
    return column.as_json() | together


def as_json(table: Table) -> dict[str, Any]:
    """What `parse_mapping` reads, without the name."""
    return {
        "kind": table.kind,
        "encoding": table.encoding,
        "sheet": table.sheet,
        "header_row": table.header_row,
        "together": table.together,
        "columns": [column.as_json() for column in table.columns],
    }


def digest_of(header: Sequence[str]) -> str:
    """What recognises a table: its headers, in their order."""
    return hashlib.sha256(json.dumps(list(header), ensure_ascii=False).encode()).hexdigest()


def recognised(store_id: int, header: Sequence[str]) -> Mapping | None:
    """The store's newest mapping of exactly this header."""
    return Mapping.objects.filter(store_id=store_id, header_digest=digest_of(header)).order_by("-pk").first()


def header_among(store_id: int, rows: Sequence[Row]) -> int | None:
    """The number of the first row that is the header of a table the store has mapped."""
    digests = {number: digest_of(cells) for number, cells in rows}
    known = Mapping.objects.filter(store_id=store_id, header_digest__in=set(digests.values()))
    found = set(known.values_list("header_digest", flat=True))
    return next((number for number, digest in digests.items() if digest in found), None)


def similar(store_id: int, header: Sequence[str]) -> Mapping | None:
    """The store's mapping whose header is most like this one, if any is like enough."""
    latest = Mapping.objects.filter(store_id=store_id).order_by("-pk")[:LOOKED_AT]
    likely = max(latest, key=lambda mapping: likeness(mapping.header, header), default=None)
    if likely is None or likeness(likely.header, header) < LIKE_ENOUGH:
        return None
    return likely


def carried_over(mapping: Mapping, header: Sequence[str]) -> tuple[Table, HeaderChanges]:
    """The mapping with its columns where they stand in another header, and what changed there."""
    table = table_of(mapping)
    changes = compare_headers(table.header, header)
    columns = tuple(
        replace(column, index=changes.places[column.index], header=header[changes.places[column.index]])
        for column in table.columns
        if column.index in changes.places
    )
    moved = replace(table, header=tuple(header), columns=tuple(sorted(columns, key=lambda one: one.index)))
    return moved, changes


def is_mapped(batch_id: int) -> bool:
    """Whether the batch was made from a mapped table."""
    return Import.objects.filter(batch_id=batch_id, state=JobState.DONE, mapping__isnull=False).exists()


def homeless(form: Form, sources: Iterable[Import]) -> list[Field]:
    """The fields whose answers have no column in at least one of these landed files."""
    found: dict[str, Field] = {}
    for source in sources:
        columns = targets(form, mapped=source.mapping_id is not None)
        holds = source.facts.get("holds", [])
        fits = {name for name, column in columns.items() if column in holds}
        found |= {field.name: field for field in form.fields if field.name not in fits}
    return list(found.values())


def targets(form: Form, *, mapped: bool) -> dict[str, str]:
    """Which logical column each field fills: field name -> column.

    The columns of a shop's export have names of their own; in a mapped table a field without one fills the
    column that was mapped to the field itself.
    """
    named = form.columns()
    if not mapped:
        return named
    return {field.name: named.get(field.name, field.name) for field in form.fields}
