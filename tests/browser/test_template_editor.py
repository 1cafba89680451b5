"""A director makes a template from nothing, tries it, publishes it, changes it; two windows lose nothing."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PageFactory
from tests.browser.editor import add, begin, bound, field, names, publish, saved
from tests.browser.person import Axe, Person
from tests.browser.shop import address
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture
def aya(request: pytest.FixtureRequest, server: Server, page: PageFactory, axe: Axe) -> Iterator[Person]:
    language, width = request.param
    tag = f"editor-{language}-{width}"
    server.manage(
        "shell", "-v", "0", "-c", f"from tests.browser import shop; shop.fill({tag!r}, {language!r})"
    )
    person = Person(page(locale=language, width=width, height=844 if width < 500 else 900), axe)
    person.sign_in(address("aya", tag))
    yield person
    assert person.complaints == []


@pytest.mark.parametrize("aya", [("ja", 1440), ("en", 1440), ("ja", 390)], indirect=True, ids=str)
def test_from_nothing_to_a_second_version(aya: Person) -> None:
    page = aya.page
    editor = begin(aya, "写真の検品")
    build(page)
    try_a_check(page)
    see_it_as_a_worker(page)
    aya.look()
    publish(page, "first")
    aya.look()
    page.goto(editor)
    card = field(page, 0)
    card.locator('[data-act="toggle"]').click()
    bound(card, "prop.maxLength").fill("60")
    page.fill("#place-manual_ja", "# 手順\n全部の写真を見ます。")
    publish(page, "second")
    expect(page.locator(".changes")).to_contain_text(re.compile("→ 60"))
    expect(page.locator(".text-diff ins, .diff-added").first).to_be_visible()
    aya.look()


def build(page: Page) -> None:
    """A choice, a field asked only for one of its values, rows with two columns."""
    card = add(page, "choice", "状態")
    values = card.locator('[data-list="options"] [data-bind="value"]')
    values.nth(0).fill("ok")
    values.nth(1).fill("bad")
    card = add(page, "long_text", "理由")
    card.locator("[data-rule-field]").select_option(index=1)
    card.locator("[data-rule-field]").select_option("field_2")
    card.locator('[data-rule-pick][value="bad"]').check()
    card = add(page, "rows", "寸法")
    column = card.locator('[data-list="columns"] .card-line').first
    column.locator('[data-act="toggle"]').click()
    bound(column, "prop.x-label.ja").fill("縦")
    card.locator('[data-list="columns"] > [data-add]').click()
    bound(card.locator('[data-list="columns"] .card-line').last, "prop.x-label.ja").fill("横")
    page.locator("#section-checklist [data-add]").click()
    page.locator('#section-checklist [data-bind="label.ja"]').fill("写真が合っている")
    saved(page)
    expect(page.locator("[data-problems] li")).to_have_count(0)


def try_a_check(page: Page) -> None:
    page.locator('#section-checks [data-add="banned"]').click()
    card = page.locator('[data-list="checks"] > .cards > .card-line').first
    card.locator('[data-bind="words"]').fill("最安\n激安")
    card.locator("[data-samples]").fill("良い皿\n激安の皿")
    card.locator("[data-try]").click()
    expect(card.locator(".tried .passed")).to_have_count(1)
    expect(card.locator(".tried .failed")).to_contain_text("激安の皿")


def see_it_as_a_worker(page: Page) -> None:
    frame = page.locator("[data-preview]")
    page.select_option("[data-preview-language]", "en")
    expect(frame).to_contain_text("Condition")
    page.select_option("[data-preview-language]", "ja")
    expect(frame).to_contain_text("状態")
    page.locator('[data-width="phone"]').click()
    expect(frame).to_have_class(re.compile("as-phone"))


# Each run has people of its own, named after language and width.
@pytest.mark.parametrize("aya", [("en", 1438)], indirect=True, ids=str)
def test_fields_move_by_drag_and_by_key_and_come_back(aya: Person) -> None:
    page = aya.page
    begin(aya, "Order")
    add(page, "date", "状態")
    add(page, "integer", "理由")
    for number in (1, 2):
        field(page, number).locator('[data-act="toggle"]').first.click()
    assert names(page) == ["Answer", "Condition", "Reason"]
    field(page, 2).locator('[data-act="toggle"]').first.focus()
    page.keyboard.press("Alt+ArrowUp")
    assert names(page) == ["Answer", "Reason", "Condition"]
    expect(page.locator("[data-announce]")).to_have_text("“Reason” is now number 2 of 3.")
    expect(field(page, 1).locator('[data-act="toggle"]').first).to_be_focused()
    drag(page, field(page, 2), field(page, 0))
    assert names(page) == ["Condition", "Answer", "Reason"]
    field(page, 1).locator('[data-act="delete"]').first.click()
    assert names(page) == ["Condition", "Reason"]
    page.locator("[data-undo-do]").click()
    assert names(page) == ["Condition", "Answer", "Reason"]
    saved(page)
    page.reload()
    assert names(page) == ["Condition", "Answer", "Reason"]


def drag(page: Page, card: Locator, onto: Locator) -> None:
    start, end = card.locator("[data-grip]").first.bounding_box(), onto.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 5, start["y"] + 5)
    page.mouse.down()
    page.mouse.move(start["x"] + 5, end["y"] + 20, steps=4)
    page.mouse.move(start["x"] + 5, end["y"] + 2, steps=4)
    page.mouse.up()


@pytest.mark.parametrize("aya", [("en", 1439)], indirect=True, ids=str)
def test_two_windows_keep_both_texts(aya: Person) -> None:
    page = aya.page
    editor = begin(aya, "Twice")
    second = page.context.new_page()
    second.goto(editor)
    page.fill("#place-manual_en", "from the first window")
    saved(page)
    second.fill("#place-manual_en", "from the second window")
    expect(second.locator("[data-conflict]")).to_be_visible()
    expect(second.locator("#place-manual_en")).to_have_value("from the second window")
    second.locator("[data-conflict-theirs]").click()
    expect(second.locator("#place-manual_en")).to_have_value("from the first window")
    second.locator("[data-other-do]").click()
    expect(second.locator("#place-manual_en")).to_have_value("from the second window")
    saved(second)
    page.reload()
    expect(page.locator("#place-manual_en")).to_have_value("from the second window")
