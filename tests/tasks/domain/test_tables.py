"""A shop's own table on its way through a batch: mapped, read, answered, written back."""

import io
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import RequestFactory
from openpyxl import load_workbook

from events.models import Event
from jobs.runner import run_pending
from kernel.clock import now
from kernel.errors import Invalid
from tasks.domain import batches, imports, mappings, releases
from tasks.domain.mapping_parse import MappingRefused
from tasks.domain.versions import checks_of
from tasks.errors import Missing, RoleMissing
from tasks.files import RESULT_TYPES, result_response
from tasks.models import Batch, Import, ImportRefusal, Mapping, Release, Unit
from tasks.states import JobState
from tests.exchange.tables import HEADER, ROWS, cell, shop_table, shop_workbook
from tests.factories import Cast, good_answer, make_approved
from tests.tasks.domain.test_imports import new_batch

pytestmark = pytest.mark.django_db

SEO = "seo_title"


def mapping(**more: Any) -> dict[str, Any]:
    columns = [
        {"index": 0, "roles": ["key"]},
        {"index": 1, "roles": ["title", "input"], "name": ""},
        {"index": 6, "roles": ["input"]},
        {"index": 9, "roles": ["fill"], "name": "description"},
        {"index": 10, "roles": ["fill", "input"], "name": SEO, "rules": {"max_bytes": 40}},
    ]
    return {"name": "商品マスタ", "kind": "csv", "encoding": "cp932", "columns": columns, **more}


@pytest.fixture
def batch(cast: Cast) -> Batch:
    return new_batch(cast)


def start(batch: Batch, data: bytes, **more: Any) -> Import:
    made = imports.start_import(
        batch_id=batch.pk,
        file=ContentFile(data, "own.csv"),
        name="own.csv",
        format="table",
        row_filter=more.pop("row_filter", {}),
        by=batch.created_by,
        now=now(),
        **more,
    )
    run_pending()
    return Import.objects.get(pk=made.pk)


def save(cast: Cast, raw: dict[str, Any], header: tuple[str, ...] = HEADER) -> Mapping:
    return mappings.save_mapping(store_id=cast.store.pk, raw=raw, header=header, by=cast.aya, now=now())


def test_without_a_mapping_the_table_is_only_looked_into(batch: Batch) -> None:
    made = start(batch, shop_table())
    assert (made.state, made.inspect_only, made.units_made) == (JobState.DONE, True, 0)
    assert made.facts["header"] == list(HEADER)
    assert (made.facts["kind"], made.facts["encoding"], made.facts["data_rows"]) == ("csv", "cp932", 3)


def test_a_mapped_table_becomes_tasks_and_its_rules_become_checks(batch: Batch) -> None:
    made = start(batch, shop_table(), mapping=mapping())
    assert (made.state, made.units_made, made.refused_rows) == (JobState.DONE, 3, 0)
    assert made.facts["missing"] == {"description": 2, SEO: 1}
    assert made.facts["labels"][SEO] == ["備考", 11]
    unit = Unit.objects.get(batch=batch, key="A-003")
    assert unit.title == ROWS[2][1]
    shown = [(one["label"], one["number"], one["text"]) for one in unit.values["columns"]]
    assert shown == [("商品名", None, ROWS[2][1]), ("備考", 7, "①②"), ("備考", 11, "社内")]
    step = batch.steps.get()
    own = [(check.id, check.kind, check.max) for check in checks_of(step, step.template_version_id)]
    assert own[-2:] == [
        ("column-10-encoding", "bytes_cp932", None),
        ("column-11-max-bytes", "bytes_cp932", 40),
    ]


TITLES = "商品マスタ 2026年{month}月\r\n\r\n"


def titled(month: int, lines: int = 0) -> bytes:
    """The shop's list under a title, which says another month each time."""
    above = TITLES.format(month=month) + "注意書き\r\n" * lines
    return above.encode("cp932") + shop_table()


def test_a_header_under_titles_is_found_and_its_row_is_kept_with_the_mapping(batch: Batch) -> None:
    looked = start(batch, titled(11))
    assert (looked.facts["header_row"], looked.facts["header"]) == (3, list(HEADER))
    assert looked.facts["above"] == [{"row": 1, "cells": ["商品マスタ 2026年11月"]}]
    made = start(batch, titled(11), mapping=mapping())
    assert made.mapping
    assert (made.units_made, made.mapping.header_row) == (3, 3)
    assert [unit.first_row for unit in Unit.objects.filter(source=made).order_by("position")] == [4, 5, 6]


