"""A mall's file on its way through a batch: recognised, read, answered, approved, and back into the mall."""

import csv
import io
from dataclasses import replace
from typing import Any

import pytest
from django.core.files.base import ContentFile

from exchange import recognition
from exchange.layout import product_layouts
from exchange.opening import recognise
from jobs.runner import run_pending
from kernel.clock import now
from kernel.errors import Invalid
from tasks import texts
from tasks.domain import batches, imports, review, templates
from tasks.models import Batch, Drift, Import, ImportRefusal, Template, Unit
from tasks.states import JobState
from tests.exchange.mallfiles import (
    AMAZON,
    ECCUBE,
    MALLS,
    RAKUTEN,
    WOO,
    YAHOO,
    Mall,
    lines,
    read,
)
from tests.exchange.test_mall_writing import EC_KEPT
from tests.factories import Cast, good_answer, hand_in, make_approved
from tests.tasks.domain.test_imports import new_batch
from tests.tasks.domain.world import CONTENT, release, take

pytestmark = pytest.mark.django_db

ANSWER = good_answer(1)
TITLE = ANSWER["title"]
HTML = "<p>{0}</p><p>{0}</p>".format(ANSWER["description"].split("\n")[0])


def start(batch: Batch, mall: Mall, **more: Any) -> Import:
    data = mall.data()
    made = imports.start_import(
        batch_id=batch.pk,
        file=ContentFile(data, "shop.csv"),
        name="shop.csv",
        format=recognise(io.BytesIO(data)),
        row_filter=more.pop("row_filter", {}),
        by=batch.created_by,
        now=now(),
        **more,
    )
    run_pending()
    return Import.objects.get(pk=made.pk)


def answered(cast: Cast, mall: Mall) -> Batch:
    """A published batch over the file, its first task answered and approved."""
    batch = new_batch(cast)
    made = start(batch, mall)
    assert made.state == JobState.DONE, made.error
    batch = batches.publish(batch_id=batch.pk, by=cast.aya, now=now())
    make_approved(batch, cast.ben, cast.dai, ANSWER)
    return batch


@pytest.mark.parametrize("mall", MALLS.values(), ids=MALLS)
def test_a_batch_can_begin_with_the_file(cast: Cast, mall: Mall) -> None:
    batch = new_batch(cast)
    looked = start(batch, mall, inspect_only=True)
    assert (looked.state, looked.format) == (JobState.DONE, mall.format)
    assert (looked.facts["dialect"], looked.facts["encoding"]) == (mall.dialect, mall.encoding)
    made = start(batch, mall)
    units, refused = read(mall.data(), mall.format)
    assert (made.units_made, made.refused_rows) == (len(units), len(refused))
    assert ImportRefusal.objects.filter(source=made).count() == len(refused)
    first = Unit.objects.get(batch=batch, position=1)
    assert (first.key, first.title) == (units[0].key, units[0].title)
    assert len(first.values["images"]) == len(units[0].images) > 0


UPDATES: dict[str, tuple[Mall, list[list[str]], list[str]]] = {
    "rakuten": (
        RAKUTEN,
        [["商品管理番号（商品URL）", "商品名", "PC用商品説明文"], ["mug-01", TITLE, f'"{HTML}"']],
        ["seo_description", "seo_title", "tags"],
    ),
    "yahoo": (
        YAHOO,
        [
            ["code", "path", "name", "price", "product-category", "caption", "meta-desc"],
            ["mug-01", "食器:マグ", TITLE, "1500", "2080", f'"{HTML}"', ANSWER["seo_description"]],
        ],
        ["seo_title", "tags"],
    ),
    "eccube": (
        ECCUBE,
        [
            [*EC_KEPT, "商品説明(詳細)"],
            ["12", "1", TITLE, "1", "3", "", "7", "0", "1500", HTML],
        ],
        ["seo_description", "seo_title", "tags"],
    ),
    "woocommerce": (
        WOO,
        [
            ["SKU", "Name", "Description", "Tags"],
            ["mug", TITLE, f'"{HTML}"', f'"{ANSWER["tags"]}"'],
        ],
        ["seo_description", "seo_title"],
    ),
    "amazon": (
        AMAZON,
        [
            list(AMAZON.above[0]),
            ["ラベル2", "ラベル1", "ラベル4", "ラベル27", "ラベル29"],
            ["item_sku", "feed_product_type", "item_name", "update_delete", "product_description"],
            ["MUG-01", "Kitchen", TITLE, "PartialUpdate", '"' + ANSWER["description"] + '"'],
        ],
        ["seo_description", "seo_title", "tags"],
    ),
}


