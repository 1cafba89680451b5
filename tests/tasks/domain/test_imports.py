"""Reading a file into a batch: in chunks nobody sees, refused rows named, and never anything twice."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django_tasks_db.models import DBTaskResult

from exchange.csvbytes import LIMITS
from jobs.define import is_stopping
from jobs.runner import run_pending
from kernel.clock import now
from kernel.errors import Conflict, Invalid
from tasks.domain import batches, counts, imports, queries, staging
from tasks.errors import IllegalMove, Missing, RoleMissing
from tasks.models import Batch, Import, ImportRefusal, Slot, Task, Unit
from tasks.states import JobState, TaskState
from tests.factories import Cast, products, read_file, shop_file
from tests.tasks.domain.world import check_books

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch(cast: Cast) -> Batch:
    return new_batch(cast)


def new_batch(cast: Cast, **terms: Any) -> Batch:
    filled = {"title": "Spring", "template": "product-copy", "audience": "staff", **terms}
    return batches.create_batch(store_id=cast.store.pk, terms=batches.Terms(**filled), by=cast.aya, now=now())


def start(batch: Batch, data: bytes, **more: Any) -> Import:
    asked = {"row_filter": {}, "by": batch.created_by, "now": now(), "name": "p.csv", **more}
    return imports.start_import(batch_id=batch.pk, file=ContentFile(data, "p.csv"), **asked)


def again(made: Import) -> Import:
    return Import.objects.get(pk=made.pk)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "chunk_rows", lambda most: 2)


@pytest.mark.both
@pytest.mark.parametrize("answers", [1, 3])
def test_products_become_tasks_with_their_slots(cast: Cast, answers: int) -> None:
    batch = new_batch(cast, answers_per_task=answers)
    made = read_file(batch, shop_file(products(5), bom=True), by=cast.aya)
    assert (made.state, made.rows, made.units_made, made.refused_rows, made.percent) == (
        JobState.DONE, 5, 5, 0, 100,
    )  # fmt: skip
    assert made.facts["products"] == 5
    assert made.facts["missing"]["description"] == 3
    assert (made.facts["dialect"], made.facts["bom"], made.facts["newline"]) == ("current", True, "CRLF")
    units = list(Unit.objects.filter(batch=batch).order_by("position"))
    assert [unit.key for unit in units] == [f"mug-{n}" for n in range(1, 6)]
    assert [unit.position for unit in units] == [1, 2, 3, 4, 5]
    assert units[1].values["description"] == "<p>説明 2</p>"
    assert "description" not in units[0].values
    assert Slot.objects.filter(step__batch=batch, state="open").count() == 5 * answers
    assert counts.of_batch(batch.pk)[TaskState.OPEN] == 5
    check_books(batch)


@pytest.mark.both
def test_nothing_is_seen_before_the_import_has_landed(
    cast: Cast, batch: Batch, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = start(batch, shop_file(products(6)))
    seen: list[tuple[int, int, int, list[str]]] = []
    breathe = staging.breathe

    def look(took: float) -> None:
        refusals = []
        for verb in ("publish", "cancel", "remove_source"):
            with pytest.raises(Conflict) as refused:
                getattr(batches, verb)(batch_id=batch.pk, by=cast.aya, now=now())
            refusals.append(refused.value.code)
        found = queries.visible_tasks(cast.aya, now()).count()
        seen.append((found, sum(counts.of_batch(batch.pk).values()), again(made).units_made, refusals))
        breathe(took)

    monkeypatch.setattr(staging, "breathe", look)
    run_pending()
    assert [(found, counted) for found, counted, _made, _codes in seen] == [(0, 0)] * len(seen)
    assert [made for _found, _counted, made, _codes in seen] == [2, 4, 6, 6]
    assert {code for *_, codes in seen for code in codes} == {"import_running"}
    assert queries.visible_tasks(cast.aya, now()).count() == 6


def test_only_what_is_missing_is_taken(cast: Cast, batch: Batch) -> None:
    made = read_file(batch, shop_file(products(6)), by=cast.aya, row_filter={"missing": ["description"]})
    assert (made.units_made, made.units_left_out) == (3, 3)
    chosen = {"keys": ["mug-2", "mug-3"], "statuses": ["Active"]}
    more = read_file(batch, shop_file(products(6)), by=cast.aya, row_filter=chosen)
    assert (more.units_made, more.units_known, more.units_left_out) == (1, 1, 4)
    assert Unit.objects.get(batch=batch, key="mug-2").position == 4
    check_books(batch)


@pytest.mark.parametrize(
    "row_filter",
    [[], "x", {"unknown": []}, {"missing": ["price"]}, {"keys": [1]}, {"keys": ["x" * 256]}, {"missing": 1}],
)
def test_a_choice_of_rows_that_makes_no_sense_is_refused(batch: Batch, row_filter: Any) -> None:
    with pytest.raises(Invalid) as refused:
        start(batch, shop_file(products(1)), row_filter=row_filter)
    assert refused.value.code == "row_filter_invalid"
    assert not Import.objects.exists()


@pytest.mark.both
def test_refused_rows_are_named_and_the_rest_is_taken(cast: Cast, batch: Batch) -> None:
    rows = products(4)
    rows[1]["handle"] = ""
    rows[3]["title"] = " "
    made = read_file(batch, shop_file(rows), by=cast.aya)
    assert (made.state, made.units_made, made.refused_rows) == (JobState.DONE, 2, 2)
    found = ImportRefusal.objects.filter(source=made).order_by("row").values_list("row", "column", "code")
    assert list(found) == [(3, "URL handle", "handle_missing"), (5, "Title", "title_missing")]
    assert Unit.objects.filter(batch=batch).count() == 2


@pytest.mark.both
def test_a_column_name_without_end_does_not_break_the_report(cast: Cast, batch: Batch) -> None:
    data = shop_file(products(1)).replace(b"Vendor", b"Vendor" + b"x" * 500, 1)
    data += data.splitlines()[1].replace("港工房".encode(), b'"a"b', 1).replace(b"mug-1", b"mug-2") + b"\r\n"
    made = read_file(batch, data, by=cast.aya)
    assert (made.state, made.units_made) == (JobState.DONE, 1)
    assert len(ImportRefusal.objects.get(source=made).column) == imports.COLUMN_MAX


def test_refusals_are_written_in_chunks_and_kept_up_to_a_number(
    cast: Cast, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "CHUNK_ROWS", 3)
    monkeypatch.setattr(imports, "REFUSALS_KEPT", 8)
    rows = [{**row, "handle": ""} for row in products(12)]
    sizes: list[int] = []
    create = ImportRefusal.objects.bulk_create

    def counted(rows: Any) -> Any:
        rows = list(rows)
        sizes.append(len(rows))
        return create(rows)

    monkeypatch.setattr(ImportRefusal.objects, "bulk_create", counted)
    made = read_file(batch, shop_file(rows), by=cast.aya)
    assert made.refused_rows == 12
    assert max(sizes) <= 3
    assert ImportRefusal.objects.filter(source=made).count() == 8


BAD_FILES: dict[str, bytes] = {
    "file_empty": b"",
    "header_missing": b"Title,Price\r\nMug,1\r\n",
    "header_doubled": shop_file(products(1)).replace(b"Vendor", b"Title", 1),
    "encoding_not_utf8": shop_file(products(1)).decode().encode("cp932"),
    "nul_byte": shop_file(products(6)).replace(b"mug-5", b"mug\0-5"),
    "file_zip": b"PK\x03\x04" + bytes(2000),
    "quote_unterminated": shop_file(products(6)) + b'"mug',
    "cell_too_long": shop_file([*products(3), {**products(4)[3], "description": "x" * 2_000_000}]),
}


@pytest.mark.both
@pytest.mark.parametrize("code", BAD_FILES)
def test_a_failed_import_leaves_only_its_report(
    cast: Cast, batch: Batch, small_chunks: None, code: str
) -> None:
    made = read_file(batch, BAD_FILES[code], by=cast.aya)
    assert (made.state, made.error and made.error["code"]) == (JobState.FAILED, code)
    assert (made.units_made, made.units_known) == (0, 0)
    assert made.finished_at is not None
    assert not Unit.objects.exists()
    assert not Task.objects.exists()
    assert sum(counts.of_batch(batch.pk).values()) == 0
    # Another file can follow.
    assert read_file(batch, shop_file(products(2)), by=cast.aya).units_made == 2
    check_books(batch)


@pytest.mark.both
def test_the_same_file_twice_makes_no_second_unit(cast: Cast, batch: Batch) -> None:
    data = shop_file(products(4))
    read_file(batch, data, by=cast.aya)
    second = read_file(batch, data, by=cast.aya)
    assert (second.state, second.units_made, second.units_known) == (JobState.DONE, 0, 4)
    assert Unit.objects.filter(batch=batch).count() == Task.objects.filter(batch=batch).count() == 4
    check_books(batch)


def test_another_file_needs_the_first_taken_out(cast: Cast, batch: Batch) -> None:
    read_file(batch, shop_file(products(4)), by=cast.aya)
    with pytest.raises(Conflict) as refused:
        start(batch, shop_file(products(5)))
    assert refused.value.code == "source_present"
    batches.remove_source(batch_id=batch.pk, by=cast.aya, now=now())
    assert read_file(batch, shop_file(products(5)), by=cast.aya).units_made == 5
    check_books(batch)


def test_who_may_read_what_into_which_batch(cast: Cast, batch: Batch) -> None:
    data = shop_file(products(1))
    for who, error in (
        (cast.dai, RoleMissing),
        (cast.ben, RoleMissing),
        (cast.chie, Missing),
        (cast.gen, Missing),
    ):
        with pytest.raises(error):
            start(batch, data, by=who)
    with pytest.raises(Invalid) as refused:
        start(batch, data, format="bazaar")
    assert [one.field for one in refused.value.fields] == ["format"]
    file = ContentFile(b"", "p.csv")
    file.size = LIMITS.file_bytes + 1
    with pytest.raises(Invalid) as refused:
        imports.start_import(
            batch_id=batch.pk, file=file, name="p.csv", row_filter={}, by=cast.aya, now=now()
        )
    assert [one.code for one in refused.value.fields] == ["file_too_big"]
    start(batch, data)
    with pytest.raises(Conflict) as running:
        start(batch, data)
    assert running.value.code == "import_running"
    run_pending()
    batches.publish(batch_id=batch.pk, by=cast.aya, now=now())
    with pytest.raises(IllegalMove):
        start(batch, data)


def test_an_inspection_looks_and_makes_nothing(cast: Cast, batch: Batch) -> None:
    looked = start(batch, shop_file(products(5)), inspect_only=True)
    run_pending()
    looked = again(looked)
    assert (looked.state, looked.units_made, looked.facts["products"]) == (JobState.DONE, 0, 5)
    assert [one["key"] for one in looked.facts["sample"]] == [f"mug-{n}" for n in range(1, 6)]
    assert not Unit.objects.exists()
    read = imports.read_again(
        import_id=looked.pk, row_filter={"missing": ["description"]}, by=cast.aya, now=now()
    )
    run_pending()
    assert again(read).units_made == 3
    check_books(batch)


def fail_at(chunk: int, error: BaseException) -> Callable[..., int]:
    """Stands in for `staging.add`, which breaks down at this chunk, after having written it."""
    add, seen = staging.add, [0]

    def staged(*args: Any, **more: Any) -> int:
        made = add(*args, **more)
        seen[0] += 1
        if seen[0] == chunk:
            raise error
        return made

    return staged


@pytest.mark.both
@pytest.mark.parametrize("chunk", [1, 2, 4])
def test_an_import_that_broke_down_starts_over_without_doubles(
    cast: Cast, batch: Batch, small_chunks: None, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    rows = products(7)
    rows[0]["handle"] = ""
    made = start(batch, shop_file(rows))
    with monkeypatch.context() as patched:
        patched.setattr(staging, "add", fail_at(chunk, RuntimeError("power")))
        run_pending()
    assert again(made).state == JobState.RUNNING
    assert queries.visible_tasks(cast.aya, now()).count() == 0
    imports.run_import(import_id=made.pk)
    assert (again(made).state, again(made).units_made, again(made).refused_rows) == (JobState.DONE, 6, 1)
    assert ImportRefusal.objects.filter(source=made).count() == 1
    assert Unit.objects.filter(batch=batch).count() == 6
    imports.run_import(import_id=made.pk)
    check_books(batch)


@pytest.mark.both
def test_an_import_stopped_with_its_server_goes_on_with_the_next(
    cast: Cast, batch: Batch, small_chunks: None
) -> None:
    made, asked = start(batch, shop_file(products(7))), [0]

    def stop_at_third() -> bool:
        asked[0] += 1
        return asked[0] >= 3

    token = is_stopping.set(stop_at_third)
    try:
        assert run_pending(limit=1) == 1
    finally:
        is_stopping.reset(token)
    assert again(made).state == JobState.RUNNING
    assert 0 < Unit.objects.filter(batch=batch).count() < 7
    assert run_pending() == 1
    assert (again(made).state, Unit.objects.filter(batch=batch).count()) == (JobState.DONE, 7)
    check_books(batch)


@pytest.mark.both
def test_an_import_that_fails_every_time_leaves_only_its_report(
    cast: Cast, batch: Batch, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = start(batch, shop_file(products(6)))
    for _attempt in range(5):
        with monkeypatch.context() as patched:
            patched.setattr(staging, "add", fail_at(3, RuntimeError("bug")))
            run_pending()
        DBTaskResult.objects.update(run_after=now())
    made = again(made)
    assert made.error is not None
    assert (made.state, made.error["code"]) == (JobState.FAILED, "internal")
    assert not Unit.objects.exists()
    assert read_file(batch, shop_file(products(6)), by=cast.aya).units_made == 6
    check_books(batch)


def big_file(rows: int, variants: int) -> bytes:
    out = io.StringIO()
    out.write("Title,URL handle,Description,Option1 name,Option1 value,SKU\r\n")
    for number in range(rows // variants):
        for variant in range(variants):
            head = f"マグカップ {number},mug-{number},,色" if variant == 0 else f",mug-{number},,"
            out.write(f"{head},c{variant},M-{number}-{variant}\r\n")
    return out.getvalue().encode()


def peak_memory() -> int:
    """The most memory this process has had since `forget_peak`, in bytes."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
    return int(line.split()[1]) * 1024


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


