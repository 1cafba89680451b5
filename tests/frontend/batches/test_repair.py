"""The pages of a pilot and of a repair."""

import re
from datetime import timedelta
from typing import Any

import pytest

from frontend.batches.forms import local_input
from jobs.runner import run_pending
from kernel.clock import now
from tasks.domain import batches, claim, manuals, reports, review
from tasks.models import Assignment, Batch, Repair, RepairPlan
from tests.factories import Cast, make_approved, make_batch, make_submission
from tests.frontend.batches.steps import dispatch
from tests.frontend.conftest import SignedIn


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
    assert "Only the Japanese manual is corrected." in text
    both = browser.post(where + "check/", typed | {"manual_en": typed["manual_en"] + "\nThe brand, too."})
    assert "Only the Japanese manual is corrected." not in both.content.decode()
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


TYPED: dict[str, str] = {
    "how": "text",
    "manual_ja": "新しい規則です",
    "manual_en": "",
    "scope": "all",
    "note": "書き方が変わりました",
}


def closed(cast: Cast, **terms: Any) -> Batch:
    """A closed batch with one approved answer and two tasks that nobody had taken."""
    batch = make_batch(cast, count=3, **terms)
    make_approved(batch, cast.ben, cast.dai)
    batches.close(batch_id=batch.pk, by=cast.aya, now=now())
    run_pending()
    return batch


def test_what_the_checks_refuse_is_counted_while_the_page_waits(cast: Cast, signed_in: SignedIn) -> None:
    batch = make_batch(cast, count=3)
    make_submission(batch, cast.ben)
    browser, where = signed_in(cast.aya), f"/batches/{batch.pk}/repair/"
    typed = {**TYPED, "scope": "failing"}
    answer = browser.post(where + "check/", typed)
    page = answer.content.decode()
    assert "The answers are being checked" in page
    assert '<span class="num">0 / 1</span>' in page
    # Without a script the same form asks again; nothing can be begun before the numbers are there.
    assert (
        f'<noscript><button type="submit" class="btn" form="repair-form" formaction="{where}check/"' in page
    )
    assert "Correct it" not in page
    region = answer.context["plan_url"]
    part = browser.get(region)
    assert part.content.decode().strip() in page
    run_pending()
    dispatch()
    fresh = browser.get(region, headers={"If-None-Match": part["ETag"]})
    assert fresh.status_code == 200
    for told in (fresh, browser.post(where + "check/", typed)):
        page = told.content.decode()
        assert told.context["plan"].received == 1
        assert "answer stays as it is" in page
        assert '<button type="submit" class="btn btn-primary" form="repair-form">' in page
        assert "Count again" not in page
    assert browser.get(region, headers={"If-None-Match": fresh["ETag"]}).status_code == 304
    make_submission(batch, cast.ben)
    dispatch()
    assert "Received work has moved on since." in browser.get(region).content.decode()
    browser.post(where + "check/", typed)
    assert RepairPlan.objects.get().state == "queued"


def test_a_count_that_failed_or_is_gone_can_be_asked_for_again(cast: Cast, signed_in: SignedIn) -> None:
    batch = make_batch(cast, count=1)
    browser = signed_in(cast.aya)
    answer = browser.post(f"/batches/{batch.pk}/repair/check/", {**TYPED, "scope": "failing"})
    RepairPlan.objects.all().delete()
    page = browser.get(answer.context["plan_url"]).content.decode()
    assert "The answers could not be checked" in page
    assert "Count again" in page
    assert "Correct it" not in page


