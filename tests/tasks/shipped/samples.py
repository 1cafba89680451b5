"""For each shipped template an answer that passes, and changes of it with what catches each.

`form:<field>` is the form's own rule for a field; any other name is a machine check.
"""

from dataclasses import dataclass, field
from typing import Any

Answer = dict[str, Any]


@dataclass(frozen=True)
class Sample:
    """`reward`: lowest and highest yen of one answer for this operation."""

    reward: tuple[int, int]
    good: tuple[Answer, ...]
    bad: tuple[tuple[Answer, str], ...]
    warned: tuple[tuple[Answer, str], ...] = ()
    unit: Answer = field(default_factory=dict)


MUG_EN = "A mug that is microwave-safe. " * 4
TITLE = "日向窯 マグカップ 陶器 300ml 電子レンジ対応"
ATTRIBUTE = {"name": "容量", "found": "package", "value": "300", "unit": "ml"}
SPEC = {"item": "幅", "value": "125", "unit": "mm", "place": "画像3 底のラベル"}
COMBINATION = {"value_1": "ホワイト", "value_2": "M", "sku": "tee05-white-m", "price": 2980, "stock": 12}
PICTURE = {"number": 2, "alt": "マグカップの持ち手に指を3本通して持った手元", "file_name": "mug01-02.jpg"}
OFFER = {
    "shop": "うつわの森",
    "url": "https://item.example.jp/utsuwa/mug01/",
    "price": 1980,
    "shipping": "paid",
    "shipping_fee": 550,
    "checked_at": "2026/12/01 10:35",
}
FINDING = {"place": "説明の3段落目のリンク", "what": "開くと404のページが出る", "severity": "middle"}
PICTURES = ["https://img.example.jp/1.jpg", "https://img.example.jp/2.jpg"]

