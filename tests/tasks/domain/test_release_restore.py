"""A restore file puts back what another file overwrote, and says where that is not all."""

import csv
import io

import pytest
from django.core.files.base import ContentFile

from kernel.clock import now
from kernel.errors import Conflict, Invalid
from tasks import texts
from tasks.domain import batches, review, uploaded
from tasks.models import Batch, Drift, Release, ReleaseCell, Submission
from tests.factories import LAYOUTS, Cast, make_approved, make_batch, products, read_file, shop_file
from tests.tasks.domain.world import hand_in, plain_batch, release, take

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def approved(batch: Batch, cast: Cast, text: str) -> Submission:
    answer = hand_in(take(batch, cast.ben), text)
    review.approve(submission_id=answer.pk, by=cast.dai, now=now())
    return answer


def codes(made: Release) -> dict[str, int]:
    return {one["code"]: one["params"]["n"] for one in made.warnings}


def dicts(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("kind", ["update", "source"])
@pytest.mark.parametrize(
    ("dialect", "end", "bom"),
    [("current", "\r\n", True), ("current", "\n", False), ("legacy", "\r\n", False)],
)
def test_the_restore_file_is_an_update_with_the_previous_values(
    cast: Cast, kind: str, dialect: str, end: str, bom: bool
) -> None:
    rows = products(3)
    rows[0]["title"] = 'カップ, "古い"'
    rows[0]["seo_title"] = " 前の題\r\n二行目"
    batch = make_batch(cast, count=1, publish=False)
    batches.remove_source(batch_id=batch.pk, by=cast.aya, now=now())
    read_file(batch, shop_file(rows, dialect=dialect, end=end, bom=bom), by=cast.aya)
    batches.publish(batch_id=batch.pk, by=cast.aya, now=now())
    make_approved(batch, cast.ben, cast.dai)
    overwrote, _data = release(batch, kind)
    made, data = release(batch, "restore", restores=overwrote.pk)
    columns = LAYOUTS[dialect].columns
    wanted = {"title", "handle", "description", "seo_title", "seo_description", "tags"}
    names = [name for name in LAYOUTS[dialect].header if name in {columns[one] for one in wanted}]
    logical = {header: name for name, header in columns.items()}
    lines = [names, [rows[0].get(logical[name], "") for name in names]]
    cells = [",".join(_cell(text) for text in line) + end for line in lines]
    assert data == "".join(cells).encode("utf-8-sig" if bom else "utf-8")
    assert (made.answers, made.cells) == (1, 5)
    assert codes(made) == {"blank_restored": 2}
    assert all(texts.warning(one) for one in made.warnings)


def _cell(text: str) -> str:
    bare = text == text.strip() and not set(text) & set(',"\r\n')
    return text if bare else '"' + text.replace('"', '""') + '"'


def test_cells_of_a_restore_file_are_on_record_the_other_way_round(cast: Cast) -> None:
    batch = plain_batch(cast, count=2)
    answer = approved(batch, cast, "新しい商品名")
    overwrote, _data = release(batch, "update")
    made, _data = release(batch, "restore", restores=overwrote.pk)
    cell = ReleaseCell.objects.get(release=made)
    assert (cell.before, cell.after) == ("新しい商品名", "マグカップ 1")
    assert cell.submission_id == answer.pk
    # Uploaded, it makes the answer new for the shop again.
    for one in (overwrote, made):
        uploaded.mark_uploaded(release_id=one.pk, by=cast.aya, now=now())
    assert release(batch, "update", since_uploaded=True)[0].cells == 1


def test_what_other_files_brought_stays_beside_what_is_put_back(cast: Cast) -> None:
    batch = make_batch(cast, count=1, answers_per_task=2, audience="crowd")
    full = [make_approved(batch, who, cast.dai) for who in (cast.chie, cast.fumi)]
    review.accept(submission_id=full[0].pk, by=cast.aya, now=now())
    first, _data = release(batch, "update")
    uploaded.mark_uploaded(release_id=first.pk, by=cast.aya, now=now())
    review.accept(submission_id=full[1].pk, by=cast.aya, now=now())
    second, _data = release(batch, "update", since_uploaded=True)
    _made, data = release(batch, "restore", restores=second.pk)
    (row,) = dicts(data)
    for field, text in full[0].answer.items():
        header = LAYOUTS["current"].columns[field]
        if field != "description" and header in row:
            assert row[header] == text


def test_a_later_file_that_wrote_the_same_cell_is_named(cast: Cast) -> None:
    batch = plain_batch(cast, count=3)
    approved(batch, cast, "一")
    overwrote, _data = release(batch, "update")
    assert "later_release" not in codes(release(batch, "restore", restores=overwrote.pk)[0])
    approved(batch, cast, "二")
    release(batch, "update")
    assert codes(release(batch, "restore", restores=overwrote.pk)[0]) == {"later_release": 1}


def test_what_the_shop_changed_since_stays_unless_told_otherwise(cast: Cast) -> None:
    batch = plain_batch(cast, count=3)
    for text in ("一", "二"):
        approved(batch, cast, text)
    overwrote, _data = release(batch, "update")
    rows = products(3)
    rows[0]["title"], rows[1]["title"] = "一", "店が直した"
    fresh = ContentFile(shop_file(rows), "now.csv")
    made, data = release(batch, "restore", restores=overwrote.pk, fresh=fresh)
    assert [row["Title"] for row in dicts(data)] == ["マグカップ 1"]
    assert codes(made) == {"shop_kept": 1}
    drift = Drift.objects.get(release=made, answered=True)
    assert (drift.key, drift.then, drift.now) == ("mug-2", "二", "店が直した")
    fresh = ContentFile(shop_file(rows), "now.csv")
    made, data = release(batch, "restore", restores=overwrote.pk, fresh=fresh, overwrite=True)
    assert [row["Title"] for row in dicts(data)] == ["マグカップ 1", "マグカップ 2"]
    assert codes(made) == {"shop_overwritten": 1}


def test_what_cannot_be_restored(cast: Cast) -> None:
    batch, other = plain_batch(cast, count=2), plain_batch(cast, count=2)
    approved(batch, cast, "一")
    people, _data = release(batch, "csv")
    made, _data = release(batch, "update")
    restored, _data = release(batch, "restore", restores=made.pk)
    for which, choices in (
        (batch, {}),
        (batch, {"restores": people.pk}),
        (batch, {"restores": restored.pk}),
        (batch, {"restores": 10**9}),
        (other, {"restores": made.pk}),
    ):
        with pytest.raises(Invalid) as refused:
            release(which, "restore", **choices)
        assert [problem.field for problem in refused.value.fields] == ["restores"]
    with pytest.raises(Invalid):
        release(batch, "update", restores=made.pk)
    empty, _data = release(other, "source")
    with pytest.raises(Conflict) as conflict:
        release(other, "restore", restores=empty.pk)
    assert conflict.value.code == "nothing_to_restore"
