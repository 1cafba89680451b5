"""Sixty invented products of an invented shop, and its Shopify export."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from exchange.layout import product_layouts

# kind, product type, price of the smallest in yen, tags, what the maker's sheet says
KINDS = [
    (
        "yunomi",
        "湯のみ",
        "うつわ",
        1800,
        "湯のみ,磁器,日本製",
        "直径7.5cm×高さ8cm、約200ml。電子レンジ・食洗機対応。",
    ),
    ("kyusu", "急須", "うつわ", 5200, "急須,陶器,お茶", "容量約350ml。底面に細かい茶こし付き。食洗機不可。"),
    (
        "tenugui",
        "手ぬぐい",
        "布もの",
        1200,
        "手ぬぐい,綿100%,注染",
        "約34×90cm。綿100％。注染。色落ちするため単独洗い。",
    ),
    (
        "osara",
        "木の皿",
        "うつわ",
        2600,
        "木皿,天然木,プレート",
        "直径21cm。アカシア。ウレタン塗装。レンジ不可。",
    ),
    ("hashi", "箸", "食卓", 1500, "箸,天然木,ギフト", "長さ23cm。鉄木に漆塗り。食洗機不可。"),
    (
        "furoshiki",
        "風呂敷",
        "布もの",
        2200,
        "風呂敷,撥水,エコバッグ",
        "約70×70cm。ポリエステル100％。撥水加工。",
    ),
    ("donabe", "土鍋", "台所", 6800, "土鍋,耐熱陶器,直火", "8号、約2.4L。直火・オーブン対応。IH不可。"),
    ("kago", "竹かご", "暮らし", 3900, "竹かご,国産竹,収納", "約28×20×12cm。国産真竹。水洗い不可。"),
    ("kabin", "花瓶", "暮らし", 3200, "花瓶,一輪挿し,ガラス", "口径3cm×高さ18cm。ソーダガラス。手吹き。"),
    ("okou", "お香", "香り", 900, "お香,線香,白檀", "30本入り、燃焼時間約25分。香立て付き。"),
    ("sekken", "石けん", "香り", 800, "石けん,無添加,米ぬか", "80g。米ぬか配合。枠練り製法。"),
    ("chawan", "飯わん", "うつわ", 2100, "飯わん,陶器,和食器", "直径12cm×高さ6cm。約180g。電子レンジ対応。"),
]
COLOURS = [("藍", "ai"), ("白", "shiro"), ("若草", "wakakusa"), ("あかね", "akane"), ("墨", "sumi")]
MAKERS = ["山の手工房", "はなれ窯", "木と布の店"]
STORE = "くらし道具 はなれ"


@dataclass(frozen=True)
class DemoProduct:
    handle: str
    kind: str
    colour: str
    title: str
    type: str
    vendor: str
    tags: str
    price: int
    facts: str
    description: str


def products() -> list[DemoProduct]:
    """Sixty products; two in five have a description already."""
    found = []
    for n, (kind, name, group, price, tags, facts) in enumerate(KINDS):
        for m, (colour, roman) in enumerate(COLOURS):
            title = f"{name} {colour}"
            found.append(
                DemoProduct(
                    handle=f"{kind}-{roman}",
                    kind=kind,
                    colour=roman,
                    title=title,
                    type=group,
                    vendor=MAKERS[n % len(MAKERS)],
                    tags=tags,
                    price=price + 100 * m,
                    facts=facts,
                    description=f"<p>{MAKERS[n % len(MAKERS)]}の{title}。{facts}</p>"
                    if (n + m) % 5 < 2
                    else "",
                )
            )
    return found


def header() -> list[str]:
    """The columns of Shopify's current export, as the layout data lists them."""
    return next(list(layout.header) for layout in product_layouts() if layout.dialect == "current")


def shopify_csv(pictures: dict[str, str], chosen: Sequence[DemoProduct] | None = None) -> bytes:
    """The shop's export in Shopify's current dialect, of all products or those chosen.

    `pictures`: handle → address of its picture.
    """
    out = io.StringIO()
    columns = header()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    for product in chosen or products():
        writer.writerow(_first_row(product, pictures.get(product.handle, "")))
        if product.kind in ("yunomi", "chawan", "hashi"):
            writer.writerow(_variant_row(product))
    return out.getvalue().encode()


def _first_row(product: DemoProduct, picture: str) -> dict[str, str]:
    sized = product.kind in ("yunomi", "chawan", "hashi")
    return {
        "Title": product.title,
        "URL handle": product.handle,
        "Description": product.description,
        "Vendor": product.vendor,
        "Type": product.type,
        "Tags": product.tags,
        "Published on online store": "TRUE",
        "Status": "Active",
        "SKU": f"{product.handle}-s" if sized else product.handle,
        "Option1 name": "サイズ" if sized else "Title",
        "Option1 value": "小" if sized else "Default Title",
        "Price": str(product.price),
        "Charge tax": "TRUE",
        "Inventory tracker": "shopify",
        "Inventory quantity": str(5 + len(product.handle) % 9),
        "Continue selling when out of stock": "deny",
        "Weight value (grams)": "300",
        "Requires shipping": "TRUE",
        "Fulfillment service": "manual",
        "Product image URL": picture,
        "Image position": "1",
        "Image alt text": product.title,
        "Gift card": "FALSE",
    }


def _variant_row(product: DemoProduct) -> dict[str, str]:
    return {
        "URL handle": product.handle,
        "SKU": f"{product.handle}-l",
        "Option1 value": "大",
        "Price": str(product.price + 400),
        "Charge tax": "TRUE",
        "Inventory tracker": "shopify",
        "Inventory quantity": "4",
        "Continue selling when out of stock": "deny",
        "Weight value (grams)": "380",
        "Requires shipping": "TRUE",
        "Fulfillment service": "manual",
    }


def answer_for(product: DemoProduct) -> dict[str, str]:
    """What a careful worker would write."""
    return {
        "title": f"{product.title}｜{product.vendor} 日本製 {product.type}",
        "description": (
            f"{product.vendor}がひとつずつ仕上げた{product.title}です。\n"
            f"毎日の食卓や部屋になじむ、落ちついた色合いに仕上げました。\n\n{product.facts}\n"
            "贈りものにもお使いいただけるよう、箱に入れてお届けします。"
        ),
        "seo_title": f"{product.title}｜{STORE}",
        "seo_description": f"{product.vendor}の{product.title}。{product.facts}作り手から直接お届けします。",
        "tags": product.tags,
    }
