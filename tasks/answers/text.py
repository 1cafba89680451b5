"""Any value of an answer as one plain text: for people's files, comparing and excerpts."""

from collections.abc import Mapping
from typing import Any

from tasks.answers.form import Field, FieldKind


def as_text(field: Field, value: Any) -> str:
    """The value as text; blank for what was not filled in.

    Several choices stand beside each other, rows below each other with the labels of their columns in the
    active language (`Size: M; Width: 12`), image pairs as `before → after`. Values are the stored ones, not
    their labels, as a shop's column wants them. Never raises.
    """
    if value is None:
        return ""
    if not isinstance(value, list):
        return str(value)
    if field.kind is FieldKind.ROWS:
        return "\n".join(_row(field, row) for row in value)
    if field.kind is FieldKind.IMAGE_PAIRS:
        return "\n".join(_pair(pair) for pair in value)
    return ", ".join(map(str, value))


def _row(field: Field, row: Any) -> str:
    if not isinstance(row, Mapping):
        return str(row)
    filled = [column for column in field.fields if column.name in row]
    return "; ".join(f"{column.label}: {as_text(column, row[column.name])}" for column in filled)


def _pair(pair: Any) -> str:
    return f"{pair.get('before', '')} → {pair.get('after', '')}" if isinstance(pair, Mapping) else str(pair)
