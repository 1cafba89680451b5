"""Reads a mapping from JSON, or names each part that cannot be used and why."""

from collections.abc import Mapping, Sequence
from typing import Any

import re2
from django.utils.translation import gettext_lazy as _

from exchange.encodings import ENCODINGS, UTF8
from exchange.head import HEAD_ROWS
from exchange.inspection import COLUMNS_MAX
from exchange.table import Column, Role, Rules, Table
from exchange.tablefile import DELIMITERS, XLSX
from kernel.errors import Invalid
from tasks.answers.check_kinds import MAX_PATTERN, MAX_WORD, MAX_WORDS, compile_pattern
from tasks.answers.form import MAX_STRING, NAME
from tasks.answers.problems import Problems
from tasks.answers.texts import is_storable, shown_name

NAME_MAX = 200
HEADER_MAX = 10_000
SHEET_MAX = 31  # characters, Excel's own limit
_KEYS = {"name", "kind", "encoding", "sheet", "header_row", "together", "columns"}
_COLUMN_KEYS = {"index", "header", "roles", "name", "rules", "together"}
_MESSAGES = {
    "wrong": _("“{key}” cannot have this value."),
    "unknown_key": _("“{key}” is not known here."),
    "name_missing": _("Give the mapping a name of at most {max} characters."),
    "header_wrong": _("The header must be a list of 2 to {max} texts."),
    "no_key": _("Choose the key: the column that tells the rows apart."),
    "two_keys": _("Only one column can be the key."),
    "two_titles": _("Only one column can give the name."),
    "no_fill": _("Nothing would be filled: choose a column for at least one field of the work."),
    "column_unknown": _("There is no column {number}."),
    "column_doubled": _("Column {number} appears twice."),
    "name_wrong": _("“{name}” cannot be used as a name here."),
    "name_doubled": _("Two columns are called “{name}”: each field fills one column."),
    "key_filled": _("The key cannot be filled by an answer."),
    "rule_wrong": _("Column “{column}”: the rule “{key}” cannot have this value."),
    "pattern_wrong": _("Column “{column}”: this regular expression cannot be used."),
}


class MappingRefused(Invalid):
    """The mapping is badly defined; `fields` names each column and why."""


def parse_mapping(raw: object, header: Sequence[str]) -> tuple[str, Table]:
    """Read `{"name", "kind", "encoding", "sheet", "header_row", "together", "columns"}` for a file with this
    header.

    Raises MappingRefused (code `mapping_invalid`).
    """
    problems = Problems(_MESSAGES)
    found = _read(raw if isinstance(raw, Mapping) else {}, list(header), problems)
    if problems:
        raise refused(problems)
    return found


def refused(problems: Problems) -> MappingRefused:
    return MappingRefused(
        "mapping_invalid", _("The columns cannot be mapped in this way."), fields=problems.found
    )


def parse_header(raw: object) -> list[str]:
    """Read the headers of a mapping that is saved without a file. Raises MappingRefused."""
    problems = Problems(_MESSAGES)
    good = isinstance(raw, list) and 2 <= len(raw) <= COLUMNS_MAX and all(_is_text(one) for one in raw)
    if not good:
        problems.add("header", "header_wrong", max=COLUMNS_MAX)
        raise refused(problems)
    return [str(one) for one in raw] if isinstance(raw, list) else []


def _is_text(value: object) -> bool:
    return isinstance(value, str) and is_storable(value) and len(value) <= HEADER_MAX


def is_header_row(value: object) -> bool:
    """Whether the header may stand in a row of this number."""
    return type(value) is int and 1 <= value <= HEAD_ROWS


def _read(raw: Mapping[Any, Any], header: list[str], problems: Problems) -> tuple[str, Table]:
    for key in raw:
        if key not in _KEYS:
            problems.add(shown_name(key), "unknown_key", key=shown_name(key))
    name = raw.get("name")
    if not (_is_text(name) and isinstance(name, str) and 0 < len(name.strip()) <= NAME_MAX):
        problems.add("name", "name_missing", max=NAME_MAX)
    kind, encoding = raw.get("kind", "csv"), raw.get("encoding", UTF8)
    sheet, together = raw.get("sheet", ""), raw.get("together", False)
    header_row = raw.get("header_row", 1)
    for key, good in (
        ("kind", kind in tuple(DELIMITERS)),
        ("encoding", encoding in ENCODINGS and (kind != XLSX or encoding == UTF8)),
        ("sheet", _is_text(sheet) and len(sheet) <= SHEET_MAX and (kind == XLSX or not sheet)),
        ("header_row", is_header_row(header_row)),
        ("together", isinstance(together, bool)),
    ):
        if not good:
            problems.add(key, "wrong", key=key)
    columns = _Columns(header, problems).read(raw.get("columns"))
    table = Table(
        str(kind),
        str(encoding),
        tuple(header),
        tuple(columns),
        sheet=str(sheet),
        together=bool(together),
        header_row=header_row if is_header_row(header_row) else 1,
    )
    _check_roles(table, problems)
    return str(name).strip(), table


