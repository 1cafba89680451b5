"""Where the answers stand that a later check found, and taking back only these."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile

from jobs.runner import run_pending
from kernel.clock import now
from kernel.errors import Conflict, Invalid
from tasks import texts
from tasks.domain import later_acts, later_checks, later_places, queries, releases, traces, uploaded
from tasks.models import Batch, LaterCheck, LaterFinding, Release, ReleaseCell, Submission
from tests.factories import Cast, products, shop_file
from tests.tasks.domain.test_later_checks import approved, look
from tests.tasks.domain.world import hand_in, plain_batch, release, take

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def tick(made: Release, cast: Cast, *, hours: int = 0, on: bool = True) -> None:
    act = uploaded.mark_uploaded if on else uploaded.mark_not_uploaded
    act(release_id=made.pk, by=cast.aya, now=now() + timedelta(hours=hours))
    while run_pending():
        pass


def counted(later: LaterCheck) -> tuple[int, int, int, int]:
    """Failing, in a file, uploaded, taken back; the rows say the same."""
    one = LaterCheck.objects.get(pk=later.pk)
    rows = list(LaterFinding.objects.filter(later_check=later).values_list("place", flat=True))
    assert (len(rows), rows.count("file"), rows.count("uploaded"), rows.count("taken_back")) == (
        one.failing, one.in_file, one.uploaded, one.taken_back,
    )  # fmt: skip
    return one.failing, one.in_file, one.uploaded, one.taken_back


@pytest.fixture
def batch(cast: Cast) -> Batch:
    return plain_batch(cast, count=4)


@pytest.fixture
def answers(batch: Batch, cast: Cast) -> list[Submission]:
    """Of mug-1 to mug-4; the first and the third fail."""
    return [approved(batch, cast, text) for text in ("最高級の一", "二", "最高級の三", "四")]


def rows_of(data: bytes) -> dict[str, str]:
    rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    return {row["URL handle"]: row["Title"] for row in rows}


def test_the_place_follows_the_files(cast: Cast, batch: Batch, answers: list[Submission]) -> None:
    before = look(answers[0], cast)
    assert counted(before) == (2, 0, 0, 0)
    made, _data = release(batch, "update")
    assert counted(before) == (2, 2, 0, 0)
    tick(made, cast)
    assert counted(before) == (2, 0, 2, 0)
    tick(made, cast, on=False)
    assert counted(before) == (2, 2, 0, 0)
    tick(made, cast)
    after = look(answers[0], cast)
    assert counted(after) == (2, 0, 2, 0)
    back, _data = release(batch, "restore", restores=made.pk, later_check=after.pk)
    assert counted(after) == (2, 0, 2, 0)
    tick(back, cast, hours=1)
    assert counted(before) == counted(after) == (2, 0, 0, 2)
    again, _data = release(batch, "update", since_uploaded=True)
    tick(again, cast, hours=2)
    assert counted(after) == (2, 0, 2, 0)


def test_a_file_for_people_is_no_place(cast: Cast, batch: Batch, answers: list[Submission]) -> None:
    later = look(answers[0], cast)
    release(batch, "csv")
    assert counted(later) == (2, 0, 0, 0)


def test_places_are_looked_at_in_pieces(
    cast: Cast, batch: Batch, answers: list[Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(later_places, "CHUNK", 1)
    later = look(answers[0], cast)
    release(batch, "update")
    assert counted(later) == (2, 2, 0, 0)


def test_only_the_answers_that_fail_are_taken_back(
    cast: Cast, batch: Batch, answers: list[Submission]
) -> None:
    made, _data = release(batch, "update")
    tick(made, cast)
    later = look(answers[0], cast)
    back, data = release(batch, "restore", restores=made.pk, later_check=later.pk)
    assert rows_of(data) == {"mug-1": "マグカップ 1", "mug-3": "マグカップ 3"}
    assert (back.answers, back.cells) == (2, 2)
    cells = ReleaseCell.objects.filter(release=back).order_by("pk")
    assert [cell.submission for cell in cells] == [answers[0], answers[2]]
    # Once it is in the shop, just these are new for it again, and a file that holds them says so.
    tick(back, cast, hours=1)
    again, data = release(batch, "update", since_uploaded=True)
    assert rows_of(data) == {"mug-1": "最高級の一", "mug-3": "最高級の三"}
    assert {one["code"]: one["params"] for one in again.warnings}["taken_back_again"] == {"n": 2}
    assert all(texts.warning(one) for one in again.warnings)


def test_named_answers_alone_are_taken_back(cast: Cast, batch: Batch, answers: list[Submission]) -> None:
    made, _data = release(batch, "source")
    back, data = release(batch, "restore", restores=made.pk, answers=[answers[3].pk])
    assert rows_of(data) == {"mug-4": "マグカップ 4"}
    assert back.answers_only == [answers[3].pk]


def test_a_trace_names_only_what_took_this_answer_back(
    cast: Cast, batch: Batch, answers: list[Submission]
) -> None:
    made, _data = release(batch, "update")
    later = look(answers[0], cast)
    back, _data = release(batch, "restore", restores=made.pk, later_check=later.pk)

    def taken_back(answer: Submission) -> list[Release]:
        return [one for went in traces.releases_of(answer) for one in went.taken_back]

    assert taken_back(answers[0]) == taken_back(answers[2]) == [back]
    assert taken_back(answers[1]) == taken_back(answers[3]) == []
    whole, _data = release(batch, "restore", restores=made.pk)
    assert taken_back(answers[1]) == [whole]


def test_what_the_shop_changed_since_stays_in_a_part_too(
    cast: Cast, batch: Batch, answers: list[Submission]
) -> None:
    made, _data = release(batch, "update")
    later = look(answers[0], cast)
    rows = products(4)
    for row, answer in zip(rows, answers, strict=True):
        row["title"] = answer.answer["title"]
    rows[0]["title"] = rows[1]["title"] = "店が直した"
    fresh = ContentFile(shop_file(rows), "now.csv")
    back, data = release(batch, "restore", restores=made.pk, later_check=later.pk, fresh=fresh)
    assert rows_of(data) == {"mug-3": "マグカップ 3"}
    assert {one["code"]: one["params"]["n"] for one in back.warnings} == {"shop_kept": 1}


def test_what_cannot_be_taken_back_in_part(cast: Cast, batch: Batch, answers: list[Submission]) -> None:
    made, _data = release(batch, "update")
    elsewhere = approved(plain_batch(cast, count=1), cast, "最高級")
    nothing = look(answers[0], cast, {"kind": "length", "field": "title", "max": 30})
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"answers": []}, "answers"),
        ({"answers": [answers[0].pk, elsewhere.pk]}, "answers"),
        ({"answers": [10**9]}, "answers"),
        ({"answers": list(range(1, 1002))}, "answers"),
        ({"later_check": 10**9}, "later_check"),
    ]
    for limits, field in wrong:
        with pytest.raises(Invalid) as refused:
            release(batch, "restore", restores=made.pk, **limits)
        assert [problem.field for problem in refused.value.fields] == [field]
    with pytest.raises(Invalid):
        release(batch, "update", answers=[answers[0].pk])
    with pytest.raises(Conflict) as conflict:
        release(batch, "restore", restores=made.pk, later_check=nothing.pk)
    assert conflict.value.code == "nothing_to_restore"
    assert Release.objects.filter(batch=batch).count() == 1


def test_a_check_that_still_runs_or_is_not_seen_limits_nothing(
    cast: Cast, batch: Batch, answers: list[Submission]
) -> None:
    made, _data = release(batch, "update")
    later = later_checks.start(
        submission_id=answers[0].pk, check={"kind": "required", "field": "note"}, by=cast.aya, now=now()
    )
    with pytest.raises(Conflict) as conflict:
        releases.request_release(
            batch_id=batch.pk,
            format="restore",
            restores=made.pk,
            later_check=later.pk,
            by=cast.aya,
            now=now(),
        )
    assert conflict.value.code == "later_check_running"


def test_the_files_that_hold_them_with_how_many(cast: Cast, batch: Batch, answers: list[Submission]) -> None:
    first, _data = release(batch, "update")
    release(batch, "csv")
    later = look(answers[0], cast)
    back, _data = release(batch, "restore", restores=first.pk, later_check=later.pk)
    second, _data = release(batch, "source")
    held = later_acts.files_of(later)
    assert [(one.release, one.answers, list(one.restores)) for one in held] == [
        (second, 2, []),
        (first, 2, [back]),
    ]
    assert queries.visible_findings(later).filter(place="file").count() == 2
    assert hand_in(take(plain_batch(cast, count=1), cast.ben))
