"""Conditions, rows and image pairs on their way from draft to submission."""

from typing import Any

import pytest

from kernel.clock import now
from kernel.errors import Invalid
from tasks.domain import draft, review, templates
from tasks.domain.queries import visible_uploads
from tasks.domain.submit import submit
from tasks.models import Assignment, Template, Upload
from tests.factories import Cast, make_batch, make_upload
from tests.tasks.answers.forms import PARTS, text
from tests.tasks.domain.world import CONTENT, take

pytestmark = pytest.mark.django_db

FORM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "kind": text(enum=["mug", "shirt"]),
        "why": text(**{"x-show-if": {"field": "kind", "is": ["shirt"]}}),
        **PARTS,
    },
    "required": ["kind", "why", "cutouts"],
    "x-order": ["kind", "why", *PARTS],
}
CHECKS: list[dict[str, Any]] = [
    {"id": "a", "kind": "required", "field": "why", "label": {"en": "Why"}},
    {"id": "b", "kind": "length", "field": "sizes.size", "max": 2, "label": {"en": "Short"}},
]
PICTURE = "/media/mug.jpg"


@pytest.fixture
def held(cast: Cast) -> Assignment:
    template = Template.objects.create(company=cast.company, key="parts", title_en="Parts")
    content = CONTENT | {"form": FORM, "checks": CHECKS}
    templates.publish_version(template=template, content=content, by=None)
    batch = make_batch(cast, count=1, template="parts")
    held = take(batch, cast.ben)
    unit = held.task.unit
    unit.values = unit.values | {"images": [{"url": PICTURE, "alt": ""}]}
    unit.save(update_fields=["values"])
    return Assignment.objects.get(pk=held.pk)


def pair(upload: Upload | int) -> list[dict[str, str]]:
    return [{"before": PICTURE, "after": str(upload if isinstance(upload, int) else upload.pk)}]


def refusals(held: Assignment, answer: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        submit(assignment_id=held.pk, answer=answer, fence=held.fence, by=held.worker, now=now())
    return {problem.field: problem.code for problem in refused.value.fields}


def test_pictures_of_rows_and_pairs_go_to_the_desk(cast: Cast, held: Assignment) -> None:
    in_row, counterpart, other = (make_upload(cast.ben) for _ in range(3))
    answer = {"kind": "mug", "sizes": [{"size": "M", "look": in_row.pk}], "cutouts": pair(counterpart)}
    assert not visible_uploads(cast.dai, now()).exists()
    made = submit(assignment_id=held.pk, answer=answer, fence=0, by=cast.ben, now=now())
    assert made.answer["sizes"] == [{"size": "M", "look": str(in_row.pk)}]
    seen = set(visible_uploads(cast.dai, now()).values_list("pk", flat=True))
    assert seen == {in_row.pk, counterpart.pk}
    assert other.pk not in seen


def test_picture_of_somebody_else_is_none_of_ours(cast: Cast, held: Assignment) -> None:
    theirs = make_upload(cast.chie)
    answer = {"kind": "mug", "sizes": [{"size": "M", "look": theirs.pk}], "cutouts": pair(theirs)}
    assert refusals(held, answer) == {"sizes.0.look": "no_upload", "cutouts": "pairs_lost"}


def test_pairs_are_those_of_the_unit(cast: Cast, held: Assignment) -> None:
    assert refusals(held, {"kind": "mug"}) == {"cutouts": "pairs_missing"}
    elsewhere = [{"before": "/x.jpg", "after": str(make_upload(cast.ben).pk)}]
    held.refresh_from_db()
    assert refusals(held, {"kind": "mug", "cutouts": elsewhere}) == {"cutouts": "pair_unknown"}


def test_check_of_a_column_names_its_cell(cast: Cast, held: Assignment) -> None:
    answer = {
        "kind": "mug",
        "sizes": [{"size": "M"}, {"size": "XXL"}],
        "cutouts": pair(make_upload(cast.ben)),
    }
    assert refusals(held, answer) == {"sizes.1.size": "check_length"}


def test_hidden_answer_stays_in_the_draft_alone(cast: Cast, held: Assignment) -> None:
    shown = {"kind": "mug", "cutouts": pair(make_upload(cast.ben))}
    typed = shown | {"why": "for a shirt"}
    draft.save_draft(assignment_id=held.pk, answer=typed, fence=0, by=cast.ben, now=now())
    made = submit(assignment_id=held.pk, answer=typed, fence=1, by=cast.ben, now=now())
    held.refresh_from_db()
    assert (made.answer, held.draft, held.fence) == (shown, typed, 1)
    assert submit(assignment_id=held.pk, answer=typed, fence=1, by=cast.ben, now=now()) == made
    review.request_changes(submission_id=made.pk, comments={"kind": "A shirt."}, by=cast.dai, now=now())
    held.refresh_from_db()
    again = submit(
        assignment_id=held.pk, answer=held.draft | {"kind": "shirt"}, fence=1, by=cast.ben, now=now()
    )
    assert again.answer["why"] == "for a shirt"


def test_shown_answer_is_required(held: Assignment) -> None:
    assert refusals(held, {"kind": "shirt"}) == {"why": "required", "cutouts": "pairs_missing"}
