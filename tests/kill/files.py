"""Product files, good and hostile."""

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
