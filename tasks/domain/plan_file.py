"""The plan as a table: volumes read from a file, and the whole plan written for people."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import BinaryIO, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.domain.queries import directed_store
from accounts.models import User
from exchange.csvbytes import Limits, Style, read_records
from exchange.errors import FileRefused, describe_place
from exchange.inspection import guess_reading
from exchange.people import write_people_csv
from exchange.tablefile import DELIMITERS, as_text
from kernel.errors import FieldProblem, Invalid, Text
from tasks.domain.operations import change_operations, names_of, plain
from tasks.domain.planner import Figure, Plan, Row, Source
from tasks.models import StoreOperation
from tasks.operations import catalogue
from tasks.operations.sums import Advice

FILE_MAX = 1024 * 1024
LIMITS = Limits(file_bytes=FILE_MAX, rows=1_000, cell_bytes=10_000, record_bytes=100_000, columns=100)
TOLD_AT_MOST = 50
# How people and our own export head the columns, as `plain` compares them.
HEADS: Mapping[str, frozenset[str]] = {
    "number": frozenset({"no.", "no", "number", "番号"}),
    "operation": frozenset(
        {"operation", "operation number or name", "業務", "業務名", "業務の番号または名前"}
    ),
    "volume": frozenset({"volume", "monthly volume", "volume per month", "月の件数", "件数", "月間件数"}),
    "minutes": frozenset({"minutes", "minutes per unit", "1件の分", "1件あたりの分", "分"}),
}
# Without a header that is known: operation, volume, minutes.
PLACES = {"operation": 0, "volume": 1, "minutes": 2}
NAMES: dict[str, Text] = {
    "operation": gettext_lazy("Operation"),
    "volume": gettext_lazy("Volume per month"),
    "minutes": gettext_lazy("Minutes per unit"),
}
SOURCES: dict[Source, Text] = {
    Source.OWN: gettext_lazy("entered"),
    Source.MEASURED: gettext_lazy("measured"),
    Source.ESTIMATE: gettext_lazy("estimate"),
    Source.NONE: "",
}
ADVICE: dict[Advice, Text] = {
    Advice.CROWD: gettext_lazy("Hand over"),
    Advice.STAFF: gettext_lazy("Own staff only"),
    Advice.KEEP: gettext_lazy("Keep"),
}


class _Line(NamedTuple):
    row: int
    cells: Sequence[str]


@transaction.atomic
def import_volumes(*, store_id: int, file: BinaryIO, by: User, now: datetime) -> int:
    """Takes volumes and minutes from a table; returns how many operations changed. All rows or none.

    The operation is named by its number or in either language; an empty cell changes nothing.
    Raises `Missing`, `RoleMissing`, and `Invalid` naming rows and columns.
    """
    store = directed_store(store_id, by, now)
    stored = {row.slug: row for row in StoreOperation.objects.filter(store=store, own=True)}
    known = _known(stored)
    try:
        lines = list(_lines(file))
    except FileRefused as wrong:
        place = describe_place(wrong.row, wrong.column)
        raise _refused([_problem(place, wrong.code, wrong.message)]) from wrong
    places, lines = _places(lines, known)
    changes, rows, problems = _read(lines, places, known)
    if not problems and not changes:
        problems = [_problem("", "nothing_read", _("No row names an operation with a volume or minutes."))]
    if problems:
        raise _refused(problems)
    try:
        return len(change_operations(store_id=store_id, changes=changes, by=by, now=now))
    except Invalid as wrong:
        raise _refused([_at_its_place(one, rows) for one in wrong.fields]) from wrong


def _lines(file: BinaryIO) -> Iterator[_Line]:
    reading = guess_reading(file, limits=LIMITS)
    style = Style(DELIMITERS[reading.kind], reading.encoding)
    with as_text(file, reading, limits=LIMITS, rows=LIMITS.rows) as text:
        text.file.seek(0)
        for record in read_records(text.file, limits=text.limits, style=style):
            if not record.blank:
                cells = [cell.removeprefix("\ufeff").strip() for cell in record.texts()]
                yield _Line(record.row, cells)


def _known(stored: Mapping[str, StoreOperation]) -> dict[str, str]:
    """Every way to name an operation → its slug."""
    numbers = {str(one.number): one.slug for one in catalogue().values() if one.number}
    slugs = {slug: slug for slug in (*catalogue(), *stored)}
    return slugs | names_of(stored) | numbers


def _places(lines: list[_Line], known: Mapping[str, str]) -> tuple[dict[str, int], list[_Line]]:
    """Which column holds what, and the rows below the header if there is one."""
    if not lines:
        return PLACES, lines
    heads = [plain(cell) for cell in lines[0].cells]
    found = {name: heads.index(one) for name, ways in HEADS.items() for one in heads if one in ways}
    if "volume" in found and found.keys() & {"number", "operation"}:
        return found, lines[1:]
    named = heads[0] in known
    return PLACES, lines if named else lines[1:]


def _read(
    lines: list[_Line], places: Mapping[str, int], known: Mapping[str, str]
) -> tuple[dict[str, dict[str, object]], dict[str, int], list[FieldProblem]]:
    """Slug → what the file says of it, slug → its row, and what is wrong."""
    changes: dict[str, dict[str, object]] = {}
    rows: dict[str, int] = {}
    problems: list[FieldProblem] = []
    for line in lines:
        named = _cell(line, places, "number") or _cell(line, places, "operation")
        slug = known.get(plain(named))
        where = describe_place(line.row, str(NAMES["operation"]))
        if slug is None:
            text = _("There is no operation “%(name)s”.") if named else _("The operation is missing.")
            problems.append(_problem(where, "unknown_operation", text % {"name": named[:60]}))
        elif slug in rows:
            text = _("This operation stands in row %(row)d already.") % {"row": rows[slug]}
            problems.append(_problem(where, "operation_doubled", text))
        else:
            rows[slug] = line.row
            given = {name: _cell(line, places, name) for name in ("volume", "minutes")}
            said: dict[str, object] = {name: text for name, text in given.items() if text}
            if said:
                changes[slug] = said
    return changes, rows, problems


def _cell(line: _Line, places: Mapping[str, int], name: str) -> str:
    at = places.get(name)
    return line.cells[at] if at is not None and at < len(line.cells) else ""


def _at_its_place(problem: FieldProblem, rows: Mapping[str, int]) -> FieldProblem:
    slug, field = problem.field.split(".", 1)
    return _problem(describe_place(rows[slug], str(NAMES[field])), problem.code, problem.message)


def _problem(where: str, code: str, message: Text) -> FieldProblem:
    """`where` is for people: a row and a column."""
    return FieldProblem(where, code, message)


def _refused(problems: list[FieldProblem]) -> Invalid:
    text = _("Nothing of the file was saved: some of it cannot be used.")
    return Invalid("plan_file_invalid", text, fields=problems[:TOLD_AT_MOST])


def write_plan(plan: Plan, out: BinaryIO) -> int:
    """Writes the whole plan as CSV for a spreadsheet, hidden operations too; returns the rows."""
    return write_people_csv((_cells(row) for row in plan.rows), _header(), out)


def _header() -> list[str]:
    return [
        _("No."), _("Operation"), _("Heading"), _("Advice"), _("Class"), _("Volume per month"), _("Source"),
        _("Minutes per unit"), _("Source"), _("Yen per unit"), _("Source"), _("Hours per month"),
        _("Hours freed"), _("In-house (yen)"), _("Outsourced (yen)"), _("Saving (yen)"),
        _("Break-even (yen per unit)"), _("Hidden"), _("Template"),
    ]  # fmt: skip


def _cells(row: Row) -> list[str]:
    sums = row.sums
    return [
        str(row.number or ""), str(row.name), str(row.group.label), str(ADVICE[row.advice]), row.pii.value,
        *_figure(row.volume), *_figure(row.minutes), *_figure(row.price), _text(sums.hours),
        _text(sums.freed), _text(sums.in_house), _text(sums.outsourced), _text(sums.saving),
        _text(sums.break_even), _("yes") if row.hidden else "", row.template.title if row.template else "",
    ]  # fmt: skip


def _figure(figure: Figure) -> tuple[str, str]:
    return _text(figure.value), str(SOURCES[figure.source])


def _text(value: Decimal | int | None) -> str:
    return "" if value is None else shown(value)


def shown(value: Decimal | int) -> str:
    """A number without zeros at its end: 2.5, 120."""
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text
