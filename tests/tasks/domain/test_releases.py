"""Result files: what is in them, byte for byte, and what stays out."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django_tasks_db.models import DBTaskResult

from exchange.merge import AnswersChanged
from jobs.define import is_stopping
from jobs.runner import run_pending
from kernel.clock import now
from kernel.errors import Conflict, Invalid
from tasks import texts
from tasks.domain import batches, release_writing, releases, review
from tasks.errors import Missing, RoleMissing
from tasks.models import Batch, Import, Release, Submission
from tasks.states import JobState
from tests.factories import LAYOUTS, Cast, make_approved, make_batch, products, read_file, shop_file
from tests.tasks.domain import world
from tests.tasks.domain.world import DAY, fresh, hand_in, handed_in, plain_batch, release, take

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def approved(batch: Batch, cast: Cast, text: str) -> Submission:
    answer = hand_in(take(batch, cast.ben), text)
    review.approve(submission_id=answer.pk, by=cast.dai, now=now())
    return answer


def codes(made: Release) -> list[str]:
    return [warning["code"] for warning in made.warnings]


def rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def test_an_update_file_holds_keys_and_changed_cells_of_changed_rows_only(cast: Cast) -> None:
    batch = plain_batch(cast, count=4)
    approved(batch, cast, "新しい商品名")
    same = approved(batch, cast, "マグカップ 2")
    made, data = release(batch, "update")
    layout = LAYOUTS["current"].columns
    assert rows(data) == [[layout["title"], layout["handle"]], ["新しい商品名", "mug-1"]]
    assert (made.answers, made.cells) == (1, 1)
    assert fresh(same).use == "used"
    assert made.name.startswith(f"tencho-{batch.pk}-update-")


@pytest.mark.parametrize("dialect", ["current", "legacy"])
@pytest.mark.parametrize(("end", "bom"), [("\r\n", True), ("\n", False)])
def test_the_whole_file_differs_in_the_answered_cells_alone(
    cast: Cast, dialect: str, end: str, bom: bool
) -> None:
    source = shop_file(products(3), dialect=dialect, end=end, bom=bom)
    batch = plain_batch(cast, count=1, publish=False)
    batches.remove_source(batch_id=batch.pk, by=cast.aya, now=now())
    read_file(batch, source, by=cast.aya)
    batches.publish(batch_id=batch.pk, by=cast.aya, now=now())
    approved(batch, cast, '新しい, "商品名"')
    _made, data = release(batch, "source")
    assert data == source.replace("マグカップ 1".encode(), '"新しい, ""商品名"""'.encode(), 1)


def test_the_source_file_without_answers_is_the_source(cast: Cast) -> None:
    batch = plain_batch(cast, count=2)
    made, data = release(batch, "source")
    with Import.objects.get(batch=batch).file.open("rb") as file:
        assert file.read() == data
    assert (made.answers, made.cells) == (0, 0)


def test_a_whole_file_warns_of_its_age(cast: Cast) -> None:
    batch = plain_batch(cast, count=1)
    approved(batch, cast, "新しい商品名")
    Import.objects.filter(batch=batch).update(created_at=now() - timedelta(hours=30))
    made, _data = release(batch, "source")
    assert made.warnings[0]["code"] == "source_age"
    assert made.warnings[0]["params"]["hours"] == 30
    assert "30" in texts.warning(made.warnings[0])
    assert "source_age" not in codes(release(batch, "update")[0])


def test_only_answers_that_a_person_wants_used_are_in_a_file(cast: Cast) -> None:
    start = now() - 30 * DAY
    batch = plain_batch(cast, count=5)
    silent = handed_in(batch, cast.ben, start)
    world.sweep(start + 8 * DAY)
    refused = handed_in(batch, cast.ben)
    review.reject(submission_id=refused.pk, reasons=["true"], by=cast.dai, now=now())
    approved(batch, cast, "採用")
    handed_in(batch, cast.ben)
    made, data = release(batch, "jsonl")
    assert [json.loads(line)["answer"]["title"] for line in data.splitlines()] == ["採用"]
    update, _data = release(batch, "update")
    assert codes(update) == ["unseen_left_out", "undecided_left_out"]
    assert made.answers == 1
    review.accept(submission_id=silent.pk, by=cast.aya, now=now())
    _made, data = release(batch, "jsonl")
    assert len(data.splitlines()) == 2
    assert "unseen_left_out" not in codes(release(batch, "update")[0])


def test_the_last_revision_of_an_answer_counts(cast: Cast) -> None:
    batch = plain_batch(cast, count=2)
    first = hand_in(take(batch, cast.ben), "第一版")
    review.request_changes(submission_id=first.pk, comments={"title": "?"}, by=cast.dai, now=now())
    second = hand_in(fresh(first), "第二版")
    review.request_changes(submission_id=second.pk, comments={"title": "?"}, by=cast.dai, now=now())
    third = hand_in(fresh(first), "第三版")
    review.approve(submission_id=third.pk, by=cast.dai, now=now())
    for kind in ("jsonl", "csv", "update", "source"):
        _made, data = release(batch, kind)
        assert "第三版" in data.decode()
        assert "第二版" not in data.decode()


