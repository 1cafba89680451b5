"""Reading a source file into a batch: asked for here, done by a job, seen by others in one moment."""

import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from events import record
from exchange.csvbytes import LIMITS
from exchange.errors import FileRefused, RowRefusal
from exchange.inspection import Inspection
from exchange.opening import FORMATS, Opened, iter_units
from exchange.products import Product
from exchange.source import SHOPIFY, TABLE, Source
from exchange.table import doubled
from jobs import stopping
from kernel import clock
from kernel.errors import Conflict, FieldProblem, Invalid
from tasks import jobs, topics
from tasks.domain import batches, counts, mappings, source_checks, staging, table_source
from tasks.domain.selection import Selection, columns_of, is_missing
from tasks.errors import IllegalMove, legal
from tasks.models import Batch, Import, ImportRefusal, Unit
from tasks.states import BatchState, JobState, TaskState

CHUNK_ROWS = 1000
REFUSALS_KEPT = 10_000
# Of a header, which can be as long as its cell.
COLUMN_MAX = 200
SAMPLE = 200
PROGRESS_EVERY_SECONDS = 0.5


@transaction.atomic
def start_import(
    *,
    batch_id: int,
    file: File,  # type: ignore[type-arg]  # text or bytes: an upload is always bytes
    name: str,
    row_filter: Any,
    by: User,
    now: datetime,
    format: str = SHOPIFY,
    mapping: Any = None,
    inspect_only: bool = False,
) -> Import:
    """Keeps an uploaded file and queues its reading. At most 15 MB.

    A table (`format` "table") is read by `mapping`, the id of one of the store's or a new one as
    `tasks.domain.mapping_parse` reads it; without one it is only looked into. Raises
    `Missing`, `RoleMissing`, `Invalid` (format, mapping, filter, size), and `Conflict` for a published batch,
    a reading that still runs, or another file than the batch's own.
    """
    batch = _lock_draft(batch_id, by, now)
    if format not in FORMATS:
        raise _invalid("format", "unknown", _("This file format is not known."))
    if (file.size or 0) > LIMITS.file_bytes:
        raise _invalid("file", "file_too_big", _("The file is larger than 15 MB."))
    digest = _digest(file)
    _require_same_source(batch, digest)
    mapped = None
    if format == TABLE and mapping is not None:
        mapped = table_source.mapping_for(batch, file, mapping, by, now)
        file.seek(0)
    table_source.apply_checks(batch, mapped)
    selection = Selection.parse(row_filter, columns_of(mapped))
    made = Import(
        batch=batch,
        name=name[-255:],
        size=file.size or 0,
        sha256=digest,
        format=format,
        mapping=mapped,
        row_filter=selection.as_json(),
        inspect_only=inspect_only or (format == TABLE and mapped is None),
        created_by=by,
    )
    made.file.save("source.csv", file, save=False)
    return _queue(made, by)


@transaction.atomic
def read_again(*, import_id: int, row_filter: Any, by: User, now: datetime) -> Import:
    """Reads the file of an earlier inspection or import once more, with another choice of rows."""
    earlier = Import.objects.get(pk=import_id)
    batch = _lock_draft(earlier.batch_id, by, now)
    chosen = Selection.parse(row_filter, columns_of(earlier.mapping)).as_json()
    return _read_anew(earlier, batch, by, format=earlier.format, mapping=earlier.mapping, row_filter=chosen)


@transaction.atomic
def read_as(
    *,
    import_id: int,
    kind: str,
    encoding: str,
    by: User,
    now: datetime,
    sheet: str = "",
    header_row: int | None = None,
) -> Import:
    """Looks into a table once more, read in another way.

    `kind` csv, tsv or xlsx, `encoding` utf-8 or cp932, `sheet` of a workbook, `header_row` from 1 or None: it
    is found. Raises `Missing`, `RoleMissing` and `Invalid`.
    """
    read_as = {"kind": kind, "encoding": encoding, "sheet": sheet, "header_row": header_row}
    table_source.reading_of(read_as)
    earlier = Import.objects.get(pk=import_id)
    batch = _lock_draft(earlier.batch_id, by, now)
    return _read_anew(earlier, batch, by, format=TABLE, inspect_only=True, facts={"read_as": read_as})


