"""The pages of a pilot and of a repair."""

import pytest

from jobs.runner import run_pending
from kernel.clock import now
from tasks.domain import claim, review
from tasks.models import Assignment, Batch, Repair
from tests.factories import Cast, make_batch, make_submission
from tests.frontend.batches.conftest import SignedIn


def test_the_board_tells_how_the_pilot_went_and_goes_on(cast: Cast, signed_in: SignedIn) -> None:
    batch = make_batch(cast, count=6, pilot_tasks=2)
    review.approve(submission_id=make_submission(batch, cast.ben).pk, by=cast.dai, now=now())
    make_submission(batch, cast.ben)
    browser = signed_in(cast.aya)
    page = browser.get(f"/batches/{batch.pk}/").content.decode()
    assert "Pilot: 1 of 2 decided" in page
    assert "4 tasks wait for your word." in page
    assert "Go on with the rest" not in signed_in(cast.dai).get(f"/batches/{batch.pk}/").content.decode()
    answer = browser.post(f"/batches/{batch.pk}/go-on/", follow=True)
    assert "The rest is on offer now." in answer.content.decode()
    assert "wait for your word" not in answer.content.decode()
    assert signed_in(cast.dai).post(f"/batches/{batch.pk}/go-on/").status_code == 403


def test_the_numbers_stand_before_it_and_the_report_after(cast: Cast, signed_in: SignedIn) -> None:
    batch = make_batch(cast, count=5, audience="crowd")
    for number in range(3):
        found = make_submission(batch, cast.chie)
        if number < 2:
            review.approve(submission_id=found.pk, by=cast.dai, now=now())
    browser, where = signed_in(cast.aya), f"/batches/{batch.pk}/repair/"
    form = browser.get(where)
    typed = {
        "how": "text",
        "manual_ja": form.context["typed"].manual_ja + "\nブランド名を入れる",
        "manual_en": form.context["typed"].manual_en,
        "scope": "all",
        "note": "ブランド名を忘れていました",
    }
    check = browser.post(where + "check/", typed)
    plan = check.context["plan"]
    assert (plan.paid, plan.kept, plan.tasks, plan.pay, plan.cost) == (1, 2, 3, 150, 450)
    text = check.content.decode()
    assert "ブランド名を入れる" in text
    assert "¥450" in text
    assert not Repair.objects.exists()
    answer = browser.post(where + "start/", typed, follow=True)
    assert "The manual is being corrected" in answer.content.decode()
    assert "Claims are held" in browser.get(f"/batches/{batch.pk}/").content.decode()
    run_pending()
    report = browser.get(where + "state/").content.decode()
    assert "The manual is corrected" in report
    assert Batch.objects.get(pk=batch.pk).state == "open"
    assert Assignment.objects.filter(batch=batch, set_aside=True).count() == 3


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"note": ""}, "Tell the workers what was wrong."),
        ({"manual_ja": "", "manual_en": ""}, "Write the manual in one language at least."),
        ({"how": "v999"}, "There is no newer version"),
        ({"scope": "some"}, "Choose which work is to be done again."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    cast: Cast, signed_in: SignedIn, wrong: dict[str, str], said: str
) -> None:
    batch = make_batch(cast)
    typed = {"how": "text", "manual_ja": "<b>新</b>", "manual_en": "", "scope": "all", "note": "なおしました"}
    for step in ("check", "start"):
        answer = signed_in(cast.aya).post(f"/batches/{batch.pk}/repair/{step}/", {**typed, **wrong})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert said in page
        for name in {"manual_ja", "note"} - wrong.keys():
            assert typed[name].replace("<", "&lt;").replace(">", "&gt;") in page


def test_back_from_the_numbers_keeps_what_was_typed(cast: Cast, signed_in: SignedIn) -> None:
    batch = make_batch(cast)
    typed = {"how": "text", "manual_ja": "新しい", "scope": "failing", "note": "なおしました", "back": "1"}
    page = signed_in(cast.aya).post(f"/batches/{batch.pk}/repair/start/", typed).content.decode()
    assert "新しい" in page
    assert "なおしました" in page
    assert not Repair.objects.exists()


def test_the_worker_reads_why_and_what_has_changed(cast: Cast, signed_in: SignedIn) -> None:
    batch = make_batch(cast, count=4, audience="crowd")
    done = make_submission(batch, cast.chie)
    held = claim.claim_next(batch_id=batch.pk, by=cast.chie, now=now())
    seen = signed_in(cast.chie).get(f"/work/{held.pk}/")
    status = seen.context["status_url"]
    browser = signed_in(cast.aya)
    typed = {"how": "text", "manual_ja": "新しい規則です", "scope": "all", "note": "書き方が変わりました"}
    browser.post(f"/batches/{batch.pk}/repair/start/", typed)
    run_pending()
    worker = signed_in(cast.chie)
    paid = worker.get(f"/work/{done.assignment_id}/").content.decode()
    assert "Paid in full: the manual was wrong" in paid
    assert "書き方が変わりました" in paid
    assert "The manual of this task was corrected just now" in worker.get(status).content.decode()
    page = worker.get(f"/work/{held.pk}/").content.decode()
    assert "The manual has changed while you have this task" in page
    assert "新しい規則です" in page
    later = claim.claim_next(batch_id=batch.pk, by=cast.chie, now=now())
    assert "What has changed since" not in worker.get(f"/work/{later.pk}/").content.decode()


def test_the_wizard_takes_a_pilot(cast: Cast, signed_in: SignedIn) -> None:
    batch = make_batch(cast, count=5, publish=False)
    typed = {"title": "Spring", "who": "staff", "reward": "0", "lease_minutes": "60", "pilot_tasks": "2"}
    answer = signed_in(cast.aya).post(f"/batches/{batch.pk}/terms/", typed, follow=True)
    assert "2 tasks go ahead, the rest waits for your word" in answer.content.decode()
    wrong = signed_in(cast.aya).post(f"/batches/{batch.pk}/terms/", {**typed, "pilot_tasks": "0"})
    assert wrong.status_code == 422