def _check_roles(table: Table, problems: Problems) -> None:
    keys = table.having(Role.KEY)
    if not keys:
        problems.add("key", "no_key")
    if len(keys) > 1:
        problems.add("key", "two_keys")
    if any(Role.FILL in column.roles for column in keys):
        problems.add("key", "key_filled")
    if len(table.having(Role.TITLE)) > 1:
        problems.add("title", "two_titles")
    if not table.having(Role.FILL):
        problems.add("fill", "no_fill")


class _Columns:
    def __init__(self, header: list[str], problems: Problems) -> None:
        self.header = header
        self.problems = problems

    def read(self, raw: object) -> list[Column]:
        if not isinstance(raw, list) or len(raw) > len(self.header):
            self.problems.add("columns", "wrong", key="columns")
            return []
        found: list[Column] = []
        names: set[str] = set()
        for entry in raw:
            column = self._column(entry if isinstance(entry, Mapping) else {})
            if column is None:
                continue
            if any(column.index == other.index for other in found):
                self.problems.add(f"columns.{column.index}", "column_doubled", number=column.index + 1)
            if column.name and column.name in names:
                self.problems.add(f"columns.{column.index}", "name_doubled", name=column.name)
            names.add(column.name)
            found.append(column)
        return sorted(found, key=lambda column: column.index)

    def _column(self, raw: Mapping[Any, Any]) -> Column | None:
        index = raw.get("index")
        if type(index) is not int or not 0 <= index < len(self.header):
            number = index + 1 if type(index) is int else shown_name(index)
            self.problems.add("columns", "column_unknown", number=number)
            return None
        where = f"columns.{index}"
        for key in raw:
            if key not in _COLUMN_KEYS:
                self.problems.add(where, "unknown_key", key=shown_name(key))
        if raw.get("header", self.header[index]) != self.header[index]:
            self.problems.add(where, "wrong", key="header")
        roles = raw.get("roles", [])
        if not isinstance(roles, list) or not all(role in tuple(Role) for role in roles):
            self.problems.add(where, "wrong", key="roles")
            return None
        name = raw.get("name", "")
        if not isinstance(name, str) or (name and not NAME.fullmatch(name)):
            self.problems.add(where, "name_wrong", name=shown_name(name))
            return None
        if "fill" in roles and not name:
            self.problems.add(where, "name_wrong", name="")
        rules = self._rules(index, raw.get("rules", {}))
        return Column(index, self.header[index], frozenset(map(Role, roles)), name, rules)

    def _rules(self, index: int, raw: object) -> Rules:
        if not isinstance(raw, Mapping):
            self._bad_rule(index, "rules")
            return Rules()
        for key in raw:
            if key not in Rules.__slots__:
                self._bad_rule(index, shown_name(key))
        read: dict[str, Any] = {}
        for key in ("required", "digits"):
            read[key] = raw.get(key, False)
            if not isinstance(read[key], bool):
                self._bad_rule(index, key)
        for key in ("max_chars", "max_bytes"):
            read[key] = value = raw.get(key)
            if value is not None and not (type(value) is int and 1 <= value <= MAX_STRING):
                self._bad_rule(index, key)
        return Rules(**read, allowed=self._allowed(index, raw), pattern=self._pattern(index, raw))

    def _allowed(self, index: int, raw: Mapping[Any, Any]) -> tuple[str, ...]:
        words = raw.get("allowed", [])
        good = isinstance(words, list) and len(words) <= MAX_WORDS
        if good and all(_is_text(one) and one.strip() and len(one) <= MAX_WORD for one in words):
            return tuple(words)
        self._bad_rule(index, "allowed")
        return ()

    def _pattern(self, index: int, raw: Mapping[Any, Any]) -> str:
        pattern = raw.get("pattern", "")
        if not _is_text(pattern) or len(pattern) > MAX_PATTERN:
            self._bad_rule(index, "pattern")
            return ""
        try:
            compile_pattern(pattern)
        except re2.error:
            self.problems.add(f"columns.{index}", "pattern_wrong", column=self.header[index][:100])
        return str(pattern)

    def _bad_rule(self, index: int, key: str) -> None:
        self.problems.add(f"columns.{index}", "rule_wrong", column=self.header[index][:100], key=key)