@transaction.atomic
def map_columns(*, import_id: int, mapping: Any, by: User, now: datetime) -> Import:
    """Says what the columns of a table mean, and looks into it once more by that.

    `mapping` as in `start_import`; raises the same.
    """
    earlier = Import.objects.get(pk=import_id)
    batch = _lock_draft(earlier.batch_id, by, now)
    with earlier.file.open("rb") as file:
        found = table_source.mapping_for(batch, file, mapping, by, now)
    table_source.apply_checks(batch, found)
    return _read_anew(earlier, batch, by, format=TABLE, inspect_only=True, mapping=found)


def _read_anew(earlier: Import, batch: Batch, by: User, **how: Any) -> Import:
    """Queues another reading of the same file; `how`: whatever else than the file it is."""
    return _queue(
        Import(
            batch=batch,
            file=earlier.file.name,
            name=earlier.name,
            size=earlier.size,
            sha256=earlier.sha256,
            created_by=by,
            **how,
        ),
        by,
    )


def _queue(made: Import, by: User) -> Import:
    made.save()
    told: dict[str, Any] = {"batch": made.batch_id, "import": made.pk}
    record("import.queued", topics=topics.of_batch(made.batch), actor=by.pk, **told)
    jobs.read_source.enqueue(made.pk)
    return made


def _lock_draft(batch_id: int, by: User, now: datetime) -> Batch:
    batch = batches.lock_batch(batch_id, by, now)
    if batch.state != BatchState.DRAFT:
        raise IllegalMove(batch.state, "import")
    batches.require_no_import(batch)
    return batch


def _require_same_source(batch: Batch, digest: str) -> None:
    landed = Unit.objects.filter(batch=batch, source__state=JobState.DONE).select_related("source").first()
    if landed is not None and landed.source.sha256 != digest:
        raise Conflict(
            "source_present", _("This batch has its file already. Remove it first, or make another batch.")
        )


def _digest(file: Any) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _invalid(name: str, code: str, message: Any) -> Invalid:
    return Invalid(
        "import_invalid", _("The file could not be taken."), fields=[FieldProblem(name, code, message)]
    )


# The job's side


@dataclass
class Reading:
    """What one run of the job has seen so far."""

    source: Import
    first_position: int
    done_bytes: int = 0
    rows: int = 0
    made: int = 0
    known: int = 0
    left_out: int = 0
    refused: int = 0
    products: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    sample: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[RowRefusal] = field(default_factory=list)
    told_at: float = 0.0

    def note_progress(self, done: int, rows: int) -> None:
        """While nothing is made of the rows yet: on a first look, and while a workbook is unpacked."""
        stopping()
        self.done_bytes, self.rows = done, max(self.rows, rows)
        if time.monotonic() - self.told_at >= PROGRESS_EVERY_SECONDS:
            with transaction.atomic():
                _progress(self)


def run_import(*, import_id: int) -> None:
    """Reads the file in chunks nobody sees, then lets them appear in one small transaction.

    Safe to run again after a crash: what an earlier run staged is removed first. A file that is
    refused leaves only its report.
    """
    source = _begin(import_id)
    if source is None:
        return
    # Keys of what was taken out would pass for keys that the batch has.
    remove_discarded(batch_id=source.batch_id)
    staging.clear(source)
    ImportRefusal.objects.filter(source=source).delete()
    reading = Reading(source, _next_position(source.batch_id))
    try:
        with source.file.open("rb") as file:
            if source.format == TABLE and source.mapping is None:
                _note_look(source, table_source.look(source, file, reading.note_progress), clock.now())
                return
            with mappings.opened_as(source, file, reading.note_progress) as opened:
                for chunk in _chunks(opened, reading):
                    _stage(reading, chunk)
                    stopping()
    except FileRefused as refused:
        staging.clear(source)
        _fail(import_id, refused.as_json(), clock.now())
        return
    _land(reading, opened.source, clock.now())