@pytest.mark.slow
@pytest.mark.both
@pytest.mark.timeout(300)
# Each chunk is committed, as in life: put off to one moment, PostgreSQL checks 400,000 foreign keys by plans
# made when the tables were empty, for minutes.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("variants", [pytest.param(1, marks=pytest.mark.postgres), 4])
def test_a_hundred_thousand_rows_in_small_steps_and_little_memory(
    cast: Cast, batch: Batch, monkeypatch: pytest.MonkeyPatch, variants: int
) -> None:
    made = start(batch, big_file(100_000, variants))
    steps: list[int] = []
    add = staging.add

    def noted(source: Import, chunk: Any, **more: Any) -> int:
        steps.append(sum(len(product.rows) for product in chunk))
        return add(source, chunk, **more)

    monkeypatch.setattr(staging, "add", noted)
    forget_peak()
    before = peak_memory()
    run_pending()
    grown = peak_memory() - before
    made = again(made)
    assert (made.state, made.rows, made.units_made) == (JobState.DONE, 100_000, 100_000 // variants)
    assert max(steps) <= imports.CHUNK_ROWS + variants
    assert sum(steps) == 100_000
    # The file has 4 to 6 MB; what grows with it is one handle a product.
    assert grown < 60 * 1024 * 1024, grown
    assert counts.drift(batch.pk) == {}
