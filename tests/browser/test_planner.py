"""A director plans the shop's work by keyboard: figures, a mistake, a file, hiding, and on to a new batch."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PageFactory
from tests.browser.person import Axe, Person
from tests.browser.shop import address
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]

VOLUME, MINUTES = "input[name='volume.new-listing']", "input[name='minutes.new-listing']"


def director(server: Server, page: PageFactory, axe: Axe, language: str, width: int) -> Person:
    tag = f"plan-{language}-{width}-{os.urandom(2).hex()}"
    server.manage(
        "shell", "-v", "0", "-c", f"from tests.browser import shop; shop.fill({tag!r}, {language!r})"
    )
    aya = Person(page(locale=language, width=width, height=844), axe)
    aya.sign_in(address("aya", tag))
    return aya


@pytest.mark.parametrize(("language", "width"), [("ja", 390), ("en", 1440)])
def test_from_estimates_to_a_batch(
    server: Server, page: PageFactory, axe: Axe, language: str, width: int, tmp_path: Path
) -> None:
    aya = director(server, page, axe, language, width)
    aya.page.click("nav.bar-nav a[href='/operations/']")
    aya.look()
    assert aya.page.evaluate("scrollY") == 0
    # Enter saves: it must not press a button that hides a row.
    aya.page.fill(VOLUME, "many")
    aya.page.fill(MINUTES, "7.5")
    aya.page.locator(MINUTES).press("Enter")
    expect(aya.page.locator(".note.bad")).to_be_visible()
    aya.look()
    expect(aya.page.locator(VOLUME)).to_have_value("many")
    aya.page.fill(VOLUME, "１，２００")
    aya.page.locator(VOLUME).press("Enter")
    expect(aya.page.locator(".note.alert-success")).to_be_visible()
    expect(aya.page.locator(VOLUME)).to_have_value("1200")
    expect(aya.page.locator(".plan-next li").first).to_contain_text(
        re.compile("新商品の登録|New product listing")
    )
    aya.look()
    # A row opens by keyboard, is called core, and says that it is kept.
    aya.page.locator("#op-price-update summary").press("Enter")
    aya.page.select_option("#core-price-update", "1")
    aya.look()
    aya.page.click(".plan-save button")
    expect(aya.page.locator("#op-price-update .chip.ok")).to_be_visible()
    aya.page.locator("#op-banner summary").press("Enter")
    aya.page.click("#op-banner button[name=hide]")
    expect(aya.page.locator("#op-banner")).to_have_count(0)
    file = tmp_path / "volumes.csv"
    file.write_text("業務,件数,分\n4,500,3\n99,1,1\n", "utf-8")
    aya.page.click("#import summary")
    aya.page.set_input_files("#plan-file", file)
    aya.page.click("#import button")
    expect(aya.page.locator(".note.bad li")).to_contain_text("99")
    aya.look()
    file.write_text("業務,件数,分\n4,500,3\n", "utf-8")
    aya.page.set_input_files("#plan-file", file)
    aya.page.click("#import button")
    expect(aya.page.locator("input[name='volume.title-rewrite']")).to_have_value("500")
    aya.page.click("#op-description-copy .plan-act a")
    expect(aya.page.locator("input[name=template][value=product-copy]")).to_be_checked()
    aya.look()


def test_it_works_without_scripts(server: Server, page: PageFactory, axe: Axe) -> None:
    aya = director(server, page, axe, "en", 1440)
    context = aya.page.context.browser.new_context(  # type: ignore[union-attr]  # a launched one
        java_script_enabled=False,
        base_url=server.url,
        storage_state=aya.page.context.storage_state(),
        locale="en-US",
    )
    plain = context.new_page()
    plain.goto("/operations/")
    plain.fill(VOLUME, "90")
    plain.locator(VOLUME).press("Enter")
    expect(plain.locator(VOLUME)).to_have_value("90")
    expect(plain.locator(".note.alert-success")).to_contain_text("1 operation saved.")
    context.close()
