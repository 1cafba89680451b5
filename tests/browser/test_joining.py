"""Joining by a link in a real browser: forms there are sent with the origin that a browser tells."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PageFactory
from tests.browser.person import Axe, Person
from tests.browser.shop import address
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LINKS = """
from tests.browser import shop
shop.fill({tag!r}, "ja")
print(shop.invitation({tag!r}), shop.pool_link({tag!r}))
"""


def links(server: Server, tag: str) -> list[str]:
    return server.manage("shell", "-v", "0", "-c", LINKS.format(tag=tag)).split()


def test_a_new_person_joins_by_invitation(server: Server, page: PageFactory, axe: Axe) -> None:
    invitation, _pool = links(server, "join-ja")
    nao = Person(page(locale="ja", width=390, height=844), axe)
    nao.visit(invitation)
    # The words of the page can be changed before anything else.
    nao.page.click("button[name=language][value=en]")
    nao.page.wait_for_selector("html[lang=en]")
    nao.page.fill("input[name=name]", "直")
    nao.page.fill("input[name=password]", "short")
    nao.page.locator("input[name=password]").press("Enter")
    expect(nao.page.locator("[aria-invalid=true], .field-error").first).to_be_visible()
    nao.look()
    nao.page.fill("input[name=password]", "青い湯のみ 2026")
    nao.page.locator("input[name=password]").press("Enter")
    expect(nao.page.locator("header.bar")).to_be_visible()
    nao.visit("/review/")


def test_somebody_with_an_account_joins_a_pool(server: Server, page: PageFactory, axe: Axe) -> None:
    _invitation, pool = links(server, "join-en")
    links(server, "elsewhere")
    chie = Person(page(locale="en", width=1440), axe)
    chie.sign_in(address("chie", "elsewhere"))
    chie.visit(pool)
    chie.page.locator("main form[method=post] button.btn-primary").click()
    chie.page.wait_for_url("**/work/")
    chie.visit("/settings/places/")
    for tag in ("join-en", "elsewhere"):
        expect(chie.page.locator("main")).to_contain_text(f"Minato {tag}")
