"""A fresh export: what the shop changed since, and a file that changes nothing of it but the answers."""

from typing import Any

import pytest
from django.core.files.base import ContentFile

from jobs.runner import run_pending
from kernel.clock import now
from kernel.errors import Invalid
from tasks import texts
from tasks.domain import batches, release_fresh, releases, review
from tasks.models import Batch, Drift, Release, Submission
from tasks.states import JobState
from tests.factories import Cast, Row, products, read_file, shop_file
from tests.tasks.domain.world import hand_in, plain_batch, release, take

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def approved(batch: Batch, cast: Cast, text: str) -> Submission:
    answer = hand_in(take(batch, cast.ben), text)
    review.approve(submission_id=answer.pk, by=cast.dai, now=now())
    return answer


def merged(batch: Batch, data: bytes, format: str = "source", **choices: Any) -> tuple[Release, bytes]:
    return release(batch, format, fresh=ContentFile(data, "now.csv"), fresh_name="now.csv", **choices)


def drift(made: Release) -> set[tuple[str, str, str, str, str, bool]]:
    fields = ("key", "column", "kind", "then", "now", "answered")
    return set(Drift.objects.filter(release=made).values_list(*fields))


def codes(made: Release) -> dict[str, int]:
    return {one["code"]: one["params"]["n"] for one in made.warnings}


@pytest.fixture
def batch(cast: Cast) -> Batch:
    """Four products; the first two have an answer."""
    made = plain_batch(cast, count=4)
    for text in ("一", "二"):
        approved(made, cast, text)
    return made


def moved_on() -> list[Row]:
    """The shop a week later: another price, a product gone, one new."""
    rows = products(5)
    rows[2]["price"] = "1800"
    return [row for row in rows if row["handle"] != "mug-4"]


def test_the_fresh_file_differs_in_the_answered_cells_alone(batch: Batch) -> None:
    fresh = shop_file(moved_on(), end="\n", bom=True)
    made, data = merged(batch, fresh)
    expected = fresh.replace("マグカップ 1,".encode(), "一,".encode(), 1)
    assert data == expected.replace("マグカップ 2,".encode(), "二,".encode(), 1)
    assert drift(made) == {
        ("mug-3", "Price", "changed", "1500", "1800", False),
        ("mug-4", "", "row_removed", "マグカップ 4", "", False),
        ("mug-5", "", "row_added", "", "マグカップ 5", False),
    }
    assert made.drift_count == 3
    assert {name: made.facts["drift"][name] for name in ("changed", "row_added", "row_removed")} == {
        "changed": 1,
        "row_added": 1,
        "row_removed": 1,
    }
    assert (made.warnings, made.fresh_name, made.cells) == ([], "now.csv", 2)


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_the_shop_changed_itself_is_kept_unless_told_otherwise(batch: Batch, overwrite: bool) -> None:
    rows = products(4)
    rows[0]["title"] = "店が直した"
    made, data = merged(batch, shop_file(rows), overwrite=overwrite)
    assert drift(made) == {("mug-1", "Title", "changed", "マグカップ 1", "店が直した", True)}
    assert codes(made) == {"shop_overwritten" if overwrite else "shop_kept": 1}
    assert ("店が直した" in data.decode()) is not overwrite
    assert made.cells == (2 if overwrite else 1)
    assert all(texts.warning(one) for one in made.warnings)


def test_what_is_in_the_shop_already_or_came_from_us_is_no_change_of_the_shop(
    cast: Cast, batch: Batch
) -> None:
    release(batch, "update")
    rows = products(4)
    rows[0]["title"], rows[1]["title"] = "一", "二"
    made, data = merged(batch, shop_file(rows))
    assert (made.cells, drift(made), data) == (0, set(), shop_file(rows))


def test_an_update_can_be_made_from_a_fresh_export_too(batch: Batch) -> None:
    rows = moved_on()
    rows[1]["title"] = "店が直した"
    _made, data = merged(batch, shop_file(rows), "update")
    assert data == "Title,URL handle\r\n一,mug-1\r\n".encode()


