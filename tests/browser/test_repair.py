"""A pilot shows that the manual is wrong; it is corrected there, by an answer to a question, and by a check.

Director, reviewer and two workers, each with a browser of their own; the open pages hear of it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import editor
from tests.browser.conftest import Crew
from tests.browser.person import Person
from tests.factories import good_answer, products, shop_file

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]

TASKS, PILOT = 6, 3
# A job may have to wait for its turn.
JOB_MS = 20_000
RULE, ANSWER = "必ずブランド名を書きます。", "先頭に書いてください。"


@dataclass
class Shop:
    aya: Person
    dai: Person
    ben: Person
    fumi: Person
    file: Path


@pytest.fixture
def shop(request: pytest.FixtureRequest, crew: Callable[..., Crew], tmp_path: Path) -> Shop:
    language, width = request.param
    found = crew("repair", language=language, width=width, hired=["fumi"])
    file = tmp_path / "products.csv"
    file.write_bytes(shop_file(products(TASKS)))
    aya, dai, ben, fumi = (found.sign_in(name) for name in ("aya", "dai", "ben", "fumi"))
    return Shop(aya, dai, ben, fumi, file)


@pytest.mark.parametrize("shop", [("ja", 390), ("en", 1440)], indirect=True, ids=str)
def test_from_the_pilot_over_a_question_to_the_repair(shop: Shop) -> None:
    board = publish_with_a_pilot(shop)
    batch = board.rstrip("/").rsplit("/", 1)[1]
    for number, worker in enumerate((shop.ben, shop.ben, shop.fumi)):
        take(worker, batch)
        hand_in(worker, number)
    approve_one(shop.dai)

    correct_after_the_pilot(shop.aya, board)
    see_that_it_is_paid(shop.ben)
    take(shop.ben, batch)
    question = ask(shop.ben)
    answer(shop.aya, question)
    hear_the_answer(shop.ben)
    put_it_into_the_manual(shop.aya)
    hear_of_the_new_manual(shop.ben)
    take(shop.fumi, batch)
    see_what_changed(shop.fumi)
    hand_in(shop.fumi, 4)

    forbid_a_word(shop.aya, good_answer(4)["title"])
    repair_what_fails(shop.aya, board)
    see_that_it_was_moved_on(shop.ben)
    go_on_with_the_rest(shop.aya, board)


# ---- the director -------------------------------------------------------------------------------


def publish_with_a_pilot(shop: Shop) -> str:
    page = shop.aya.page
    page.goto("/batches/new/")
    page.set_input_files("input[name=file]", shop.file)
    page.click(".wizard-end .btn-primary")
    page.wait_for_selector("input[name=pick]")
    page.check("input[name=pick][value=all]")
    page.click(".wizard-end .btn-primary")
    page.wait_for_selector(".wizard-end a[href$='/terms/']")
    page.click(".wizard-end a[href$='/terms/']")
    page.check("input[name=who][value=staff]")
    page.fill("input[name=reward]", "100")
    page.fill("input[name=pilot_tasks]", str(PILOT))
    page.click(".wizard-end .btn-primary")
    page.wait_for_selector("form[action$='/publish/']")
    page.click("form[action$='/publish/'] button")
    page.wait_for_selector("[data-board=open]")
    return page.url


def correct_after_the_pilot(aya: Person, board: str) -> None:
    """The result of the pilot stands on the board, and the correction is one action from there."""
    page = aya.page
    aya.visit(board)
    expect(aya.one(".pilot")).to_contain_text(str(TASKS - PILOT))
    expect(page.locator(".pilot-facts dd").first).to_have_text("1")
    page.click(".pilot-acts a[href$='/repair/']")
    correct_both(page)
    page.fill("#id_note", "ブランド名の書き方を忘れていました。")
    aya.look()
    see_what_follows(aya)
    expect(page.locator(".figure b")).to_have_text(["2", "3", "¥300"])
    expect(aya.one(".changes")).to_contain_text(RULE)
    aya.look()
    begin(aya)


def correct_both(page: Page) -> None:
    """Each reader sees the manual in one language; the English one is folded beneath the other."""
    for language in ("ja", "en"):
        manual = page.locator(f"[name=manual_{language}]")
        if not manual.is_visible():
            manual.locator("xpath=ancestor::details").locator("summary").click()
        manual.fill(manual.input_value() + "\n\n" + RULE)


def see_what_follows(aya: Person) -> None:
    aya.page.click(".repair-choice .wizard-end .btn-primary")
    aya.page.wait_for_selector("#repair-form", state="attached")


def begin(aya: Person) -> None:
    page = aya.page
    page.click("button.btn-primary[form=repair-form]")
    page.wait_for_url(re.compile(r"/repair/\?report=1"))
    # A job does it, and the page hears of the end: the day it was finished stands there as the fourth fact.
    expect(page.locator("dl.facts > div")).to_have_count(4, timeout=JOB_MS)
    aya.look()


def answer(aya: Person, question: str) -> None:
    page = aya.page
    page.goto(f"/batches/{question}/questions/")
    page.locator(".question-acts a").first.click()
    page.fill("#id_reply", ANSWER)
    aya.look()
    page.click("button[name=reply]")
    expect(page.locator(".reply.is-store")).to_contain_text(ANSWER)


def put_it_into_the_manual(aya: Person) -> None:
    page = aya.page
    page.click(".actions a[href$='/manual/']")
    expect(page.locator("#id_manual_ja")).to_have_value(re.compile(ANSWER))
    expect(page.locator("#id_manual_ja")).to_have_value(re.compile(RULE))
    aya.look()
    page.click(".wizard-end .btn-primary")
    expect(page.locator(".question .chip.ok")).to_be_visible()


def forbid_a_word(aya: Person, word: str) -> None:
    """A newer version of the template, whose check the last answer fails."""
    page = aya.page
    aya.visit("/templates/")
    page.click("#own-title + ul a[href^='/templates/']")
    page.click(".page-head a[href$='/edit/']")
    page.locator('#section-checks [data-add="banned"]').click()
    card = page.locator('[data-list="checks"] > .cards > .card-line').last
    card.locator('[data-bind="field"]').select_option("title")
    card.locator('[data-bind="words"]').fill(word)
    editor.publish(page, "banned")


def repair_what_fails(aya: Person, board: str) -> None:
    """The batch is moved on to the newer version; only the answer that its check refuses is done again."""
    page = aya.page
    aya.visit(board)
    page.click(".page-head details.menu > summary")
    page.click(".page-head details.menu a[href$='/repair/']")
    expect(page.locator("input[name=how]").first).to_be_checked()
    page.check("input[name=scope][value=failing]")
    page.fill("#id_note", "使えない言葉がありました。")
    aya.look()
    see_what_follows(aya)
    expect(page.locator(".figure b")).to_have_text(["1", "1", "¥100"], timeout=JOB_MS)
    aya.look()
    begin(aya)


def go_on_with_the_rest(aya: Person, board: str) -> None:
    page = aya.page
    aya.visit(board)
    page.click("form[action$='/go-on/'] button")
    expect(page.locator(".pilot-acts")).to_have_count(0)
    aya.look()


# ---- workers and reviewer -----------------------------------------------------------------------


def take(worker: Person, batch: str) -> None:
    worker.page.goto("/work/")
    worker.page.click(f"form[action='/work/batch/{batch}/claim/'] button")
    worker.page.wait_for_selector("form[data-task]")


def hand_in(worker: Person, number: int) -> None:
    page = worker.page
    for name, text in good_answer(number).items():
        page.fill(f"[name=answer-{name}]", text)
    page.click("#task-form button[name=then][value=stay]")
    worker.arrive("/my-work/")


def approve_one(dai: Person) -> None:
    dai.page.goto("/review/")
    dai.page.locator("[data-row] a").first.click()
    dai.page.wait_for_selector("[data-desk]")
    with dai.page.expect_navigation():
        dai.page.keyboard.press("a")


def see_that_it_is_paid(worker: Person) -> None:
    page = worker.page
    page.goto("/my-work/?tab=done")
    page.locator(".rows a[href^='/work/']").first.click()
    expect(page.locator(".note.ok")).to_contain_text("ブランド名の書き方を忘れていました。")
    worker.look()


def ask(worker: Person) -> str:
    """On the page of the task; returns the batch's number."""
    page = worker.page
    page.fill("[name=answer-title]", "書きかけ")
    questions = page.locator("details[data-fold=questions]")
    if questions.get_attribute("open") is None:
        questions.locator("summary").click()
    page.fill("#id_question", "ブランド名はどこに書きますか？")
    page.click("[data-ask] button[name=ask]")
    expect(questions.locator(".question-text")).to_have_text("ブランド名はどこに書きますか？")
    worker.look()
    address = page.locator("form[data-ask]").get_attribute("action") or ""
    page.evaluate("window.neverReloaded = true")
    return address.split("/")[2]


