"""A table on its way into a batch: what is known before it is read, and the checks that its columns bring."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, BinaryIO

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from exchange.encodings import ENCODINGS
from exchange.errors import FileRefused
from exchange.grouping import OnProgress
from exchange.head import HEAD_ROWS, Row, guess
from exchange.inspection import Inspection, guess_reading, inspect_table
from exchange.opening import head_of_table
from exchange.tablefile import DELIMITERS, XLSX, Reading
from kernel.errors import FieldProblem, Invalid
from kernel.ids import ID_MAX
from tasks.answers.schema import parse_form
from tasks.domain.mapping_checks import checks_of
from tasks.domain.mapping_parse import SHEET_MAX, is_header_row
from tasks.domain.mappings import header_among, save_mapping, table_of, visible_mappings
from tasks.domain.source_checks import set_checks
from tasks.models import Batch, Import, Mapping


def mapping_for(batch: Batch, file: Any, raw: Any, by: User, now: datetime) -> Mapping:
    """The mapping that somebody names by its id, or gives inline for this file and thereby saves.

    Raises `Invalid`: unknown, of another store, badly defined, or the file has another header.
    """
    if isinstance(raw, dict):
        header = _header(file, raw)
        return save_mapping(store_id=batch.store_id, raw=raw, header=header, by=by, now=now)
    if type(raw) is int and 0 < raw <= ID_MAX:
        found = visible_mappings(by, now).filter(store=batch.store_id, pk=raw).first()
        if found is not None:
            return found
    raise refused("mapping", "unknown", _("This store has no mapping of this number."))


def _header(file: BinaryIO, raw: dict[str, Any]) -> tuple[str, ...]:
    """The file's header; how the file is read goes into the mapping where nothing is said of it."""
    try:
        guess = guess_reading(file)
        for key in ("kind", "encoding", "sheet"):
            raw.setdefault(key, getattr(guess, key) if key != "sheet" or raw["kind"] == guess.kind else "")
        kind, encoding, sheet, row = raw["kind"], raw["encoding"], raw["sheet"], raw.get("header_row")
        good = kind in tuple(DELIMITERS) and encoding in ENCODINGS and isinstance(sheet, str)
        if not good or not (row is None or is_header_row(row)):
            return ("", "")  # the mapping's own check names what is wrong
        head = head_of_table(file, Reading(kind, encoding, sheet, row or 0))
    except FileRefused as problem:
        raise refused("file", problem.code, problem.message) from problem
    raw["header_row"] = head.record.row
    return head.names


def apply_checks(batch: Batch, mapping: Mapping | None) -> None:
    """Lets the rules of the mapping's columns hold for the batch's answers; none without a mapping.

    Raises `MappingRefused` where the batch's work fills none of its columns.
    """
    step = batch.steps.select_related("template_version").get(position=1)
    form = parse_form(step.template_version.form)
    set_checks(step, checks_of(table_of(mapping), form) if mapping else [])


def look(source: Import, file: BinaryIO, on_progress: OnProgress) -> Inspection:
    """Reads a table through whose columns nobody has explained yet. Raises `FileRefused`.

    The header is the row that the store has mapped before, else what looks most like one.
    """

    def find(rows: Sequence[Row]) -> int:
        return header_among(source.batch.store_id, rows) or guess(rows)

    reading = reading_of(source.facts.get("read_as"))
    return inspect_table(file, reading=reading, find=find, on_progress=on_progress)


def reading_of(raw: Any) -> Reading | None:
    """How somebody wants the table read; None: find out. Raises `Invalid`."""
    if raw is None:
        return None
    kind, encoding, sheet = raw.get("kind"), raw.get("encoding"), raw.get("sheet", "")
    header_row = raw.get("header_row")
    if kind not in tuple(DELIMITERS):
        raise refused("kind", "unknown", _("Columns are separated by commas or tabs, or stand on a sheet."))
    if len(sheet) > SHEET_MAX or (sheet and kind != XLSX):
        raise refused("sheet", "unknown", _("Only a workbook has sheets."))
    if encoding not in ENCODINGS:
        raise refused("encoding", "unknown", _("The encoding is UTF-8 or Shift_JIS (CP932)."))
    if header_row is not None and not is_header_row(header_row):
        message = _("The header stands in one of the first %(max)d rows.") % {"max": HEAD_ROWS}
        raise refused("header_row", "unknown", message)
    return Reading(kind, encoding, sheet, header_row or 0)


def refused(field: str, code: str, message: Any) -> Invalid:
    return Invalid(
        "import_invalid", _("The file could not be taken."), fields=[FieldProblem(field, code, message)]
    )
