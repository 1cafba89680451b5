"""Product files and answers to them."""

from typing import Any

from django.core.files.base import ContentFile

from accounts.models import User
from exchange.layout import product_layouts
from kernel.clock import now
from tasks.domain import imports
from tasks.models import Batch

# A product has one row, every third of them three: about what shops export.
VARIANTS = (1, 1, 3)


def shop_file(products: int) -> bytes:
    """A Shopify product file of the current dialect with all of its columns."""
    layout = next(one for one in product_layouts() if one.dialect == "current")
    logical = {name: key for key, name in layout.columns.items()}
    keys = [logical.get(name, "") for name in layout.header]
    lines = [",".join(_cell(name) for name in layout.header)]
    for number in range(1, products + 1):
        for variant in range(VARIANTS[number % len(VARIANTS)]):
            values = _values(number, variant)
            lines.append(",".join(_cell(values.get(key, "")) for key in keys))
    return ("\r\n".join(lines) + "\r\n").encode()


def rows_of(file: bytes) -> int:
    """Records below the header (no cell of these files holds a line break)."""
    return file.count(b"\r\n") - 1


def _values(number: int, variant: int) -> dict[str, str]:
    own = {
        "handle": f"mug-{number}",
        "sku": f"M-{number}-{variant}",
        "option1_name": "色",
        "option1_value": ("白", "青", "黒")[variant],
        "price": "1500",
        "inventory_quantity": "7",
        "image_url": f"https://shop.example/images/{number}-{variant}.jpg",
    }
    if variant:
        return own
    first = {
        "title": f"港工房 マグカップ {number}",
        "description": f"<p>毎日の食卓になじむ、手ざわりのよいマグカップ、その{number}です。</p>" * 4,
        "vendor": "港工房",
        "type": "マグ",
        "tags": "食器, ギフト",
        "status": "active",
        "published": "TRUE",
    }
    return {**own, **first}


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"') else text


def read_into(batch: Batch, file: bytes, *, by: User) -> None:
    """Reads a file into a draft here and now."""
    made = imports.start_import(
        batch_id=batch.pk,
        file=ContentFile(file, "products.csv"),
        name="products.csv",
        row_filter={},
        by=by,
        now=now(),
    )
    imports.run_import(import_id=made.pk)


def good_answer(mark: str) -> dict[str, Any]:
    """An answer that passes every check of the shipped template; no other has this title."""
    text = f"毎日の食卓になじむ、手ざわりのよいマグカップです。電子レンジで温め直しができます。その{mark}。"
    return {
        "title": f"港工房 マグカップ 白 {mark}",
        "description": text + "\n\n" + text,
        "seo_title": f"マグカップ 白 {mark}"[:60],
        "seo_description": "港工房の白いマグカップ。毎日使える手ざわりのよさで、電子レンジでも温め直せます。",
        "tags": "マグカップ,陶器,ギフト",
    }
