"""Collects what is wrong with a definition or an answer, with messages from one table per reader."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from kernel.errors import FieldProblem

IN_ROW = _("Row {row}, “{column}”: {message}")


class Problems:
    """An ordered list of `FieldProblem`s; the message of a code comes from the table given at the start."""

    def __init__(self, messages: Mapping[str, Promise | str]) -> None:
        self._messages = messages
        self.found: list[FieldProblem] = []

    def add(self, field: str, code: str, **params: object) -> None:
        """Note one problem at `field` (a path such as `title` or `properties.title.enum`)."""
        self.found.append(FieldProblem(field, code, format_lazy(self._messages[code], **params)))

    def add_in_row(self, rows: str, index: int, column: object, found: FieldProblem) -> None:
        """Note a cell's problem, found by itself, at `rows.index.cell`; people count rows from 1."""
        message = format_lazy(IN_ROW, row=index + 1, column=column, message=found.message)
        self.found.append(FieldProblem(f"{rows}.{index}.{found.field}", found.code, message))

    def __bool__(self) -> bool:
        return bool(self.found)