def test_next_months_file_needs_no_new_version_although_the_header_moved(cast: Cast, batch: Batch) -> None:
    first = start(batch, titled(11), mapping=mapping()).mapping
    other = new_batch(cast)
    looked = start(other, titled(12, lines=4))
    assert looked.facts["header_row"] == 7
    assert mappings.recognised(cast.store.pk, looked.facts["header"]) == first
    moved = mapping(header_row=7)
    assert start(other, titled(12, lines=4), mapping=moved).mapping == first
    assert Mapping.objects.count() == 1


def test_a_header_that_does_not_look_like_one_is_found_by_what_the_store_mapped(cast: Cast) -> None:
    """Its names are numbers; the row above has words."""
    data = "コード,サイズ,色\r\n1,2,3\r\nA-1,杉,白\r\n".encode()
    first = start(new_batch(cast), data)
    assert first.facts["header_row"] == 1
    columns = [{"index": 0, "roles": ["key"]}, {"index": 1, "roles": ["fill"], "name": "description"}]
    raw = mapping(columns=columns, encoding="utf-8", header_row=2)
    made = start(new_batch(cast), data, mapping=raw)
    assert (made.units_made, made.mapping and made.mapping.header) == (1, ["1", "2", "3"])
    assert start(new_batch(cast), data).facts["header_row"] == 2


@pytest.mark.parametrize("row", [0, -1, 1001, "3", True, 2.0])
def test_a_row_that_cannot_be_the_header_is_refused(cast: Cast, batch: Batch, row: Any) -> None:
    with pytest.raises(MappingRefused) as caught:
        start(batch, titled(11), mapping=mapping(header_row=row))
    assert "header_row" in [problem.field for problem in caught.value.fields]


def test_an_empty_row_cannot_be_the_header(batch: Batch) -> None:
    with pytest.raises(Invalid) as caught:
        start(batch, titled(11), mapping=mapping(header_row=2))
    assert [(one.field, one.code) for one in caught.value.fields] == [("file", "header_row_wrong")]


def test_the_whole_file_keeps_its_titles_and_the_update_file_begins_with_the_header(
    cast: Cast, batch: Batch
) -> None:
    start(batch, titled(11), mapping=mapping())
    batches.publish(batch_id=batch.pk, by=cast.aya, now=now())
    answer = {**good_answer(), "description": "杉の椅子です。" * 15, SEO: "丸椅子と㈱髙橋"}
    make_approved(batch, cast.ben, cast.dai, answer)
    rows = [list(row) for row in ROWS]
    rows[0][9], rows[0][10] = answer["description"], answer[SEO]
    whole, update = release(batch, "source"), release(batch, "update")
    assert whole.file.read() == TITLES.format(month=11).encode("cp932") + shop_table(
        [tuple(row) for row in rows]
    )
    assert update.file.read().startswith("商品コード,備考,商品説明,備考\r\nA-001,".encode("cp932"))
    fresh = ContentFile(titled(12, lines=2), "fresh.csv")
    made = releases.request_release(
        batch_id=batch.pk, format="source", fresh=fresh, fresh_name="fresh.csv", by=cast.aya, now=now()
    )
    run_pending()
    found = Release.objects.get(pk=made.pk)
    assert (found.state, found.drift.count()) == (JobState.DONE, 0)
    assert found.file.read().startswith("商品マスタ 2026年12月\r\n\r\n注意書き".encode("cp932"))