@pytest.mark.parametrize(("mall", "expected", "missing"), UPDATES.values(), ids=UPDATES)
def test_an_approved_answer_comes_back_as_an_update_file(
    cast: Cast, mall: Mall, expected: list[list[str]], missing: list[str]
) -> None:
    batch = answered(cast, mall)
    made, data = release(batch, "update")
    mark = mall.layout.delimiter.decode()
    assert data.decode(mall.encoding) == lines(expected, mark=mark, end=mall.end)
    assert made.name.endswith("." + mall.layout.ending)
    left_out = [one["params"]["column"] for one in made.warnings if one["code"] == "column_missing"]
    assert left_out == missing


@pytest.mark.parametrize("mall", MALLS.values(), ids=MALLS)
def test_the_whole_file_and_the_restore_file(cast: Cast, mall: Mall) -> None:
    batch = new_batch(cast)
    start(batch, mall)
    batch = batches.publish(batch_id=batch.pk, by=cast.aya, now=now())
    _none, untouched = release(batch, "source")
    assert untouched == mall.data()
    make_approved(batch, cast.ben, cast.dai, ANSWER)
    _whole, data = release(batch, "source")
    assert read(data, mall.format)[0][0].title == TITLE
    overwrote, _data = release(batch, "update")
    _back, restored = release(batch, "restore", restores=overwrote.pk)
    units = {unit.key: unit for unit in read(mall.data(), mall.format)[0]}
    (again,) = read_rows(restored, mall)
    before = next(iter(units.values()))
    assert again[mall.layout.columns["title"]] == before.values["title"]
    assert again[mall.layout.columns["description"]] == before.values["description"]


def read_rows(data: bytes, mall: Mall) -> list[dict[str, str]]:
    text = io.StringIO(data.decode(mall.encoding), newline="")
    rows = list(csv.reader(text, delimiter=mall.layout.delimiter.decode()))
    above = len(mall.layout.header_rows)
    return [dict(zip(rows[above - 1], row, strict=True)) for row in rows[above:]]


PRICE: dict[str, Any] = {
    "type": "object",
    "required": ["price"],
    "x-order": ["price"],
    "properties": {
        "price": {"type": "string", "x-column": "price", "x-label": {"ja": "販売価格", "en": "Price"}}
    },
}


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_price_that_the_shop_changed_on_a_variants_row_is_kept_unless_told_otherwise(
    cast: Cast, overwrite: bool
) -> None:
    template = Template.objects.create(company=cast.company, key="price", title_ja="価格", title_en="Price")
    content = {**CONTENT, "form": PRICE, "checks": []}
    templates.publish_version(template=template, content=content, by=None)
    batch = new_batch(cast, template="price")
    start(batch, RAKUTEN)
    batch = batches.publish(batch_id=batch.pk, by=cast.aya, now=now())
    for price in ("1450", "780"):
        answer = hand_in(take(batch, cast.ben), {"price": price})
        review.approve(submission_id=answer.pk, by=cast.dai, now=now())
    rows = list(RAKUTEN.rows)
    rows[2] = rows[2] | {"price": "1999"}
    fresh = ContentFile(RAKUTEN.but(rows=tuple(rows)).data(), "now.csv")
    made, data = release(batch, "update", fresh=fresh, fresh_name="now.csv", overwrite=overwrite)
    key = "商品管理番号（商品URL）"
    assert data.decode("cp932") == lines(
        [
            [key, "SKU管理番号", "販売価格"],
            *([["mug-01", "white-s", "1450"]] if overwrite else []),
            ["dish-02", "dish-02", "780"],
        ]
    )
    drift = Drift.objects.filter(release=made).values_list("key", "column", "then", "now", "answered")
    assert list(drift) == [("mug-01", "販売価格", "1500", "1999", True)]


