"""The pages of a check found later: stating it, watching it, and taking back what it found."""

from typing import Any

import pytest

from jobs.runner import run_pending
from kernel.clock import now
from tasks.domain import later_checks, review, templates, uploaded
from tasks.models import Batch, LaterCheck, LaterFinding, Release, Submission, Template, TemplateDraft
from tests.factories import Cast
from tests.frontend.conftest import SignedIn
from tests.tasks.domain.world import CONTENT, hand_in, plain_batch, release, take

BEST: dict[str, Any] = {"kind": "banned", "field": "title", "words": "最高級\r\n\r\n"}


def approved(batch: Batch, cast: Cast, text: str) -> Submission:
    answer = hand_in(take(batch, cast.ben), text)
    review.approve(submission_id=answer.pk, by=cast.dai, now=now())
    return answer


def text_of(answer: Any) -> str:
    found: str = answer.content.decode()
    return found


def finish() -> None:
    while run_pending():
        pass


@pytest.fixture
def batch(cast: Cast) -> Batch:
    return plain_batch(cast, count=4)


@pytest.fixture
def answer(batch: Batch, cast: Cast) -> Submission:
    """The first of three answers; it and the third say what must not be said."""
    made = [approved(batch, cast, text) for text in ("最高級の器", "良い器", "最高級です")]
    return made[0]


def test_tried_on_the_answer_it_says_at_once_and_keeps_what_was_typed(
    cast: Cast, signed_in: SignedIn, answer: Submission
) -> None:
    browser, where = signed_in(cast.dai), f"/answers/{answer.pk}/checks/"
    page = text_of(browser.post(where, {**BEST, "try": "1"}))
    assert "This answer fails it." in page
    assert "This holds words that must not be used: 最高級." in page
    assert ">最高級\n\n</textarea>" in page
    assert "This answer passes it." in text_of(browser.post(where, {**BEST, "words": "別", "try": "1"}))
    assert not LaterCheck.objects.exists()


@pytest.mark.parametrize(
    ("typed", "fails"),
    [
        ({"kind": "holds", "text": "最高級の器"}, False),
        ({"kind": "holds", "text": "[最高級] (?=x)"}, True),
        ({"kind": "length", "max": "4"}, True),
        ({"kind": "length", "min": " 2 ", "max": "10"}, False),
        ({"kind": "allowed", "values": "最高級の器\n良い器"}, False),
        ({"kind": "regex", "pattern": "器", "mode": "search", "negate": "1"}, True),
        ({"kind": "regex", "pattern": "器", "mode": "full"}, True),
        ({"kind": "bytes_cp932", "bytes": "4"}, True),
        ({"kind": "bytes_cp932", "bytes": ""}, False),
        ({"kind": "required"}, False),
        ({"kind": "allowed_html"}, False),
    ],
)
def test_every_kind_can_be_stated(
    cast: Cast, signed_in: SignedIn, answer: Submission, typed: dict[str, str], fails: bool
) -> None:
    sent = {"field": "title", "try": "1", **typed}
    page = signed_in(cast.aya).post(f"/answers/{answer.pk}/checks/", sent)
    assert page.status_code == 200
    assert ("This answer fails it." in text_of(page)) is fails


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"kind": "banned", "words": " \n"}, "Write at least one, each on a line of its own."),
        ({"kind": "length"}, "Give the smallest or the largest number of characters."),
        ({"kind": "length", "max": "many"}, "Give a whole number."),
        ({"kind": "length", "min": "9", "max": "2"}, "The smallest number is above the largest."),
        ({"kind": "holds", "text": " "}, "Write what to look for."),
        ({"kind": "regex", "pattern": "(?=x)"}, "this regular expression cannot be used"),
        ({"kind": "unique_in_batch"}, "Choose what to look for."),
        ({"kind": "banned", "words": "x", "field": "none"}, "Choose the field to look at."),
        ({"suggested": "1.none"}, "Choose the field to look at."),
    ],
)
def test_what_is_wrong_is_said(
    cast: Cast, signed_in: SignedIn, answer: Submission, typed: dict[str, str], said: str
) -> None:
    sent = {"field": "title", **typed} if "suggested" not in typed else typed
    page = signed_in(cast.aya).post(f"/answers/{answer.pk}/checks/", sent)
    assert page.status_code == 422
    assert said in text_of(page)
    assert not LaterCheck.objects.exists()


def test_from_the_answer_to_the_list_and_back(cast: Cast, signed_in: SignedIn, answer: Submission) -> None:
    browser = signed_in(cast.dai)
    page = text_of(browser.post(f"/answers/{answer.pk}/checks/", BEST, follow=True))
    later = LaterCheck.objects.get()
    assert "The answer you came from fails it" in page
    assert "The answers are being looked through" in page
    finish()
    assert "Show what was found" in text_of(browser.get(f"/checks/{later.pk}/state/?waited=1"))
    page = text_of(browser.get(f"/checks/{later.pk}/"))
    assert "Title: Does not hold the words “最高級”" in page
    assert page.count("This holds words that must not be used: 最高級.") == 2
    assert f'href="/answers/{answer.pk}/"' in page
    assert "マグカップ 2" not in page
    assert "Put the check into the template" not in page
    assert "2 answers fail" in text_of(browser.get(f"/answers/{answer.pk}/"))


