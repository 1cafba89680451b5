"""Files are ticked off as uploaded; what is new since is what the shop does not have."""

import csv
import io

import pytest

from events.models import Event
from kernel.clock import now
from kernel.errors import Conflict, Invalid
from tasks.domain import releases, review, uploaded
from tasks.errors import Missing, RoleMissing
from tasks.models import Batch, Release, ReleaseCell, Submission
from tests.factories import Cast
from tests.tasks.domain.world import hand_in, plain_batch, release, take

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def approved(batch: Batch, cast: Cast, text: str) -> Submission:
    answer = hand_in(take(batch, cast.ben), text)
    review.approve(submission_id=answer.pk, by=cast.dai, now=now())
    return answer


def tick(made: Release, cast: Cast) -> Release:
    return uploaded.mark_uploaded(release_id=made.pk, by=cast.aya, now=now())


def rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def test_a_file_is_ticked_off_and_the_tick_taken_back(cast: Cast) -> None:
    batch = plain_batch(cast, count=2)
    approved(batch, cast, "新しい商品名")
    made, _data = release(batch, "update")
    at = now()
    found = uploaded.mark_uploaded(release_id=made.pk, by=cast.aya, now=at)
    assert (found.uploaded_at, found.uploaded_by) == (at, cast.aya)
    # Again: neither another moment nor another event.
    assert tick(made, cast).uploaded_at == at
    assert Event.objects.filter(name="release.uploaded").count() == 1
    assert uploaded.in_order(batch.pk) == [made.pk]
    found = uploaded.mark_not_uploaded(release_id=made.pk, by=cast.aya, now=now())
    assert (found.uploaded_at, found.uploaded_by) == (None, None)
    assert uploaded.in_order(batch.pk) == []
    assert Event.objects.get(name="release.not_uploaded").actor_id == cast.aya.pk


def test_who_may_tick_what(cast: Cast) -> None:
    batch = plain_batch(cast, count=2)
    approved(batch, cast, "新しい商品名")
    made, _data = release(batch, "update")
    for who, error in ((cast.dai, RoleMissing), (cast.ben, Missing), (cast.gen, Missing)):
        with pytest.raises(error):
            uploaded.mark_uploaded(release_id=made.pk, by=who, now=now())
    people, _data = release(batch, "csv")
    with pytest.raises(Conflict) as refused:
        tick(people, cast)
    assert refused.value.code == "not_for_the_shop"
    waiting = releases.request_release(batch_id=batch.pk, format="update", by=cast.aya, now=now())
    with pytest.raises(Conflict) as refused:
        tick(waiting, cast)
    assert refused.value.code == "result_not_ready"


def test_a_later_file_says_how_many_of_its_cells_are_new(cast: Cast) -> None:
    batch = plain_batch(cast, count=4)
    approved(batch, cast, "一")
    first, _data = release(batch, "update")
    assert first.facts["new"] is None
    tick(first, cast)
    approved(batch, cast, "二")
    approved(batch, cast, "三")
    second, _data = release(batch, "update")
    assert (second.cells, second.facts["new"]) == (3, {"since": first.pk, "cells": 2})


def test_a_file_of_what_is_new_holds_nothing_else_and_takes_nothing_back(cast: Cast) -> None:
    batch = plain_batch(cast, count=4)
    approved(batch, cast, "一")
    with pytest.raises(Conflict) as refused:
        release(batch, "update", since_uploaded=True)
    assert refused.value.code == "nothing_uploaded"
    first, _data = release(batch, "update")
    tick(first, cast)
    nothing, data = release(batch, "update", since_uploaded=True)
    assert (nothing.answers, nothing.cells, len(rows(data))) == (0, 0, 1)
    approved(batch, cast, "二")
    second, data = release(batch, "update", since_uploaded=True)
    assert rows(data) == [["Title", "URL handle"], ["二", "mug-2"]]
    assert second.facts["new"] == {"since": first.pk, "cells": 1}
    tick(second, cast)
    # Both uploads count, not only the last.
    assert release(batch, "update", since_uploaded=True)[0].cells == 0
    uploaded.mark_not_uploaded(release_id=second.pk, by=cast.aya, now=now())
    assert release(batch, "update", since_uploaded=True)[0].cells == 1


def test_beside_what_is_new_stands_what_was_uploaded_not_the_old_value(cast: Cast) -> None:
    """An update file repeats the title of its products: the uploaded one, or the upload would be undone."""
    batch = plain_batch(cast, count=2, answers_per_task=2, audience="crowd")
    first, second = (hand_in(take(batch, who), f"{who.name}の案") for who in (cast.chie, cast.fumi))
    for answer in (first, second):
        review.approve(submission_id=answer.pk, by=cast.dai, now=now())
    review.accept(submission_id=first.pk, by=cast.aya, now=now())
    made, _data = release(batch, "update")
    tick(made, cast)
    review.accept(submission_id=second.pk, by=cast.aya, now=now())
    changed, data = release(batch, "update", since_uploaded=True)
    assert rows(data)[1:] == [["Fumiの案", "mug-1"]]
    cell = ReleaseCell.objects.get(release=changed)
    assert (cell.before, cell.after, cell.submission_id) == ("Chieの案", "Fumiの案", second.pk)


@pytest.mark.parametrize("kind", ["source", "csv", "jsonl"])
def test_only_an_update_file_can_hold_what_is_new(cast: Cast, kind: str) -> None:
    batch = plain_batch(cast, count=2)
    approved(batch, cast, "一")
    with pytest.raises(Invalid) as refused:
        release(batch, kind, since_uploaded=True)
    assert [problem.field for problem in refused.value.fields] == ["since_uploaded"]