def test_a_product_text_that_came_from_us_is_no_change_on_any_row_of_the_product(cast: Cast) -> None:
    batch = answered(cast, ECCUBE)
    release(batch, "update")
    rows = tuple(
        row | ({"title": TITLE, "description": HTML} if row["id"] == "12" else {}) for row in ECCUBE.rows
    )
    fresh = ECCUBE.but(rows=rows).data()
    made, data = release(batch, "source", fresh=ContentFile(fresh, "now.csv"), fresh_name="now.csv")
    assert (made.cells, made.drift_count, data) == (0, 0, fresh)


def test_a_fresh_export_names_its_units_as_the_batchs_file_did(cast: Cast) -> None:
    batch = answered(cast, WOO)
    rows = (*WOO.rows[:-1], {"id": "15", "type": "simple", "title": "箸"})
    fresh = ContentFile(WOO.but(rows=rows).data(), "now.csv")
    made, data = release(batch, "update", fresh=fresh, fresh_name="now.csv")
    assert (made.cells, data.decode().split(",")[0]) == (3, "SKU")
    assert made.warnings[0]["code"] == "fresh_refused"


def test_values_that_the_mall_demands_beside_the_answers_are_named(cast: Cast) -> None:
    batch = answered(cast, ECCUBE)
    made, _data = release(batch, "update")
    along = next(one for one in made.warnings if one["code"] == "values_along")
    assert along["params"] == {"columns": ["販売価格", "在庫数"]}
    assert "“在庫数”" in texts.warning(along)
    fresh = ContentFile(ECCUBE.data(), "now.csv")
    made, _data = release(batch, "update", fresh=fresh, fresh_name="now.csv")
    assert "values_along" not in [one["code"] for one in made.warnings]
    made, _data = release(answered(cast, RAKUTEN), "update")
    assert "values_along" not in [one["code"] for one in made.warnings]


def test_more_rows_than_the_mall_takes_in_one_file_are_told(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = answered(cast, YAHOO)
    make_approved(batch, cast.ben, cast.dai, good_answer(2))
    made, _data = release(batch, "update")
    assert "too_many_rows" not in [one["code"] for one in made.warnings]
    small = [replace(layout, file_rows=1) for layout in product_layouts("yahoo")]
    monkeypatch.setattr(recognition, "product_layouts", lambda _format="": tuple(small))
    made, _data = release(batch, "update")
    told = next(one for one in made.warnings if one["code"] == "too_many_rows")
    assert told["params"] == {"n": 2, "limit": 1}
    assert texts.warning(told)


def test_the_limits_of_the_mall_hold_for_the_answers(cast: Cast) -> None:
    """Rakuten takes 255 bytes of a name, Yahoo! 75 full-width characters; both only what CP932 holds."""
    for mall, most in ((RAKUTEN, 255), (YAHOO, 150)):
        batch = new_batch(cast)
        start(batch, mall)
        step = batch.steps.get()
        found = {(one["field"], one["kind"]): one.get("max") for one in step.checks}
        assert found[("title", "bytes_cp932")] == most
        assert found[("description", "bytes_cp932")] is None
        assert ("seo_title", "bytes_cp932") not in found  # neither file has such a column
        batches.publish(batch_id=batch.pk, by=cast.aya, now=now())
        long = ANSWER | {"title": "港工房 " + "マ" * 70 + "グ" * (60 if most == 255 else 6)}
        held = take(batch, cast.ben)
        with pytest.raises(Invalid) as refused:
            hand_in(held, long)
        assert [problem.field for problem in refused.value.fields] == ["title"]
        held.refresh_from_db()
        with pytest.raises(Invalid):
            hand_in(held, ANSWER | {"title": "港工房 マグカップ 😀 白"})
        held.refresh_from_db()
        hand_in(held, ANSWER)


def test_what_the_work_asks_itself_is_not_asked_twice(cast: Cast) -> None:
    batch = new_batch(cast)
    start(batch, WOO)
    assert batch.steps.get().checks == []
