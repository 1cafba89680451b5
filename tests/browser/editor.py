"""What a director's hands do in the template editor."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.person import Person

FIELDS = '[data-list="fields"] > .cards > .card-line'
LABELS = {"状態": "Condition", "理由": "Reason", "寸法": "Sizes"}


def begin(aya: Person, name: str) -> str:
    """A new template; the address of its editor."""
    aya.visit("/templates/")
    aya.page.fill("#new-title", name)
    aya.page.locator('form[action="/templates/new/"] button[type=submit]').click()
    expect(aya.page.locator("[data-editor]")).to_be_visible()
    aya.look()
    return aya.page.url


def field(page: Page, number: int) -> Locator:
    return page.locator(FIELDS).nth(number)


def bound(card: Locator, path: str) -> Locator:
    return card.locator(f':scope > .card-body [data-bind="{path}"]').first


def add(page: Page, kind: str, japanese: str) -> Locator:
    page.locator(f'#section-form > .adders [data-add="{kind}"]').click()
    card = page.locator(FIELDS).last
    bound(card, "prop.x-label.ja").fill(japanese)
    bound(card, "prop.x-label.en").fill(LABELS[japanese])
    return card


def names(page: Page) -> list[str]:
    return page.locator(f"{FIELDS} > .card-head [data-title]").all_text_contents()


def saved(page: Page) -> None:
    expect(page.locator("[data-autosave]").first).to_have_attribute("data-state", "saved", timeout=15_000)


def publish(page: Page, note: str) -> None:
    saved(page)
    page.fill("#note", note)
    expect(page.locator("[data-publish]")).to_be_enabled()
    page.locator("[data-publish]").click()
    page.wait_for_url(re.compile(r"/templates/\d+/$"))