def test_a_running_batch_keeps_the_columns_it_began_with(cast: Cast, batch: Batch) -> None:
    """The shop's table changes, the mapping gets a new version: files of the old batch are as before."""
    start(batch, shop_table(), mapping=mapping())
    batches.publish(batch_id=batch.pk, by=cast.aya, now=now())
    header = (*HEADER[:9], "商品説明文", *HEADER[10:], "色")
    lines = [",".join(cell(text) for text in line) for line in (header, *((*row, "") for row in ROWS))]
    newer = new_batch(cast)
    made = start(newer, "\r\n".join(lines).encode("cp932"), mapping=mapping())
    assert made.mapping
    assert (made.units_made, made.mapping.number) == (3, 2)
    make_approved(batch, cast.ben, cast.dai, {**good_answer(), "description": "杉の椅子です。" * 15})
    update = release(batch, "update").file.read().decode("cp932")
    assert update.startswith("商品コード,備考,商品説明,備考\r\n")
    assert release(batch, "source").file.read().startswith(shop_table()[:60])


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_first_look_tells_how_far_it_is(batch: Batch, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(imports, "PROGRESS_EVERY_SECONDS", 0)
    rows = [(f"K{n}", "x" * 40, *[""] * 10) for n in range(1_600)]
    seen: list[tuple[int, int]] = []
    said = imports._progress

    def watched(reading: imports.Reading) -> None:
        said(reading)
        stored = Import.objects.get(pk=reading.source.pk)
        seen.append((stored.percent, stored.rows))

    monkeypatch.setattr(imports, "_progress", watched)
    made = start(batch, shop_table(rows) if kind == "csv" else shop_workbook(rows))
    if kind == "xlsx":  # its first sheet is a short one
        assert seen == []
        made = imports.read_as(
            import_id=made.pk, kind="xlsx", encoding="utf-8", sheet="商品", by=batch.created_by, now=now()
        )
        run_pending()
        made.refresh_from_db()
    assert seen == sorted(seen)
    assert len({percent for percent, _rows in seen}) >= 2
    assert all(0 < percent < 100 for percent, _rows in seen)
    assert seen[0][1] == 500
    assert Event.objects.filter(name="import.progressed").count() == len(seen)
    assert (made.percent, made.rows) == (100, 1_600)


def test_only_rows_that_lack_a_value_to_fill_can_be_chosen(batch: Batch) -> None:
    made = start(batch, shop_table(), mapping=mapping(), row_filter={"missing": [SEO]})
    assert list(Unit.objects.filter(source=made).values_list("key", flat=True)) == ["A-001"]
    with pytest.raises(Invalid):
        start(new_batch_of(batch), shop_table(), mapping=mapping(), row_filter={"missing": ["vendor"]})


def new_batch_of(batch: Batch) -> Batch:
    terms = batches.Terms(title="x", template="product-copy", audience="staff")
    return batches.create_batch(store_id=batch.store_id, terms=terms, by=batch.created_by, now=now())


def test_a_table_can_be_read_in_another_way_and_then_mapped(batch: Batch) -> None:
    made = start(batch, shop_table(mark="\t"))
    assert made.facts["kind"] == "tsv"
    wrong = imports.read_as(import_id=made.pk, kind="csv", encoding="cp932", by=batch.created_by, now=now())
    run_pending()
    wrong.refresh_from_db()
    assert wrong.error
    assert (wrong.state, wrong.error["code"]) == (JobState.FAILED, "columns_too_few")
    mapped = imports.map_columns(
        import_id=made.pk, mapping=mapping(kind="tsv"), by=batch.created_by, now=now()
    )
    run_pending()
    mapped.refresh_from_db()
    assert (mapped.state, mapped.inspect_only, mapped.facts["products"]) == (JobState.DONE, True, 3)
    imports.read_again(import_id=mapped.pk, row_filter={}, by=batch.created_by, now=now())
    run_pending()
    assert Unit.objects.filter(batch=batch).count() == 3


def test_versions_are_saved_once_and_the_header_recognises_them(cast: Cast) -> None:
    first = save(cast, mapping())
    assert save(cast, mapping()).pk == first.pk
    second = save(cast, mapping(encoding="utf-8"))
    assert (first.number, second.number) == (1, 2)
    assert mappings.recognised(cast.store.pk, HEADER) == second
    assert mappings.recognised(cast.store.pk, [*HEADER, "新"]) is None
    assert mappings.recognised(cast.store.pk + 1, HEADER) is None
    assert mappings.table_of(first).encoding == "cp932"  # the earlier version is as it was


def test_a_changed_header_shows_what_changed_and_keeps_the_columns(cast: Cast) -> None:
    saved = save(cast, mapping())
    header = ["商品コード", "商品名", "備考", "商品説明文", "備考", "色"]
    assert mappings.similar(cast.store.pk, header) is None  # too little is left
    header = [*HEADER[:9], "商品説明文", *HEADER[10:], "色"]
    assert mappings.similar(cast.store.pk, header) == saved
    table, changes = mappings.carried_over(saved, header)
    assert (changes.renamed, changes.added, changes.removed, changes.moved) == (((9, 9),), (12,), (), ())
    assert {column.name: column.index for column in table.columns if column.name} == {
        "description": 9,
        SEO: 10,
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"columns": [{"index": 9, "roles": ["fill"], "name": "description"}]}, "key"),
        ({"columns": [{"index": 0, "roles": ["key"]}]}, "fill"),
        ({"columns": [{"index": 0, "roles": ["key", "fill"], "name": "title"}]}, "key"),
        ({"columns": [{"index": 40, "roles": ["key"]}]}, "columns"),
        ({"columns": [{"index": 0, "roles": ["key"], "rules": {"pattern": "(?=x)"}}]}, "columns.0"),
        ({"columns": [{"index": 0, "roles": ["boss"]}]}, "columns.0"),
        ({"columns": None}, "columns"),
        ({"name": " "}, "name"),
        ({"encoding": "utf-16"}, "encoding"),
        ({"more": 1}, "more"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_refused_by_column(
    cast: Cast, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(MappingRefused) as caught:
        save(cast, mapping(**change))
    assert field in [problem.field for problem in caught.value.fields]
    assert all(str(problem.message) for problem in caught.value.fields)


def test_a_mapping_that_fills_nothing_of_this_work_is_refused(batch: Batch) -> None:
    columns = [{"index": 0, "roles": ["key"]}, {"index": 1, "roles": ["fill"], "name": "unheard_of"}]
    with pytest.raises(MappingRefused) as caught:
        start(batch, shop_table(), mapping=mapping(columns=columns))
    assert [problem.code for problem in caught.value.fields] == ["no_field"]


def test_only_a_stores_director_saves_and_uses_its_mappings(cast: Cast, batch: Batch) -> None:
    for person, error in ((cast.dai, RoleMissing), (cast.emi, Missing)):
        with pytest.raises(error):
            mappings.save_mapping(store_id=cast.store.pk, raw=mapping(), header=HEADER, by=person, now=now())
    with pytest.raises(Invalid) as caught:
        start(batch, shop_table(), mapping=12345)
    assert [problem.field for problem in caught.value.fields] == ["mapping"]


def test_rows_with_the_same_key_are_refused_by_row(batch: Batch) -> None:
    made = start(batch, shop_table([ROWS[0], ROWS[0], ROWS[2]]), mapping=mapping())
    assert (made.units_made, made.refused_rows) == (2, 1)
    refusal = ImportRefusal.objects.get(source=made)
    assert (refusal.row, refusal.column, refusal.code) == (3, "商品コード", "key_doubled")


def release(batch: Batch, kind: str) -> Release:
    made = releases.request_release(batch_id=batch.pk, format=kind, by=batch.created_by, now=now())
    run_pending()
    return Release.objects.get(pk=made.pk)


def answered(cast: Cast, batch: Batch, **answer: Any) -> None:
    start(batch, shop_table(), mapping=mapping())
    batches.publish(batch_id=batch.pk, by=cast.aya, now=now())
    make_approved(batch, cast.ben, cast.dai, {**good_answer(), **answer})


def test_answers_come_back_in_the_shops_own_encoding(cast: Cast, batch: Batch) -> None:
    answer = {"description": "杉の椅子です。" * 15, SEO: "丸椅子と㈱髙橋"}
    answered(cast, batch, **answer)
    whole, update = release(batch, "source"), release(batch, "update")
    rows = [list(row) for row in ROWS]
    rows[0][9], rows[0][10] = answer["description"], answer[SEO]
    assert whole.file.read() == shop_table([tuple(row) for row in rows])
    expected = f"商品コード,備考,商品説明,備考\r\nA-001,倉庫A,{answer['description']},{answer[SEO]}\r\n"
    assert update.file.read() == expected.encode("cp932")


def test_what_came_with_tabs_goes_back_with_tabs_under_that_name(cast: Cast, batch: Batch) -> None:
    start(batch, shop_table(mark="\t"), mapping=mapping(kind="tsv"))
    batches.publish(batch_id=batch.pk, by=cast.aya, now=now())
    make_approved(batch, cast.ben, cast.dai, good_answer())
    update = release(batch, "update")
    assert update.file.read().startswith("商品コード\t備考\t商品説明\t備考\r\n".encode("cp932"))
    sent = result_response(RequestFactory().get("/"), update)
    assert (update.name[-4:], sent["Content-Type"]) == (".tsv", "text/tab-separated-values")
    assert release(batch, "csv").name.endswith(".csv")


def cells(data: bytes, sheet: int) -> list[list[str]]:
    rows = load_workbook(io.BytesIO(data)).worksheets[sheet].values
    return [["" if value is None else str(value) for value in row] for row in rows]


def test_a_workbook_goes_out_and_comes_back_as_one(cast: Cast, batch: Batch) -> None:
    """The chosen sheet is worked on, the other stays; a restore file takes the answers out again."""
    data = shop_workbook()
    start(batch, data, mapping=mapping(kind="xlsx", encoding="utf-8", sheet="商品"))
    batches.publish(batch_id=batch.pk, by=cast.aya, now=now())
    answer = {"description": "杉の椅子です。" * 15, SEO: "丸椅子と㈱髙橋"}
    make_approved(batch, cast.ben, cast.dai, {**good_answer(), **answer})
    whole, update = release(batch, "source"), release(batch, "update")
    rows = [list(row) for row in (HEADER, *ROWS)]
    rows[1][9], rows[1][10] = answer["description"], answer[SEO]
    written = whole.file.read()
    assert cells(written, 1) == cells(shop_workbook([tuple(row) for row in rows[1:]]), 1)
    assert cells(written, 0) == cells(data, 0)
    expected = [
        ["商品コード", "備考", "商品説明", "備考"],
        ["A-001", "倉庫A", answer["description"], answer[SEO]],
    ]
    assert cells(update.file.read(), 0) == expected
    sent = result_response(RequestFactory().get("/"), whole)
    assert (whole.name[-5:], sent["Content-Type"]) == (".xlsx", RESULT_TYPES["xlsx"])
    made = releases.request_release(
        batch_id=batch.pk, format="restore", restores=whole.pk, by=cast.aya, now=now()
    )
    run_pending()
    restore = Release.objects.get(pk=made.pk)
    assert cells(restore.file.read(), 0) == [expected[0], ["A-001", "倉庫A", "", ""]]


def test_a_workbook_is_compared_with_a_fresh_one(cast: Cast, batch: Batch) -> None:
    start(batch, shop_workbook(), mapping=mapping(kind="xlsx", encoding="utf-8", sheet="商品"))
    batches.publish(batch_id=batch.pk, by=cast.aya, now=now())
    make_approved(batch, cast.ben, cast.dai, good_answer())
    rows = [list(row) for row in ROWS]
    rows[1][6] = "倉庫B"
    fresh = ContentFile(shop_workbook([tuple(row) for row in rows]), "fresh.xlsx")
    made = releases.request_release(
        batch_id=batch.pk, format="source", fresh=fresh, fresh_name="fresh.xlsx", by=cast.aya, now=now()
    )
    run_pending()
    found = Release.objects.get(pk=made.pk)
    assert [(one.key, one.column, one.then, one.now) for one in found.drift.all()] == [
        ("A-002", "備考", "", "倉庫B")
    ]
    assert cells(found.file.read(), 1)[2][6] == "倉庫B"


@pytest.mark.parametrize(
    "wrong", [{"sheet": "ない"}, {"sheet": "x" * 32}, {"sheet": 3}, {"encoding": "cp932"}, {"kind": "csv"}]
)
def test_a_workbook_that_is_badly_asked_for_is_refused(batch: Batch, wrong: dict[str, Any]) -> None:
    asked = {"kind": "xlsx", "encoding": "utf-8", "sheet": "商品", **wrong}
    with pytest.raises(Invalid) as caught:
        start(batch, shop_workbook(), mapping=mapping(**asked))
    assert caught.value.fields[0].field in ("file", "sheet", "encoding")
    assert not Import.objects.exists()


def test_a_worker_is_told_at_once_what_the_encoding_lacks(cast: Cast, batch: Batch) -> None:
    with pytest.raises(Invalid) as caught:
        answered(cast, batch, description="椅子😀です。" * 15)
    assert [(one.field, one.code) for one in caught.value.fields] == [("description", "check_bytes_cp932")]


def test_a_result_that_the_encoding_cannot_hold_is_refused_with_every_place(
    cast: Cast, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.domain.table_source.checks_of", lambda *_a: [])  # as with a choice's value
    answered(cast, batch, description="椅子😀です。" * 15)
    failed = release(batch, "source")
    assert failed.error
    assert (failed.state, failed.error["code"]) == (JobState.FAILED, "not_encodable")
    assert failed.error["params"]["total"] == 1
    place = failed.error["params"]["places"][0]
    assert (place["key"], place["row"], place["number"], place["characters"]) == ("A-001", 2, 10, ["😀"])


def test_a_hundred_thousand_rows_are_looked_into_in_little_memory() -> None:
    import tracemalloc

    from exchange.inspection import inspect_table

    data = io.BytesIO(b"k,v,w\r\n" + b"".join(b"K%06d,same,%d\r\n" % (n, n % 7) for n in range(100_000)))
    tracemalloc.start()
    found = inspect_table(data)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.rows == 100_000
    assert peak < 40 * 1024 * 1024