def test_of_several_answers_the_chosen_one_is_written(cast: Cast) -> None:
    batch = plain_batch(cast, count=1, answers_per_task=2, audience="crowd")
    answers = [hand_in(take(batch, who), f"{who.name}の案") for who in (cast.chie, cast.fumi)]
    for answer in answers:
        review.approve(submission_id=answer.pk, by=cast.dai, now=now())
    with pytest.raises(Conflict) as refused:
        release(batch, "update")
    assert refused.value.code == "nothing_to_release"
    for chosen, name in ((answers[1], "Fumi"), (answers[0], "Chie")):
        review.accept(submission_id=chosen.pk, by=cast.aya, now=now())
        made, data = release(batch, "update")
        assert rows(data)[1][0] == f"{name}の案"
        assert made.answers == 1


def test_a_formula_is_disarmed_for_people_and_kept_for_machines(cast: Cast) -> None:
    formula = '=HYPERLINK("http://x","y")'
    batch = plain_batch(cast, count=1)
    approved(batch, cast, formula)
    _made, for_people = release(batch, "csv")
    assert rows(for_people)[1][2] == "'" + formula
    for kind in ("update", "source"):
        _made, data = release(batch, kind)
        assert any(formula in row for row in rows(data))
    _made, lines = release(batch, "jsonl")
    assert json.loads(lines)["answer"]["title"] == formula


@pytest.mark.parametrize(("language", "heading"), [("ja", "商品名"), ("en", "Title")])
def test_a_csv_speaks_the_language_of_who_asked(cast: Cast, language: str, heading: str) -> None:
    cast.aya.language = language
    cast.aya.save()
    batch = plain_batch(cast, count=1)
    approved(batch, cast, "新しい商品名")
    _made, data = release(batch, "csv")
    header, row = rows(data)
    assert data.startswith(b"\xef\xbb\xbf")
    assert heading in header
    assert row[:3] == ["mug-1", "マグカップ 1", "新しい商品名"]
    assert "Ben" in row


def test_a_column_that_the_source_lacks_is_counted(cast: Cast) -> None:
    header = b"Title,URL handle,Description\r\n"
    batch = make_batch(cast, count=1, publish=False)
    batches.remove_source(batch_id=batch.pk, by=cast.aya, now=now())
    read_file(batch, header + "マグ,mug-1,\r\n".encode(), by=cast.aya)
    batches.publish(batch_id=batch.pk, by=cast.aya, now=now())
    make_approved(batch, cast.ben, cast.dai)
    made, data = release(batch, "update")
    missing = {one["params"]["column"] for one in made.warnings if one["code"] == "column_missing"}
    assert missing == {"seo_title", "seo_description", "tags"}
    assert rows(data)[0] == ["Title", "URL handle", "Description"]


def test_who_may_ask_for_what(cast: Cast) -> None:
    batch = plain_batch(cast, count=1)
    for who, error in (
        (cast.dai, RoleMissing),
        (cast.ben, Missing),
        (cast.chie, Missing),
        (cast.gen, Missing),
    ):
        with pytest.raises(error):
            releases.request_release(batch_id=batch.pk, format="source", by=who, now=now())
    with pytest.raises(Invalid):
        releases.request_release(batch_id=batch.pk, format="xlsx", by=cast.aya, now=now())
    for kind in ("update", "csv", "jsonl"):
        with pytest.raises(Conflict) as refused:
            releases.request_release(batch_id=batch.pk, format=kind, by=cast.aya, now=now())
        assert refused.value.code == "nothing_to_release"
    draft = plain_batch(cast, publish=False)
    with pytest.raises(Conflict) as refused:
        releases.request_release(batch_id=draft.pk, format="source", by=cast.aya, now=now())
    assert refused.value.code == "batch_not_published"


def test_a_file_that_broke_off_is_written_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = plain_batch(cast, count=1)
    approved(batch, cast, "新しい商品名")
    made = releases.request_release(batch_id=batch.pk, format="update", by=cast.aya, now=now())

    def changed(*args: Any) -> Any:
        raise AnswersChanged

    with monkeypatch.context() as patched:
        patched.setattr(release_writing, "write_update", changed)
        run_pending()
    assert Release.objects.get(pk=made.pk).state == JobState.RUNNING
    assert not Release.objects.get(pk=made.pk).file
    DBTaskResult.objects.update(run_after=now())
    run_pending()
    found = Release.objects.get(pk=made.pk)
    assert (found.state, found.answers) == (JobState.DONE, 1)
    releases.run_release(release_id=made.pk)
    assert Release.objects.get(pk=made.pk).file == found.file


def test_a_file_stopped_with_its_server_is_written_by_the_next(cast: Cast) -> None:
    batch = plain_batch(cast, count=1)
    approved(batch, cast, "新しい商品名")
    made = releases.request_release(batch_id=batch.pk, format="csv", by=cast.aya, now=now())
    token = is_stopping.set(lambda: True)
    try:
        run_pending(limit=1)
    finally:
        is_stopping.reset(token)
    assert Release.objects.get(pk=made.pk).state == JobState.RUNNING
    run_pending()
    assert Release.objects.get(pk=made.pk).state == JobState.DONE


def test_a_file_that_fails_every_time_says_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = plain_batch(cast, count=1)
    approved(batch, cast, "新しい商品名")
    made = releases.request_release(batch_id=batch.pk, format="update", by=cast.aya, now=now())

    def broken(*args: Any) -> Any:
        raise RuntimeError("bug")

    with monkeypatch.context() as patched:
        patched.setattr(release_writing, "write_update", broken)
        for _attempt in range(5):
            run_pending()
            DBTaskResult.objects.update(run_after=now())
    found = Release.objects.get(pk=made.pk)
    assert (found.state, found.error) == (JobState.FAILED, {"code": "internal", "params": {}})
    assert found.error is not None
    assert texts.release_problem(found.error)