SAMPLES: dict[str, Sample] = {
    "product-copy": Sample(
        reward=(75, 900),  # 0.5 to 3 yen a character, 150 to 300 characters
        good=(
            {
                "title": TITLE,
                "description": "<p>朝のコーヒーにちょうどよい、300mlの陶器のマグカップです。</p>"
                "<p>持ち手は指が3本入る大きさで、たっぷり注いでも安定して持てます。"
                "電子レンジと食洗機に対応しているので、毎日気軽に使えます。</p>",
                "seo_title": "陶器のマグカップ 300ml 電子レンジ対応｜日向窯",
                "seo_description": "300mlの陶器のマグカップです。"
                "指が3本入る持ち手で持ちやすく、食洗機に対応しています。",
                "tags": "マグカップ, 陶器, ギフト",
            },
        ),
        bad=(({"title": "最安のマグカップ"}, "title-banned"), ({"tags": "a,,b"}, "tags-form")),
    ),
    "title-rewrite": Sample(
        reward=(20, 60),
        good=(
            {
                "title_rakuten": f"{TITLE} 食洗機対応 コーヒーカップ",
                "title_yahoo": TITLE,
                "title": "陶器のマグカップ 300ml",
            },
        ),
        bad=(
            ({"title_rakuten": "陶" * 128}, "rakuten-bytes"),
            ({"title_rakuten": "陶" * 127 + "ab"}, "rakuten-bytes"),
            ({"title_rakuten": f"{TITLE}☕"}, "rakuten-bytes"),
            ({"title_rakuten": f"★{TITLE}"}, "rakuten-plain"),
            ({"title_rakuten": f"{TITLE} 送料無料"}, "rakuten-banned"),
            ({"title_yahoo": "陶" * 76}, "yahoo-bytes"),
            ({"title_yahoo": "短い名前"}, "yahoo-short"),
            ({"title_yahoo": f"{TITLE} ①"}, "yahoo-plain"),
            ({"title_yahoo": f"{TITLE} ﾏｸﾞ"}, "yahoo-plain"),
            ({"title_yahoo": f"{TITLE} 日本一"}, "yahoo-banned"),
            ({"title": "陶" * 256}, "title-length"),
            ({"title": "<b>マグカップ</b>"}, "title-plain"),
            ({"title": "激安のマグカップ"}, "title-banned"),
            ({"title": ""}, "form:title"),
        ),
        warned=(
            ({"title": "冬のセール マグカップ"}, "title-careful"),
            ({"title": "陶" * 61}, "title-readable"),
        ),
    ),
    "catch-copy": Sample(
        reward=(50, 150),
        good=(
            {
                "catch_copy": "指が3本入る大きな持ち手。たっぷり注いでも持ちやすい陶器マグ",
                "headline": "指が3本入る、持ちやすい陶器マグ",
                "proof": "指が3本入る持ち手＝画像2",
            },
        ),
        bad=(
            ({"catch_copy": "持ちやすい" * 18}, "catch-bytes"),
            ({"catch_copy": "よい"}, "catch-short"),
            ({"catch_copy": "<b>指が3本入る大きな持ち手</b>"}, "catch-plain"),
            ({"catch_copy": "日本一売れている大きな持ち手のマグ"}, "catch-banned"),
            ({"headline": "あ" * 31}, "headline-bytes"),
            ({"headline": "持ちやすい①番のマグ"}, "headline-plain"),
            ({"headline": "今だけの特別なマグ"}, "headline-banned"),
            ({"proof": " "}, "form:proof"),
        ),
        warned=(({"catch_copy": "最高の持ちやすさを考えた陶器のマグ"}, "catch-careful"),),
    ),
    "translation": Sample(
        reward=(750, 2500),  # 3 to 10 yen a character, about 250 characters
        good=(
            {
                "title_en": "Hyuga Kiln Ceramic Mug, 300 ml, Microwave-Safe",
                "description_en": "<p>A ceramic mug that holds 300 ml, just right for a morning coffee.</p>\n"
                "<p>Three fingers fit through the handle. Microwave-safe and dishwasher-safe.</p>",
                "glossary": [{"source": "急須", "target": "Kyusu (Japanese side-handled teapot)"}],
            },
        ),
        bad=(
            ({"title_en": "Hyuga マグ Mug"}, "title-english"),
            ({"title_en": "Ceramic Mug！"}, "title-english"),
            ({"title_en": "No.1 Ceramic Mug"}, "title-banned"),
            ({"title_en": "Mug"}, "title-length"),
            ({"description_en": "A mug."}, "description-length"),
            (
                {"description_en": "A mug that is microwave-safe. " * 4 + "<script>x</script>"},
                "description-html",
            ),
            ({"description_en": f"{MUG_EN}です"}, "description-english"),
            ({"description_en": "A tea that cures a cold. " * 4}, "description-banned"),
            ({"glossary": [{"source": "急須"}]}, "form:glossary.0.target"),
        ),
        warned=(({"description_en": "A mug by the potter 日向. " * 4}, "description-han"),),
    ),
    "attribute-fill": Sample(
        reward=(20, 60),
        good=({"attributes": [ATTRIBUTE, {"name": "原産国", "found": "not_written"}]},),
        bad=(
            ({"attributes": []}, "form:attributes"),
            ({"attributes": [ATTRIBUTE | {"name": "★容量"}]}, "name-form"),
            ({"attributes": [ATTRIBUTE, ATTRIBUTE | {"value": "300くらい"}]}, "value-guess"),
            ({"attributes": [ATTRIBUTE | {"value": "最安の陶器"}]}, "value-banned"),
            ({"attributes": [ATTRIBUTE | {"value": "☕"}]}, "value-bytes"),
            ({"attributes": [ATTRIBUTE | {"unit": "300ml"}]}, "unit-form"),
            ({"attributes": [{"name": "容量"}]}, "form:attributes.0.found"),
        ),
    ),
    "spec-extraction": Sample(
        reward=(30, 100),
        good=({"specs": [SPEC, SPEC | {"item": "材質", "value": "陶器", "unit": "", "place": "PDF p.2"}]},),
        bad=(
            ({"specs": [SPEC | {"value": "125くらい"}]}, "value-guess"),
            ({"specs": [SPEC | {"value": "<b>125</b>"}]}, "value-html"),
            ({"specs": [SPEC | {"item": "幅："}]}, "item-form"),
            ({"specs": [SPEC | {"unit": "125mm"}]}, "unit-form"),
            ({"specs": [SPEC | {"place": "見た感じ"}]}, "place-form"),
            ({"specs": [SPEC | {"place": ""}]}, "form:specs.0.place"),
        ),
    ),
    "category-mapping": Sample(
        reward=(5, 15),
        good=(
            {
                "mall": "rakuten",
                "genre_id": "215405",
                "path": "キッチン用品 > 食器 > マグカップ",
                "sure": "sure",
            },
            {"mall": "yahoo", "product_category": "4744", "path": "食器 > マグカップ", "sure": "likely"},
            {
                "mall": "other",
                "category": "Home & Garden > Kitchen",
                "path": "Home > Kitchen",
                "sure": "sure",
            },
        ),
        bad=(
            ({"genre_id": "マグカップ"}, "genre-form"),
            ({"mall": "yahoo", "product_category": "47-44"}, "product-category-form"),
            ({"mall": "other", "category": "<b>"}, "category-form"),
            ({"path": "キッチン用品"}, "path-form"),
            ({"path": "キッチン用品/食器"}, "path-form"),
            ({"mall": "yahoo"}, "form:product_category"),
        ),
    ),
    "variation-matrix": Sample(
        reward=(40, 120),  # 5 to 15 yen a SKU, about eight
        good=(
            {"axis_1": "カラー", "axis_2": "サイズ", "rows": [COMBINATION]},
            {"axis_1": "カラー", "rows": [{"value_1": "白", "sku": "tee05-w", "price": 1}]},
        ),
        bad=(
            ({"rows": [COMBINATION, COMBINATION | {"sku": "TEE 05"}]}, "sku-form"),
            ({"rows": [COMBINATION | {"value_1": "白|黒"}]}, "axis-1-form"),
            ({"rows": [COMBINATION | {"value_2": "ｴﾑ"}]}, "axis-2-form"),
            ({"rows": [COMBINATION | {"value_1": "☕"}]}, "axis-1-bytes"),
            ({"rows": [COMBINATION | {"value_1": "大人気の白"}]}, "values-promo"),
            ({"rows": [COMBINATION | {"price": 0}]}, "form:rows.0.price"),
            ({"rows": [COMBINATION | {"stock": -1}]}, "form:rows.0.stock"),
            ({"rows": [COMBINATION] * 51}, "form:rows"),
        ),
    ),
    "background-removal": Sample(
        reward=(30, 150),
        unit={"images": [{"url": url} for url in PICTURES]},
        good=(
            {
                "pictures": [{"before": url, "after": str(number)} for number, url in enumerate(PICTURES, 1)],
                "shadow": "none",
            },
        ),
        bad=(
            ({"pictures": [{"before": PICTURES[0], "after": "1"}]}, "form:pictures"),
            ({"remark": "https://files.example.jp/x"}, "remark-links"),
            ({"remark": "長" * 501}, "remark-length"),
        ),
    ),
    "image-alt": Sample(
        reward=(5, 20),
        good=(
            {"image_alt": "白い陶器のマグカップを正面から", "file_name": "mug01-01.jpg", "others": [PICTURE]},
            {"image_alt": "白い陶器のマグカップを正面から見たところ"},
        ),
        bad=(
            ({"image_alt": "マグ"}, "alt-length"),
            ({"image_alt": "画像：白いマグカップを正面から"}, "alt-start"),
            ({"image_alt": "<b>白いマグカップ</b>を正面から"}, "alt-plain"),
            ({"image_alt": "日本一の白いマグカップを正面から"}, "alt-banned"),
            ({"file_name": "IMG_0023.JPG"}, "name-form"),
            ({"others": [PICTURE, PICTURE | {"file_name": "白.jpg"}]}, "names-form"),
            ({"others": [PICTURE | {"alt": "横"}]}, "alts-length"),
            ({"others": [PICTURE | {"alt": "送料無料のマグカップを横から"}]}, "alts-banned"),
            ({"others": [PICTURE | {"alt": 'マグカップの"底"のラベルの表示'}]}, "alts-plain"),
        ),
    ),
    "price-update": Sample(
        reward=(1, 5),
        good=(
            {"price": 1980, "source": "価格表2026年12月版 14行目", "double_price": "no"},
            {
                "price": 1980,
                "source": "価格表 14行目",
                "double_price": "own",
                "compare_at_price": 2480,
                "evidence": "2026/10/01〜11/27に自社サイトで2,480円で販売（販売記録12行目）",
            },
        ),
        bad=(
            ({"price": 0}, "form:price"),
            ({"price": 19.8}, "form:price"),
            ({"source": "表"}, "source-length"),
            ({"double_price": "own", "compare_at_price": 2480}, "form:evidence"),
            ({"double_price": "own", "evidence": "記録あり"}, "evidence-length"),
            ({"double_price": "maker", "evidence": "ネットの相場が2,500円くらいだから"}, "evidence-vague"),
            ({"double_price": "maker"}, "form:compare_at_price"),
        ),
    ),
    "sale-period": Sample(
        reward=(5, 20),
        good=(
            {
                "sale_start": "2026/12/04 20:00",
                "sale_end": "2026/12/11 01:59",
                "sale_price": 1580,
                "points_rate": 5,
                "restore_price": 1980,
                "restore_points": 1,
                "source": "企画表「冬のうつわ」5行目",
            },
        ),
        bad=(
            ({"sale_start": "12/4 20時"}, "start-form"),
            ({"sale_start": "2026/13/04 20:00"}, "start-form"),
            ({"sale_end": "2026/12/11 24:00"}, "end-form"),
            ({"source": "表"}, "source-length"),
            ({"points_rate": 21}, "form:points_rate"),
            ({"restore_price": None}, "form:restore_price"),
        ),
        warned=(({"sale_end": "2026/12/11 02:00"}, "end-minute"),),
    ),
    "stock-update": Sample(
        reward=(1, 5),
        good=(
            {"quantity": 0, "counted_by": "B-07", "counted_on": "2026-11-28"},
            {
                "quantity": 18,
                "counted_by": "田中",
                "counted_on": "2026-11-28",
                "remark": "2回数えて18。",
            },
        ),
        bad=(
            ({"quantity": -1}, "form:quantity"),
            ({"counted_by": "tanaka@shop.example"}, "by-form"),
            ({"remark": "連絡は 03-1234-5678 まで"}, "remark-private"),
            ({"remark": "長" * 501}, "remark-length"),
        ),
    ),
    "competitor-price": Sample(
        reward=(5, 20),
        good=(
            {"found": "found", "offers": [OFFER]},
            {"found": "none", "searched": "楽天とYahoo!でJANと型番を検索。色違いだけあり。"},
        ),
        bad=(
            ({"offers": [OFFER | {"url": "http://item.example.jp/mug01/"}]}, "url-form"),
            ({"offers": [OFFER, OFFER | {"url": "https://example.jp/search?q=mug"}]}, "url-search"),
            ({"offers": [OFFER | {"checked_at": "きのう"}]}, "checked-form"),
            ({"offers": [OFFER | {"shop": "森"}]}, "shop-length"),
            ({"offers": [OFFER | {"price": 0}]}, "form:offers.0.price"),
            ({"offers": []}, "form:offers"),
            ({"found": "none"}, "form:searched"),
            ({"found": "none", "searched": "見た"}, "reason-length"),
        ),
    ),
    "listing-audit": Sample(
        reward=(10, 40),
        good=(
            {"kinds": ["dead_link"], "findings": [FINDING], "checked_at": "2026/12/01 10:35"},
            {"kinds": ["none"], "checked_at": "2026/12/01 10:35"},
        ),
        bad=(
            ({"findings": [FINDING, FINDING | {"what": "おかしい。"}]}, "what-vague"),
            ({"findings": [FINDING | {"what": "変"}]}, "what-length"),
            ({"findings": [FINDING | {"place": "下"}]}, "place-length"),
            ({"checked_at": "今日"}, "checked-form"),
            ({"findings": []}, "form:findings"),
            ({"kinds": []}, "form:kinds"),
        ),
    ),
    "delisting": Sample(
        reward=(1, 5),
        good=(
            {
                "action": "hide",
                "reason": "一覧4行目。夏物の終了",
                "backup": "taken",
                "backup_place": "控え/2026-12 item_backup.csv 4行目",
            },
            {"action": "keep", "reason": "一覧は削除だが、在庫8が残る"},
        ),
        bad=(
            ({"reason": "不要"}, "reason-length"),
            ({"reason": "指示のとおり"}, "reason-vague"),
            ({"backup": "not_taken"}, "backup-sure"),
            ({"backup_place": ""}, "form:backup_place"),
            ({"backup_place": "PC"}, "backup-length"),
        ),
    ),
}
