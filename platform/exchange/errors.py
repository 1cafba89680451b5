"""What can be wrong with a file a shop hands in.

Codes are stable; texts are made when read, in the reader's language: store code and params, not text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from django.utils.translation import gettext_lazy as _

Params = dict[str, str | int]

FILE_MESSAGES = {
    "file_empty": _("The file is empty."),
    "file_too_big": _("The file is larger than %(limit_mb)d MB. Split it and upload the parts."),
    "file_zip": _("This is a ZIP archive, not a CSV file. Unpack it and upload the CSV file inside."),
    "file_spreadsheet": _(
        "This workbook is locked with a password or from before Excel 2007."
        " Save it as an Excel workbook (.xlsx) without a password, or as “CSV UTF-8”."
    ),
    "file_workbook": _("This is a spreadsheet workbook, not a CSV file. Save it as “CSV UTF-8” first."),
    "workbook_damaged": _("This workbook cannot be read. Open it in Excel, save it again and upload that."),
    "workbook_too_big": _(
        "Unpacked, the workbook is too large. Save the sheet as “CSV UTF-8” and upload that."
    ),
    "sheet_missing": _("The workbook has no sheet “%(sheet)s”."),
    "cell_too_long_workbook": _("A cell of a workbook holds at most %(limit)d characters."),
    "file_html": _("This is a web page, not a CSV file. Perhaps the download needed a sign-in."),
    "file_xml": _("This is an XML file, not a CSV file."),
    "file_utf16": _("The file is UTF-16 text. Save it as “CSV UTF-8” and upload it again."),
    "file_binary": _("This is not a text file. Upload the CSV file exported by the shop."),
    "nul_byte": _("The file holds a NUL byte, so it is damaged. Export it again."),
    "encoding_not_utf8": _(
        "The text is not UTF-8 (byte %(byte)s). If the file was saved with Excel, choose “CSV UTF-8” there,"
        " or upload the file as the shop exported it."
    ),
    "encoding_not_cp932": _(
        "The text is not Shift_JIS (CP932): byte %(byte)s. Choose UTF-8, or upload the file as the shop"
        " exported it."
    ),
    "encoding_not_euc_jp": _(
        "The text is not EUC-JP: byte %(byte)s. Upload the file as the shop exported it."
    ),
    "encoding_of_another": _(
        "The text is not in an encoding of this kind of file (%(encodings)s)."
        " Upload the file as the shop exported it."
    ),
    "columns_too_few": _(
        "The file has one column only. Columns are separated by commas or tabs, and at least two are needed."
    ),
    "header_row_wrong": _(
        "Row %(number)d cannot be the header: it is empty or too far down the file. Choose another row."
    ),
    "header_changed": _(
        "The columns are no longer those of the mapping (now “%(found)s”, expected “%(expected)s”)."
        " Map the columns again."
    ),
    "quote_unterminated": _("A quotation mark opens here and is never closed."),
    "cell_too_long": _("The cell is longer than %(limit)d bytes."),
    "row_too_long": _("The row is longer than %(limit)d bytes."),
    "too_many_columns": _("The row has more than %(limit)d columns."),
    "too_many_rows": _("The file has more than %(limit)d rows. Split it and upload the parts."),
    "delimiter_wrong": _(
        "The columns are not separated by commas. Save the file as “CSV UTF-8” and try again."
    ),
    "header_missing": _(
        "The header has no column “%(header)s”."
        " Headers must be spelt as the shop exports them, capitals included."
    ),
    "header_doubled": _(
        "The header holds the column “%(header)s” more than once, so it is unclear which one counts."
    ),
}

ROW_MESSAGES = {
    "cells_wrong_number": _("The row has %(found)d cells, the header has %(expected)d."),
    "text_after_quote": _(
        "Text follows a closing quotation mark. Quotation marks inside a cell must be doubled."
    ),
    "handle_missing": _("The row has no handle, so an answer could not find its way back to the product."),
    "handle_too_long": _("The handle is longer than %(limit)d characters."),
    "title_missing": _("The product has no title, and the shop refuses an update without one."),
    "handle_split": _(
        "The rows of “%(handle)s” are not together:"
        " the product began at row %(first_row)d and others came between."
    ),
    "key_missing": _("The row has no key, so an answer could not find its way back to it."),
    "key_too_long": _("The key is longer than %(limit)d characters."),
    "key_doubled": _(
        "The key “%(handle)s” stands in row %(first_row)d already, and a key names one row only."
    ),
    "key_split": _(
        "The rows with the key “%(handle)s” are not together:"
        " they began at row %(first_row)d and others came between."
    ),
    "variation_apart": _(
        "The variation does not stand behind its product, so workers do not see it."
        " It stays in the file as it is."
    ),
    "product_row_missing": _(
        "The rows of this product do not begin with the product's own row, which its texts would go into."
    ),
    "product_row_doubled": _(
        "This is a second product row of “%(handle)s”; only the first one (row %(first_row)d) counts."
    ),
    "cell_formula": _(
        "The cell holds a formula, which an answer would overwrite."
        " Put its value there, or map another column."
    ),
    "cell_merged": _(
        "The cell is merged with others, where an answer could not be seen."
        " Split the merged cells, or map another column."
    ),
    "unit_refused": _(
        "A row with the same key (row %(first_row)d) was refused, so this row is left out too."
    ),
    "product_refused": _(
        "The first row of this product (row %(first_row)d) was refused, so this row is left out too."
    ),
}

MESSAGES = FILE_MESSAGES | ROW_MESSAGES


def describe(code: str, params: Mapping[str, str | int]) -> str:
    """Return the message of a stored problem in the active language. An unknown code raises KeyError."""
    return str(MESSAGES[code]) % params


def describe_place(row: int | None, column: str) -> str:
    """Return where a problem is, in the active language; empty when it concerns the whole file."""
    if row is None:
        return ""
    if not column:
        return str(_("Row %(row)d")) % {"row": row}
    return str(_("Row %(row)d, column “%(column)s”")) % {"row": row, "column": column}


class FileRefused(Exception):
    """The whole file cannot be taken. `column` is the header where it is known, else the column's number."""

    def __init__(self, code: str, *, row: int | None = None, column: str = "", **params: str | int) -> None:
        super().__init__(code, row, column)
        self.code = code
        self.row = row
        self.column = column
        self.params: Params = params

    @property
    def message(self) -> str:
        return describe(self.code, self.params)

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "row": self.row, "column": self.column, "params": self.params}

    def with_header(self, header: tuple[str, ...]) -> Self:
        """Replace a column's number by its name where the header has one."""
        if self.column.isdigit() and int(self.column) <= len(header):
            self.column = header[int(self.column) - 1] or self.column
        return self


@dataclass(frozen=True, slots=True)
class RowRefusal:
    """One row that is left out. `column` is empty when the whole row is meant."""

    row: int
    column: str
    code: str
    params: Params = field(default_factory=dict)

    @property
    def message(self) -> str:
        return describe(self.code, self.params)

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "row": self.row, "column": self.column, "params": self.params}
