"""A table on its way into a batch: what is known before it is read, and the checks that its columns bring."""

from datetime import datetime
from typing import Any, BinaryIO

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from exchange.encodings import ENCODINGS
from exchange.errors import FileRefused
from exchange.inspection import Inspection, Reading, guess_reading, inspect_table
from exchange.opening import head_of_table
from exchange.tablefile import DELIMITERS
from jobs import stopping
from kernel.errors import FieldProblem, Invalid
from kernel.ids import ID_MAX
from tasks.answers.schema import parse_form
from tasks.domain.mapping_checks import checks_of
from tasks.domain.mappings import save_mapping, table_of, visible_mappings
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
    try:
        guess = guess_reading(file)
        kind, encoding = raw.get("kind", guess.kind), raw.get("encoding", guess.encoding)
        raw.setdefault("kind", kind)
        raw.setdefault("encoding", encoding)
        if kind not in tuple(DELIMITERS) or encoding not in ENCODINGS:
            return ("", "")  # the mapping's own check names what is wrong
        return head_of_table(file, Reading(kind, encoding))
    except FileRefused as problem:
        raise refused("file", problem.code, problem.message) from problem


def apply_checks(batch: Batch, mapping: Mapping | None) -> None:
    """Lets the rules of the mapping's columns hold for the batch's answers; none without a mapping.

    Raises `MappingRefused` where the batch's work fills none of its columns.
    """
    step = batch.steps.select_related("template_version").get(position=1)
    form = parse_form(step.template_version.form)
    checks = checks_of(table_of(mapping), form) if mapping else []
    if step.checks != checks:
        step.checks = checks
        step.save(update_fields=["checks"])


def look(source: Import, file: BinaryIO) -> Inspection:
    """Reads a table through whose columns nobody has explained yet. Raises `FileRefused`."""

    def on_progress(_done: int, _rows: int) -> None:
        stopping()

    return inspect_table(file, reading=reading_of(source.facts.get("read_as")), on_progress=on_progress)


def reading_of(raw: Any) -> Reading | None:
    """How somebody wants the table read; None: find out. Raises `Invalid`."""
    if raw is None:
        return None
    kind, encoding = raw.get("kind"), raw.get("encoding")
    if kind not in tuple(DELIMITERS):
        raise refused("kind", "unknown", _("Columns are separated by commas or tabs."))
    if encoding not in ENCODINGS:
        raise refused("encoding", "unknown", _("The encoding is UTF-8 or Shift_JIS (CP932)."))
    return Reading(kind, encoding)


def refused(field: str, code: str, message: Any) -> Invalid:
    return Invalid(
        "import_invalid", _("The file could not be taken."), fields=[FieldProblem(field, code, message)]
    )
