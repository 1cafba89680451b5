"""The browser tools themselves: a check that cannot fail would prove nothing."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PageFactory
from tests.serving import Server

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("locale", ["ja", "en"])
@pytest.mark.parametrize("width", [1440, 390])
def test_sign_in_page_is_served_in_the_readers_language(
    page: PageFactory, axe: Callable[[Page], None], locale: str, width: int
):
    opened = page(width=width, locale=locale)
    opened.goto("/")
    expect(opened.locator("html")).to_have_attribute("lang", locale)
    expect(opened.locator("input[type=password]")).to_be_visible()
    axe(opened)


def test_axe_finds_a_picture_without_text(browser: Browser, axe: Callable[[Page], None]):
    page = browser.new_page()
    page.set_content("<html lang=en><title>x</title><main><h1>x</h1><img src='data:,'></main></html>")
    with pytest.raises(AssertionError, match="image-alt"):
        axe(page)


def test_a_killed_server_comes_back_on_its_port(server: Server, page: PageFactory):
    server.kill()
    server.start()
    opened = page()
    answer = opened.goto("/")
    assert answer is not None
    assert answer.ok