@transaction.atomic
def _begin(import_id: int) -> Import | None:
    source = (
        Import.objects.select_for_update(of=("self",)).select_related("batch", "mapping").get(pk=import_id)
    )
    if source.state in (JobState.DONE, JobState.FAILED):
        return None
    with legal(source.state, "start"):
        source.start()
    source.bytes_done = source.rows = 0
    source.save()
    return source


def _next_position(batch_id: int) -> int:
    last: int | None = Unit.objects.filter(batch_id=batch_id).aggregate(last=Max("position"))["last"]
    return (last or 0) + 1


def _chunks(opened: Opened, reading: Reading) -> Iterator[list[Product]]:
    """Products in lists of at most 1,000 source rows; an inspection yields empty lists."""
    selection = Selection.parse(reading.source.row_filter, columns_of(reading.source.mapping))

    def on_refusal(refusal: RowRefusal) -> None:
        reading.refused += 1
        reading.refusals.append(refusal)

    def on_progress(done: int, rows: int) -> None:
        reading.done_bytes, reading.rows = opened.bytes_of(done), rows

    chunk: list[Product] = []
    rows = 0
    found = iter_units(opened.file, opened.source, on_refusal=on_refusal, on_progress=on_progress)
    for product in found:
        _note(reading, product, opened.source)
        if reading.source.inspect_only:
            rows += len(product.rows)
        elif selection.takes(product):
            chunk.append(product)
            rows += len(product.rows)
        else:
            reading.left_out += 1
        if rows >= staging.chunk_rows(CHUNK_ROWS) or len(reading.refusals) >= CHUNK_ROWS:
            yield chunk
            chunk, rows = [], 0
    yield chunk


def _note(reading: Reading, product: Product, opened: Source) -> None:
    reading.products += 1
    asked = columns_of(reading.source.mapping)
    blank = [column for column in asked if column in opened.columns and is_missing(product, column)]
    reading.missing.update(blank)
    if not opened.mapped:
        reading.statuses[product.values.get("status", "").strip().lower()[:40]] += 1
    if len(reading.sample) < SAMPLE:
        title = product.title[:200]
        reading.sample.append({"key": product.key, "title": title, "missing": blank})


def _stage(reading: Reading, chunk: list[Product]) -> None:
    """Writes one chunk, its refusals and the progress in short transactions."""
    more = True
    while more:
        began = time.monotonic()
        with transaction.atomic():
            made = staging.add(reading.source, chunk, first_position=reading.first_position + reading.made)
            reading.made += made
            reading.known += len(chunk) - made
            _keep_refusals(reading)
            _progress(reading)
        staging.breathe(time.monotonic() - began)
        chunk, more = [], bool(reading.refusals)


def _keep_refusals(reading: Reading) -> None:
    room = max(REFUSALS_KEPT - (reading.refused - len(reading.refusals)), 0)
    some = reading.refusals[: min(room, CHUNK_ROWS)]
    ImportRefusal.objects.bulk_create(
        ImportRefusal(
            source=reading.source,
            row=r.row,
            column=r.column[:COLUMN_MAX],
            code=r.code,
            params=dict(r.params),
        )
        for r in some
    )
    # Beyond the number kept they are only counted.
    reading.refusals = reading.refusals[len(some) :] if some else []


def _progress(reading: Reading) -> None:
    source = reading.source
    source.bytes_done, source.rows, source.refused_rows = reading.done_bytes, reading.rows, reading.refused
    source.units_made, source.units_known, source.units_left_out = (
        reading.made,
        reading.known,
        reading.left_out,
    )
    source.save(
        update_fields=[
            "state", "bytes_done", "rows", "refused_rows", "units_made", "units_known", "units_left_out",
        ]
    )  # fmt: skip
    if time.monotonic() - reading.told_at >= PROGRESS_EVERY_SECONDS:
        reading.told_at = time.monotonic()
        told: dict[str, Any] = {"batch": source.batch_id, "import": source.pk}
        record("import.progressed", topics=topics.of_batch(source.batch), actor=None, **told)