def test_a_check_of_a_newer_version_is_one_click(cast: Cast, signed_in: SignedIn, answer: Submission) -> None:
    check = {"id": "best", "kind": "banned", "field": "title", "words": ["最高級"]}
    version = templates.publish_version(
        template=Template.objects.get(company=cast.company, key="plain"),
        content={**CONTENT, "checks": [*CONTENT["checks"], check]},
        by=None,
    )
    browser = signed_in(cast.aya)
    page = text_of(browser.get(f"/answers/{answer.pk}/"))
    assert "Checks of newer versions" in page
    assert "This answer fails" in page
    browser.post(f"/answers/{answer.pk}/checks/", {"suggested": f"{version.pk}.best"})
    finish()
    later = LaterCheck.objects.get()
    assert (later.definition["id"], later.failing) == ("best", 2)
    page = text_of(browser.get(f"/checks/{later.pk}/"))
    assert f'href="/batches/{answer.assignment.batch_id}/repair/"' in page
    assert "version 2 has this check" in page


def test_it_is_filtered_by_place_and_worker_in_the_address(
    cast: Cast, signed_in: SignedIn, batch: Batch, answer: Submission
) -> None:
    made, _data = release(batch, "update")
    uploaded.mark_uploaded(release_id=made.pk, by=cast.aya, now=now())
    other = hand_in(take(batch, cast.aya), "最高級の皿")
    later = later_checks.start(
        submission_id=answer.pk,
        check={"kind": "banned", "field": "title", "words": ["最高級"]},
        by=cast.aya,
        now=now(),
    )
    finish()
    browser, where = signed_in(cast.aya), f"/checks/{later.pk}/"

    def shown(query: str) -> list[int]:
        return [line["found"].submission_id for line in browser.get(where + query).context["lines"]]

    third = LaterFinding.objects.get(key="mug-3").submission_id
    assert shown("") == [answer.pk, third, other.pk]
    assert shown("?place=uploaded") == [answer.pk, third]
    assert shown(f"?place=none&worker={cast.aya.pk}") == [other.pk]
    assert shown(f"?place=uploaded&worker={cast.aya.pk}") == []
    assert shown("?place=odd&worker=odd") == [answer.pk, third, other.pk]
    page = browser.get(where)
    assert [(tab["value"], tab["n"]) for tab in page.context["tabs"]] == [
        ("", 3), ("uploaded", 2), ("file", 0), ("none", 1), ("taken_back", 0),
    ]  # fmt: skip
    assert "No answer is like that" in text_of(browser.get(f"{where}?place=taken_back"))


def test_only_what_fails_is_taken_back(
    cast: Cast, signed_in: SignedIn, batch: Batch, answer: Submission
) -> None:
    made, _data = release(batch, "update")
    uploaded.mark_uploaded(release_id=made.pk, by=cast.aya, now=now())
    browser = signed_in(cast.aya)
    browser.post(f"/answers/{answer.pk}/checks/", BEST)
    finish()
    later = LaterCheck.objects.get()
    where = f"/checks/{later.pk}/"
    assert "Take these 2 products back" in text_of(browser.get(where))
    reviewer = signed_in(cast.dai)
    assert "Take these" not in text_of(reviewer.get(where))
    assert reviewer.post(where + "restore/", {"release": made.pk}).status_code == 403
    assert reviewer.post(where + "restore/").status_code == 403
    asked = browser.post(where + "restore/", {"release": made.pk})
    finish()
    back = Release.objects.get(format="restore")
    assert asked["Location"] == f"/results/{back.pk}/"
    assert (back.later_check, back.answers, back.restores) == (later, 2, made)
    page = text_of(browser.get(f"/results/{back.pk}/"))
    assert "Only what fails a check found later" in page
    assert f'href="{where}"' in page
    assert "A restore file was made" in text_of(browser.get(where))
    browser.post(f"/results/{back.pk}/uploaded/")
    finish()
    assert "Taken back" in text_of(browser.get(where))
    assert "Choose the file" in text_of(browser.post(where + "restore/", {"release": "x"}, follow=True))


def test_the_check_goes_into_the_draft(cast: Cast, signed_in: SignedIn, answer: Submission) -> None:
    browser = signed_in(cast.aya)
    browser.post(f"/answers/{answer.pk}/checks/", BEST)
    finish()
    where = f"/checks/{LaterCheck.objects.get().pk}/template/"
    assert signed_in(cast.dai).post(where).status_code == 403
    page = browser.post(where, follow=True)
    assert "The check stands in the draft." in text_of(page)
    assert TemplateDraft.objects.get().content["checks"][-1]["words"] == ["最高級"]


def test_nothing_found_says_so(cast: Cast, signed_in: SignedIn, answer: Submission) -> None:
    browser = signed_in(cast.aya)
    browser.post(f"/answers/{answer.pk}/checks/", {**BEST, "words": "無い言葉"})
    finish()
    later = LaterCheck.objects.get()
    page = text_of(browser.get(f"/checks/{later.pk}/"))
    assert "No answer fails this check" in page
    assert "Answers that fail it" not in page
    later = later_checks.start(
        submission_id=answer.pk, check={"kind": "required", "field": "note"}, by=cast.aya, now=now()
    )
    later_checks.give_up(later_check_id=later.pk, now=now())
    assert "It broke off on our side." in text_of(browser.get(f"/checks/{later.pk}/"))