def hear_the_answer(worker: Person) -> None:
    expect(worker.page.locator(".reply.is-store")).to_contain_text(ANSWER, timeout=JOB_MS)
    expect(worker.page.locator("[name=answer-title]")).to_have_value("書きかけ")
    assert worker.page.evaluate("window.neverReloaded") is True


def hear_of_the_new_manual(worker: Person) -> None:
    page = worker.page
    told = page.locator(".task-status .note.warn")
    expect(told).to_be_visible()
    assert page.evaluate("window.neverReloaded") is True
    told.locator("a").click()
    expect(page.locator("section.changes")).to_contain_text(ANSWER)
    expect(page.locator("[name=answer-title]")).to_have_value("書きかけ")
    worker.look()


def see_what_changed(worker: Person) -> None:
    """Since the pilot: what was corrected then, and the answer."""
    changed = worker.page.locator("section.changes")
    expect(changed).to_contain_text(RULE)
    expect(changed).to_contain_text(ANSWER)
    worker.look()


def see_that_it_was_moved_on(worker: Person) -> None:
    """Who holds a task keeps what was typed, and is told that the manual is newer."""
    page = worker.page
    told = page.locator(".task-status .note.warn")
    expect(told).to_be_visible(timeout=JOB_MS)
    expect(page.locator("[name=answer-title]")).to_have_value("書きかけ")
    told.locator("a").click()
    expect(page.locator("section.changes")).to_contain_text(good_answer(4)["title"])
    expect(page.locator("[name=answer-title]")).to_have_value("書きかけ")
    worker.look()
