"""Product files, good and hostile."""

import secrets
from collections.abc import Iterable

HEADER = "Title,URL handle,Description,Vendor,Type,Tags,Status,SKU,Price"
TEXT = "毎日の食卓になじむマグカップ"


def row(number: int, description: str = "") -> str:
    return f"マグカップ {number},mug-{number},{description},港工房,マグ,食器,active,M-{number},1500"


def product_file(lines: Iterable[str], header: str = HEADER) -> bytes:
    return "".join(f"{line}\r\n" for line in (header, *lines)).encode()


def products(count: int, described: int = 0) -> bytes:
    """One row each; the last `described` of them have a description."""
    lines = (row(n, TEXT if n > count - described else "") for n in range(1, count + 1))
    return product_file(lines)


# Hostile ones: bytes, then code, row and column of the refusal; no code where several would do.
CELL_OF_10_MB = "x" * 10_000_000
REFUSED: dict[str, tuple[bytes, str, int | None, str | None]] = {
    "shift_jis": (product_file([row(1), row(2)]).decode().encode("cp932"), "encoding_not_utf8", 2, "Title"),
    "latin_1": (product_file([row(1)]) + b"caf\xe9,cafe,,,,,,,\r\n", "encoding_not_utf8", 3, "Title"),
    "utf_16": (product_file([row(1)]).decode().encode("utf-16"), "file_utf16", None, None),
    "missing_header": (
        product_file([row(1)], HEADER.replace("URL handle", "Handel")), "header_missing", 1, "URL handle",
    ),
    "doubled_header": (product_file([row(1)], HEADER + ",Title"), "header_doubled", 1, "Title"),
    "huge_cell": (
        product_file([row(1), row(2, f'"{CELL_OF_10_MB}"')]), "cell_too_long", 3, "Description",
    ),
    "huge_header": (product_file([row(1)], HEADER + "," + CELL_OF_10_MB), "cell_too_long", 1, "10"),
    "nul": (product_file([row(1), row(2, "a\0b")]), "nul_byte", 3, "Description"),
    "open_quote": (
        product_file([row(1), row(2, '"never closed'), *map(row, range(3, 500))]),
        "quote_unterminated", 3, "Description",
    ),
    "open_quote_and_much_behind": (
        product_file([row(1), row(2, '"never closed'), *map(row, range(3, 60_000))]),
        "cell_too_long", 3, "Description",
    ),
    "zip": (b"PK\x03\x04" + secrets.token_bytes(14_000_000), "file_zip", None, None),
    "noise": (secrets.token_bytes(14_000_000), "", None, None),
    "html": (b"<!DOCTYPE html><html><body>Sign in</body></html>", "file_html", None, None),
    "xml": (b'<?xml version="1.0"?><a>' + b"<a>" * 100_000, "file_xml", None, None),
    "empty": (b"", "file_empty", None, None),
    "quotes": (product_file([row(1), '"' * 9_999_999]), "", None, None),
    "commas": (product_file([row(1), "," * 9_000_000]), "", None, None),
    "blank_lines": (product_file([row(1)]) + b"\n" * 14_000_000, "too_many_rows", None, None),
}  # fmt: skip