def test_a_newer_version_is_named_and_is_what_is_proposed(cast: Cast, signed_in: SignedIn) -> None:
    older, other = make_batch(cast, count=2), make_batch(cast, count=2, title="Summer")
    browser, where = signed_in(cast.aya), f"/batches/{older.pk}/repair/"
    assert "There is a newer one" not in browser.get(where).content.decode()
    browser.post(f"/batches/{other.pk}/repair/start/", TYPED)
    run_pending()
    newest = manuals.newest(manuals.step_of(older.pk))
    assert newest is not None
    answer = browser.get(where)
    page = answer.content.decode()
    assert (
        "This batch works by the supplied version 1 of its template. There is a newer one: your own version 1"
        in page
    )
    assert "新しい規則です" in page
    assert answer.context["typed"].how == f"v{newest.pk}"
    assert len(re.findall(r'name="how"[^>]* checked', page)) == 1
    # Its manual is the one to correct; with it come its form and checks.
    on_newest = {**TYPED, "manual_ja": "もっと新しい規則です", "base": answer.context["typed"].base}
    check = browser.post(where + "check/", on_newest)
    assert check.context["left_out"] is None
    # The batch's own can be chosen, and then it is said what that leaves out.
    on_own = {**on_newest, "how": "own", "own_ja": "古い版の直し", "own_en": ""}
    check = browser.post(where + "check/", on_own)
    page = check.content.decode()
    assert check.context["left_out"] == newest
    assert "changed is left out: in this batch, and in later ones" in page
    assert "古い版の直し" in page
    assert "もっと新しい規則です" in browser.post(where + "start/", {**on_own, "back": "1"}).content.decode()
    browser.post(where + "start/", on_newest)
    run_pending()
    after = manuals.step_of(older.pk).template_version
    assert (after.template, after.number) == (newest.template, newest.number + 1)
    assert after.manual_ja.strip() == "もっと新しい規則です"


def test_a_newer_version_that_came_meanwhile_is_told_of(cast: Cast, signed_in: SignedIn) -> None:
    older, other = make_batch(cast, count=1), make_batch(cast, count=1)
    browser, where = signed_in(cast.aya), f"/batches/{older.pk}/repair/"
    base = browser.get(where).context["typed"].base
    browser.post(f"/batches/{other.pk}/repair/start/", TYPED)
    check = browser.post(where + "check/", {**TYPED, "manual_ja": "直し", "base": base})
    assert check.context["left_out"] is not None


def test_an_ended_batch_is_opened_again_from_its_board(cast: Cast, signed_in: SignedIn) -> None:
    batch = closed(cast)
    browser, where = signed_in(cast.aya), f"/batches/{batch.pk}/repair/"
    assert f'href="{where}"' in browser.get(f"/batches/{batch.pk}/").content.decode()
    assert f'href="{where}"' not in signed_in(cast.dai).get(f"/batches/{batch.pk}/").content.decode()
    browser = signed_in(cast.aya)
    assert 'name="deadline"' in browser.get(where).content.decode()
    check = browser.post(where + "check/", TYPED).content.decode()
    assert "It is open again for the tasks concerned, without a deadline" in check
    assert "Correct it and open 1 task again" in check
    answer = browser.post(where + "start/", TYPED, follow=True)
    assert "The manual is being corrected" in answer.content.decode()
    run_pending()
    assert "It had ended, and is open again." in browser.get(where + "?report=1").content.decode()
    dispatch()
    board = browser.get(f"/batches/{batch.pk}/").content.decode()
    assert "Aya opened the batch again, to correct its manual." in board
    assert Batch.objects.get(pk=batch.pk).state == "open"
    assert claim.claim_next(batch_id=batch.pk, by=cast.ben, now=now()).pk


def test_a_deadline_that_is_over_is_asked_for_anew(cast: Cast, signed_in: SignedIn) -> None:
    batch = closed(cast, deadline=now() + timedelta(hours=1))
    Batch.objects.filter(pk=batch.pk).update(deadline=now() - timedelta(hours=1))
    browser, where = signed_in(cast.aya), f"/batches/{batch.pk}/repair/"
    form = browser.get(where)
    assert "New deadline" in form.content.decode()
    assert form.context["typed"].deadline > local_input(now())
    for wrong, said in (
        ("", "Give a new one"),
        ("2020-01-01T00:00", "The deadline has passed already."),
        ("soon", "Enter a valid date/time."),
    ):
        for step in ("check", "start"):
            answer = browser.post(f"{where}{step}/", {**TYPED, "deadline": wrong})
            page = answer.content.decode()
            assert answer.status_code == 422
            assert said in page
            assert TYPED["note"] in page
            assert f'value="{wrong}"' in page
    typed = {**TYPED, "deadline": form.context["typed"].deadline}
    assert (
        "The batch has ended. It is open again until"
        in browser.post(where + "check/", typed).content.decode()
    )
    browser.post(where + "start/", typed)
    run_pending()
    again = Batch.objects.get(pk=batch.pk)
    assert again.state == "open"
    assert local_input(again.deadline) == typed["deadline"]