def test_an_answer_for_a_product_that_is_gone_is_left_out_and_said(batch: Batch) -> None:
    made, data = merged(batch, shop_file(products(4)[1:]))
    assert codes(made) == {"unit_gone": 1}
    assert made.cells == 1
    assert ("mug-1", "", "row_removed", "マグカップ 1", "", True) in drift(made)
    assert "一,".encode() not in data


def test_variant_rows_are_matched_whatever_their_order(cast: Cast) -> None:
    def variant(number: int, price: str = "1500") -> Row:
        return {"handle": "mug-2", "sku": f"M-2-{number}", "price": price}

    batch = plain_batch(cast, count=2, publish=False)
    batches.remove_source(batch_id=batch.pk, by=cast.aya, now=now())
    read_file(batch, shop_file([*products(2), *map(variant, range(3))]), by=cast.aya)
    batches.publish(batch_id=batch.pk, by=cast.aya, now=now())
    made, _data = merged(batch, shop_file([*products(2), variant(7), variant(2), variant(0), variant(1)]))
    assert drift(made) == {("mug-2", "", "row_added", "", "mug-2 · M-2-7 · 1500", False)}
    made, _data = merged(batch, shop_file([*products(2), variant(2), variant(1, "1600"), variant(0)]))
    assert drift(made) == {("mug-2", "Price", "changed", "1500", "1600", False)}


def test_columns_that_came_and_went_are_named(batch: Batch) -> None:
    rows = shop_file(products(4)).decode().split("\r\n")
    rows[0] = rows[0].replace("Vendor", "Brand")
    made, _data = merged(batch, "\r\n".join(rows).encode())
    facts = made.facts["drift"]
    assert (facts["columns_added"], facts["columns_removed"]) == (["Brand"], ["Vendor"])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (b"PK\x03\x04 nothing", "file_zip"),
        (b"<html></html>", "file_html"),
        (shop_file(products(4)).decode().encode("utf-16"), "file_utf16"),
        (shop_file(products(4)) + b'"open', "quote_unterminated"),
        (shop_file(products(4)).replace(b"mug-2", b"mug\0-2"), "nul_byte"),
        (shop_file(products(4), dialect="legacy"), "fresh_other_dialect"),
        (
            shop_file([{**row, "handle": f"plate-{n}"} for n, row in enumerate(products(4))]),
            "fresh_other_shop",
        ),
        (shop_file([]), "fresh_other_shop"),
    ],
)
def test_what_is_no_fresh_export_of_this_shop_leaves_its_report_alone(
    cast: Cast, batch: Batch, data: bytes, code: str
) -> None:
    made = releases.request_release(
        batch_id=batch.pk, format="source", by=cast.aya, now=now(), fresh=ContentFile(data, "x.csv")
    )
    while run_pending():
        pass
    made = Release.objects.get(pk=made.pk)
    assert (made.state, made.error and made.error["code"]) == (JobState.FAILED, code)
    assert texts.release_problem(made.error or {})
    assert not made.written.exists()
    assert not made.drift.exists()


def test_few_products_of_the_shop_are_enough(batch: Batch) -> None:
    made, _data = merged(batch, shop_file(products(1)))
    assert (made.cells, made.facts["drift"]["row_removed"]) == (1, 3)


def test_beyond_so_many_changes_only_those_an_answer_meets_are_kept(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release_fresh, "KEPT", 1)
    rows = products(4)
    for row in rows:
        row["vendor"] = "別の工房"
        row["title"] += " 改"
    made, _data = merged(batch, shop_file(rows))
    assert made.drift_count == made.facts["drift"]["changed"] == 8
    assert {row[0] for row in drift(made) if row[5]} == {"mug-1", "mug-2"}
    assert len(drift(made)) < 8


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_files_for_people_take_no_fresh_export(batch: Batch, kind: str) -> None:
    with pytest.raises(Invalid) as refused:
        merged(batch, shop_file(products(4)), kind)
    assert [problem.field for problem in refused.value.fields] == ["fresh"]


def test_a_fresh_export_may_be_as_large_as_a_source(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    big = ContentFile(b"x")
    big.size = 15 * 1024 * 1024 + 1
    with pytest.raises(Invalid) as refused:
        release(batch, "source", fresh=big)
    assert refused.value.fields[0].code == "file_too_big"
