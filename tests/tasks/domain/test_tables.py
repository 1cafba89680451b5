"""A shop's own table on its way through a batch: mapped, read, answered, written back."""

import io
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import RequestFactory

from jobs.runner import run_pending
from kernel.clock import now
from kernel.errors import Invalid
from tasks.domain import batches, imports, mappings, releases
from tasks.domain.mapping_parse import MappingRefused
from tasks.domain.versions import checks_of
from tasks.errors import Missing, RoleMissing
from tasks.files import result_response
from tasks.models import Batch, Import, ImportRefusal, Mapping, Release, Unit
from tasks.states import JobState
from tests.exchange.tables import HEADER, ROWS, shop_table
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
    expected = f"商品コード,商品説明,備考\r\nA-001,{answer['description']},{answer[SEO]}\r\n"
    assert update.file.read() == expected.encode("cp932")


def test_what_came_with_tabs_goes_back_with_tabs_under_that_name(cast: Cast, batch: Batch) -> None:
    start(batch, shop_table(mark="\t"), mapping=mapping(kind="tsv"))
    batches.publish(batch_id=batch.pk, by=cast.aya, now=now())
    make_approved(batch, cast.ben, cast.dai, good_answer())
    update = release(batch, "update")
    assert update.file.read().startswith("商品コード\t商品説明\t備考\r\n".encode("cp932"))
    sent = result_response(RequestFactory().get("/"), update)
    assert (update.name[-4:], sent["Content-Type"]) == (".tsv", "text/tab-separated-values")
    assert release(batch, "csv").name.endswith(".csv")


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
