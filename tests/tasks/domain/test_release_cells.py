"""What is on record of a result file is what is in it, and which answer each cell is from."""

import csv
import io
from typing import Any

import pytest
from django_tasks_db.models import DBTaskResult

from exchange.errors import FileRefused
from exchange.rendering import render_description
from jobs.define import Stopped
from jobs.runner import run_pending
from kernel.clock import now
from tasks.domain import release_cells, release_writing, releases
from tasks.models import Release, ReleaseCell
from tasks.states import JobState
from tests.factories import LAYOUTS, Cast, good_answer, make_approved, make_batch, products, shop_file
from tests.tasks.domain.world import release

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def cells(made: Release) -> list[tuple[str, int, str, str, str]]:
    rows = ReleaseCell.objects.filter(release=made).order_by("pk")
    return list(rows.values_list("key", "row", "logical", "before", "after"))


def table(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def applied(source: bytes, made: Release) -> list[list[str]]:
    """The source with the recorded cells put in by their row and column, by another way than the writer's."""
    rows = table(source)
    for cell in ReleaseCell.objects.filter(release=made):
        column = rows[0].index(cell.column)
        assert rows[cell.row - 1][column] == cell.before
        rows[cell.row - 1][column] = cell.after
    return rows


def test_the_recorded_cells_put_into_the_source_are_the_whole_file(cast: Cast) -> None:
    batch = make_batch(cast, count=4)
    for _number in range(3):
        make_approved(batch, cast.ben, cast.dai)
    made, data = release(batch, "source")
    source = shop_file(products(4))
    assert applied(source, made) == table(data)
    assert made.cells == len(cells(made)) == 15


def test_the_recorded_cells_are_the_changes_of_the_update_file(cast: Cast) -> None:
    batch = make_batch(cast, count=3)
    submission = make_approved(batch, cast.ben, cast.dai)
    made, data = release(batch, "update")
    header, row = table(data)
    columns = LAYOUTS["current"].columns
    answer = {**good_answer(submission.assignment_id)}
    answer["description"] = render_description(answer["description"])
    assert (
        cells(made)
        == [
            ("mug-1", 2, logical, before, answer[logical])
            for logical, before in (
                ("title", "マグカップ 1"),
                ("description", ""),
                ("seo_title", ""),
                ("seo_description", ""),
                ("tags", "食器, ギフト"),
            )
        ]
        or {cell[2]: cell[4] for cell in cells(made)} == answer
    )
    for _key, _row, logical, _before, after in cells(made):
        assert row[header.index(columns[logical])] == after
    assert set(ReleaseCell.objects.values_list("submission", flat=True)) == {submission.pk}
    named = {one["column"]: one["cells"] for one in made.facts["columns"]}
    assert named == {columns[logical]: 1 for logical in answer}


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_files_for_people_record_no_cells(cast: Cast, kind: str) -> None:
    batch = make_batch(cast, count=2)
    make_approved(batch, cast.ben, cast.dai)
    made, _data = release(batch, kind)
    assert (cells(made), made.cells, made.answers) == ([], 0, 1)


def test_a_run_that_broke_off_leaves_one_set_of_cells(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = make_batch(cast, count=2)
    make_approved(batch, cast.ben, cast.dai)
    made = releases.request_release(batch_id=batch.pk, format="source", by=cast.aya, now=now())

    def breaks(*args: Any) -> Any:
        raise Stopped

    with monkeypatch.context() as patched:
        patched.setattr(release_writing, "write_whole", breaks)
        run_pending(limit=1)
    assert len(cells(made)) == 5
    run_pending()
    assert Release.objects.get(pk=made.pk).state == JobState.DONE
    assert len(cells(made)) == 5


def test_nothing_is_kept_of_a_release_that_failed(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = make_batch(cast, count=2)
    make_approved(batch, cast.ben, cast.dai)
    made = releases.request_release(batch_id=batch.pk, format="source", by=cast.aya, now=now())

    def broken(*args: Any) -> Any:
        raise RuntimeError("bug")

    with monkeypatch.context() as patched:
        patched.setattr(release_writing, "write_whole", broken)
        for _attempt in range(5):
            run_pending()
            DBTaskResult.objects.update(run_after=now())
    run_pending()
    assert Release.objects.get(pk=made.pk).state == JobState.FAILED
    assert cells(made) == []


def test_cells_that_are_not_those_of_the_file_are_noticed(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = make_batch(cast, count=2)
    make_approved(batch, cast.ben, cast.dai)
    made = releases.request_release(batch_id=batch.pk, format="source", by=cast.aya, now=now())
    with monkeypatch.context() as patched:
        patched.setattr(release_cells, "lookup", lambda *_args: lambda _keys: {})
        run_pending(limit=1)
    assert Release.objects.get(pk=made.pk).state == JobState.RUNNING


def test_cells_are_staged_in_chunks(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_cells, "chunk_rows", lambda _most: 2)
    monkeypatch.setattr(release_cells, "CLEAR_AT_ONCE", 2)
    batch = make_batch(cast, count=3)
    for _number in range(2):
        make_approved(batch, cast.ben, cast.dai)
    made, data = release(batch, "source")
    assert applied(shop_file(products(3)), made) == table(data)
    release_cells.clear(made.pk)
    assert cells(made) == []


def test_a_refusal_of_the_file_is_its_report(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = make_batch(cast, count=2)
    make_approved(batch, cast.ben, cast.dai)
    made = releases.request_release(batch_id=batch.pk, format="source", by=cast.aya, now=now())

    def refuse(*args: Any) -> Any:
        raise FileRefused("file_empty")

    monkeypatch.setattr(releases, "write", refuse)
    run_pending()
    made.refresh_from_db()
    assert (made.state, made.error) == (
        JobState.FAILED,
        {"code": "file_empty", "row": None, "column": "", "params": {}},
    )