@transaction.atomic
def _land(reading: Reading, opened: Source, now: datetime) -> None:
    """The switch: from here on the units are there for everybody."""
    rows = Import.objects.select_for_update(of=("self",)).select_related("batch", "mapping")
    source = rows.get(pk=reading.source.pk)
    with legal(source.state, "land"):
        source.land()
    reading.source = source
    source.bytes_done = source.size
    source.facts = {
        "dialect": opened.dialect,
        "key": opened.key_name,
        "bom": opened.bom,
        "newline": "CRLF" if opened.newline == b"\r\n" else "LF",
        "columns": len(opened.header),
        "holds": sorted(opened.columns),
        "products": reading.products,
        "encoding": opened.style.encoding,
        "missing": {
            column: reading.missing[column]
            for column in columns_of(source.mapping)
            if column in opened.columns
        },
        "labels": _labels(opened) if opened.mapped else {},
        # A file may hold anything there; more kinds than a few are of no use as a choice.
        "statuses": {status: n for status, n in reading.statuses.most_common(10) if status},
        "sample": reading.sample,
    }
    source.finished_at = now
    source.save()
    if not source.inspect_only:
        source_checks.keep_checks(source)
        counts.add(source.batch_id, {TaskState.OPEN: reading.made})
    told: dict[str, Any] = {"batch": source.batch_id, "import": source.pk, "units": reading.made}
    record("import.landed", topics=topics.of_batch(source.batch), actor=source.created_by_id, **told)


def _labels(opened: Source) -> dict[str, list[Any]]:
    """What a mapped table's columns are asked for by: the header, and the number where it repeats."""
    twice = doubled(opened.header)
    return {
        name: [opened.header[index][:COLUMN_MAX], index + 1 if opened.header[index] in twice else None]
        for name, index in opened.columns.items()
    }


@transaction.atomic
def _note_look(source: Import, found: Inspection, now: datetime) -> None:
    """Keeps what a table holds whose columns nobody has explained yet."""
    locked = Import.objects.select_for_update(of=("self",)).select_related("batch").get(pk=source.pk)
    with legal(locked.state, "land"):
        locked.land()
    locked.facts, locked.rows, locked.bytes_done = found.as_json(), found.rows, locked.size
    locked.finished_at = now
    locked.save()
    told: dict[str, Any] = {"batch": locked.batch_id, "import": locked.pk, "units": 0}
    record("import.landed", topics=topics.of_batch(locked.batch), actor=locked.created_by_id, **told)


def remove_discarded(*, batch_id: int) -> None:
    """Removes the rows of imports that were taken out of a draft, and files that no other import names."""
    for source in Import.objects.filter(batch_id=batch_id, state=JobState.DISCARDED).order_by("pk"):
        staging.clear(source)
        stopping()
        name, storage = source.file.name, source.file.storage
        source.delete()
        if name and not Import.objects.filter(file=name).exists():
            storage.delete(name)


def give_up(*, import_id: int, now: datetime) -> None:
    """The job failed for good: nothing of it stays but the report."""
    source = Import.objects.select_related("batch").get(pk=import_id)
    if source.state in (JobState.DONE, JobState.FAILED):
        return
    staging.clear(source)
    _fail(import_id, {"code": "internal", "row": None, "column": None, "params": {}}, now)


@transaction.atomic
def _fail(import_id: int, error: dict[str, Any], now: datetime) -> None:
    source = Import.objects.select_for_update(of=("self",)).select_related("batch").get(pk=import_id)
    with legal(source.state, "fail"):
        source.fail()
    source.error = error
    source.units_made = source.units_known = 0
    source.finished_at = now
    source.save()
    told: dict[str, Any] = {"batch": source.batch_id, "import": source.pk, "code": error["code"]}
    record("import.failed", topics=topics.of_batch(source.batch), actor=source.created_by_id, **told)
