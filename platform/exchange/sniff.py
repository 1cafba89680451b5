"""Recognises what is not a CSV file at all, before anything tries to read it as one."""

from typing import BinaryIO

from exchange.csvbytes import BOM, Limits
from exchange.errors import FileRefused
from exchange.workbook import is_workbook

_HEAD = 4096
_SIGNATURES = (
    (b"\xff\xfe", "file_utf16"),
    (b"\xfe\xff", "file_utf16"),
    (b"\xd0\xcf\x11\xe0", "file_spreadsheet"),  # Excel's workbook before 2007, or any with a password
    (b"%PDF", "file_binary"),
    (b"\x89PNG", "file_binary"),
    (b"\xff\xd8\xff", "file_binary"),
    (b"\x1f\x8b", "file_binary"),
)
_MARKUP = ((b"<!doctype html", "file_html"), (b"<html", "file_html"), (b"<", "file_xml"))


def check_file(file: BinaryIO, limits: Limits) -> int:
    """Return the size in bytes. Raises FileRefused for an empty, too big or plainly foreign file."""
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(_HEAD)
    code = "file_workbook" if is_workbook(file) else _foreign_kind(head)
    if code:
        raise FileRefused(code)
    if not head.removeprefix(BOM).strip() and size <= _HEAD:
        raise FileRefused("file_empty")
    if size > limits.file_bytes:
        raise FileRefused("file_too_big", limit_mb=limits.file_bytes // (1024 * 1024))
    return size


def _foreign_kind(head: bytes) -> str:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "file_zip"
    for signature, code in _SIGNATURES:
        if head.startswith(signature):
            return code
    text = head.removeprefix(BOM).lstrip().lower()
    for start, code in _MARKUP:
        if text.startswith(start):
            return code
    # One NUL is a damaged cell, which the reader names; this many are UTF-16 without its mark, or a program.
    return "file_binary" if head.count(0) > max(8, len(head) // 20) else ""