def test_a_deadline_that_was_not_touched_stays_to_the_second(cast: Cast, signed_in: SignedIn) -> None:
    deadline = now() + timedelta(days=2, seconds=30)
    batch = make_batch(cast, count=2, deadline=deadline)
    browser, where = signed_in(cast.aya), f"/batches/{batch.pk}/repair/"
    same = browser.get(where).context["typed"].deadline
    answer = browser.post(where + "check/", {**TYPED, "deadline": same})
    assert (answer.status_code, answer.context["moved"]) == (200, False)
    earlier = local_input(deadline - timedelta(days=1))
    assert (
        "It can only become later."
        in browser.post(where + "check/", {**TYPED, "deadline": earlier}).content.decode()
    )
    later = local_input(deadline + timedelta(days=1))
    assert (
        "The batch gets a new deadline"
        in browser.post(where + "check/", {**TYPED, "deadline": later}).content.decode()
    )


def test_where_nothing_was_received_an_ended_batch_says_so(cast: Cast, signed_in: SignedIn) -> None:
    batch = make_batch(cast, count=1)
    batches.close(batch_id=batch.pk, by=cast.aya, now=now())
    browser, where = signed_in(cast.aya), f"/batches/{batch.pk}/repair/"
    busy = browser.post(where + "check/", TYPED)
    assert (busy.status_code, "still being closed" in busy.content.decode()) == (409, True)
    run_pending()
    for step in ("check", "start"):
        page = browser.post(f"{where}{step}/", TYPED, follow=True).content.decode()
        assert "Nothing was received that could be done again." in page


def test_files_taken_before_are_spoken_of(cast: Cast, signed_in: SignedIn) -> None:
    batch = closed(cast)
    browser = signed_in(cast.aya)
    said = "Result files that you have made before"
    assert said not in browser.post(f"/batches/{batch.pk}/repair/check/", TYPED).content.decode()
    browser.post(f"/batches/{batch.pk}/results/", {"format": "csv"})
    run_pending()
    assert said in browser.post(f"/batches/{batch.pk}/repair/check/", TYPED).content.decode()


def test_the_cost_so_far_holds_shares_and_what_is_done_again(cast: Cast, signed_in: SignedIn) -> None:
    batch = make_batch(cast, count=4, audience="crowd", reward=155)
    make_approved(batch, cast.chie, cast.dai)
    held = claim.claim_next(batch_id=batch.pk, by=cast.fumi, now=now())
    made = reports.report_impossible(assignment_id=held.pk, reason="wrong_picture", by=cast.fumi, now=now())
    browser = signed_in(cast.aya)

    def figures() -> set[tuple[str, str]]:
        """Spent and at most, on the board, in the list and at home."""
        board = browser.get(f"/batches/{batch.pk}/").context["progress"]
        (home,) = browser.get("/").context["running"]
        row = browser.get("/batches/").content.decode()
        shown = re.search(r"<b>¥([\d,]+)</b><span class=\"text-secondary\"> / ¥([\d,]+)", row)
        assert shown is not None
        return {
            (f"{board.spent:,}", f"{board.cost:,}"),
            (f"{home['progress'].spent:,}", f"{home['progress'].cost:,}"),
            (shown[1], shown[2]),
        }

    assert figures() == {("155", "620")}
    # 20 % of 155 yen, rounded down.
    reports.agree(report_id=made.pk, by=cast.aya, now=now())
    assert figures() == {("186", "620")}
    make_submission(batch, cast.chie)
    browser.post(f"/batches/{batch.pk}/repair/start/", TYPED)
    run_pending()
    # Two answers are paid and their tasks are on offer once more; the share stays.
    assert figures() == {("341", "930")}
    assert Repair.objects.get().paid == 1
