"""Files not meant for a shop's import: tables people open in a spreadsheet, lines for programs."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import BinaryIO

from exchange.csvbytes import BOM

# Spreadsheets take these for the start of a formula; the full-width ones where the language is Japanese
# (OWASP, "CSV Injection").
_FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?%?")


def neutralise(cell: str) -> str:
    """Return a cell that a spreadsheet shows and does not run: an apostrophe goes before a formula.

    Spaces before such a start do not protect. Plain numbers (-5, +1,200.50, -3%) are left: they are data, and
    harmless.
    """
    start = cell.lstrip(" \u3000")[:1]
    if start in _FORMULA_STARTS and start and not _NUMBER.fullmatch(cell):
        return "'" + cell
    return cell


def write_people_csv(rows: Iterable[Sequence[str]], header: Sequence[str], out: BinaryIO) -> int:
    """Write a table for Excel: UTF-8 with BOM, CRLF, formulas neutralised. Returns the rows written."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    try:
        out.write(BOM)
        writer = csv.writer(text)
        writer.writerow([neutralise(cell) for cell in header])
        written = 0
        for row in rows:
            writer.writerow([neutralise(cell) for cell in row])
            written += 1
        return written
    finally:
        text.detach()


def write_jsonl(rows: Iterable[Mapping[str, object]], out: BinaryIO) -> int:
    """Write one JSON object a line, untouched, for machines. Returns the lines written."""
    written = 0
    for row in rows:
        out.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        written += 1
    return written
