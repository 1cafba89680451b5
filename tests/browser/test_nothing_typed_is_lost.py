"""A session that ends, another language, a second tab, a phone beside the desk: nothing typed is lost."""

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from playwright.sync_api import Page, expect

from tests.browser.conftest import PageFactory
from tests.browser.person import Axe, Person
from tests.browser.shop import PASSWORD, address
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]

LANGUAGES = pytest.mark.parametrize("language", ["ja", "en"])
TITLE, DESCRIPTION = '[name="answer-title"]', '[name="answer-description"]'


def call(server: Server, text: str) -> str:
    return (
        server.manage("shell", "-v", "0", "-c", f"from tests.browser import shop; print('=>', shop.{text})")
        .rsplit("=> ", 1)[1]
        .strip()
    )


def shop_of(server: Server, tag: str, language: str) -> str:
    """A shop in which Ben holds a task; the path of its page."""
    call(server, f"fill({tag!r}, {language!r})")
    return f"/work/{call(server, f'hold({tag!r})')}/"


def end(server: Server, tag: str, name: str = "ben") -> None:
    call(server, f"end_sessions({address(name, tag)!r})")


def end_while_typing(page: Page, server: Server, tag: str, text: str) -> None:
    """What is typed has not reached the server when the session is over."""
    page.route("**/draft/", lambda route: route.abort())
    page.fill(TITLE, text)
    end(server, tag)
    page.unroute("**/draft/")
    expect(page.locator("#again")).to_be_visible(timeout=60_000)


def saved(page: Page) -> None:
    expect(page.locator("[data-autosave]")).to_have_attribute("data-state", "saved", timeout=30_000)


def ben_at(page: Page, axe: Axe, path: str, tag: str) -> Person:
    ben = Person(page, axe)
    ben.sign_in(address("ben", tag))
    ben.visit(path)
    ben.live()
    return ben


@LANGUAGES
@pytest.mark.parametrize("width", [1440, 390])
def test_the_session_ends_while_typing(
    server: Server, page: PageFactory, axe: Axe, language: str, width: int
) -> None:
    tag = f"end-{language}-{width}"
    path = shop_of(server, tag, language)
    ben = ben_at(page(locale=language, width=width), axe, path, tag)
    here = ben.page
    here.fill(TITLE, "半分まで")
    saved(here)
    end_while_typing(here, server, tag, "半分まで、そして残り")
    again = here.locator("#again")
    ben.complaints.clear()
    axe(here)
    here.fill("#again-password", "wrong")
    here.keyboard.press("Enter")
    expect(again.locator("[data-again-problem]")).not_to_be_empty()
    here.fill("#again-password", PASSWORD)
    here.keyboard.press("Enter")
    expect(again).not_to_be_visible(timeout=15_000)
    saved(here)
    ben.live()
    here.reload()
    expect(here.locator(TITLE)).to_have_value("半分まで、そして残り")
    # The new token is in every form of the page that stayed.
    end_while_typing(here, server, tag, "最後まで")
    here.fill("#again-password", PASSWORD)
    here.keyboard.press("Enter")
    expect(again).not_to_be_visible(timeout=15_000)
    saved(here)
    here.locator("details.menu summary").click()
    here.locator('button[name="language"]').click()
    expect(here.locator("html")).to_have_attribute("lang", "en" if language == "ja" else "ja")
    expect(here.locator(TITLE)).to_have_value("最後まで")


@LANGUAGES
def test_a_second_step_in_place(server: Server, page: PageFactory, axe: Axe, language: str) -> None:
    tag = f"code-{language}"
    path = shop_of(server, tag, language)
    ben = ben_at(page(locale=language), axe, path, tag)
    secret = call(server, f"second_step({address('ben', tag)!r})")
    here = ben.page
    end_while_typing(here, server, tag, "続き")
    here.fill("#again-password", PASSWORD)
    here.keyboard.press("Enter")
    code = format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
    here.fill("#again-code", code)
    axe(here)
    here.keyboard.press("Enter")
    expect(here.locator("#again")).not_to_be_visible()
    saved(here)
    here.reload()
    expect(here.locator(TITLE)).to_have_value("続き")


@LANGUAGES
def test_somebody_else_gets_a_page_of_their_own(
    server: Server, page: PageFactory, axe: Axe, language: str
) -> None:
    tag = f"other-{language}"
    path = shop_of(server, tag, language)
    ben = ben_at(page(locale=language), axe, path, tag)
    here = ben.page
    end_while_typing(here, server, tag, "ベンの文")
    here.fill("#again-login", address("dai", tag))
    here.fill("#again-password", PASSWORD)
    here.keyboard.press("Enter")
    expect(here.locator('[data-again="other"]')).to_be_visible()
    here.locator('[data-again="other"] a').click()
    expect(here.locator(".menu-head")).to_contain_text("Dai")
    assert here.goto(path).status == 404  # type: ignore[union-attr]  # a page of this server
    here.goto("/")
    here.locator("details.menu summary").click()
    here.locator('form[action="/accounts/logout/"] button').click()
    ben.complaints.clear()
    ben.sign_in(address("ben", tag))
    here.goto(path)
    here.locator('[data-banner="restore"] [data-do="restore"]').click()
    expect(here.locator(TITLE)).to_have_value("ベンの文")
    saved(here)


@LANGUAGES
def test_the_language_is_switched_while_typing(
    server: Server, page: PageFactory, axe: Axe, language: str
) -> None:
    tag = f"language-{language}"
    path = shop_of(server, tag, language)
    ben = ben_at(page(locale=language), axe, path, tag)
    here, other = ben.page, "en" if language == "ja" else "ja"

    def switch(to: str) -> None:
        here.locator("details.menu summary").click()
        here.locator(f'button[name="language"][value="{to}"]').click()
        expect(here.locator("html")).to_have_attribute("lang", to)

    here.fill(TITLE, "途中の文")
    switch(other)
    restore = here.locator('[data-banner="restore"] [data-do="restore"]')
    if restore.is_visible():
        # The page came before the save that it sent away with: this browser has the words.
        restore.click()
    expect(here.locator(TITLE)).to_have_value("途中の文")
    saved(here)
    # Nor is a plain form emptied.
    here.goto("/settings/")
    here.fill("#id_name", "勉 改め")
    switch(language)
    expect(here.locator("#id_name")).to_have_value("勉 改め")
    # Nor when the session ends under it: its token is renewed where it stands.
    here.fill("#id_name", "勉 再び")
    end(server, tag)
    expect(here.locator("#again")).to_be_visible(timeout=60_000)
    here.fill("#again-password", PASSWORD)
    here.keyboard.press("Enter")
    expect(here.locator("#again")).not_to_be_visible()
    here.locator("main form button[type=submit]").first.click()
    expect(here.locator(".menu-head")).to_contain_text("勉 再び")


@LANGUAGES
def test_two_tabs(server: Server, page: PageFactory, axe: Axe, language: str) -> None:
    tag = f"tabs-{language}"
    path = shop_of(server, tag, language)
    first = ben_at(page(locale=language), axe, path, tag).page
    second = first.context.new_page()
    second.goto(path)
    first.fill(TITLE, "一つ目の窓")
    saved(first)
    second.fill(TITLE, "二つ目の窓")
    conflict = second.locator('[data-banner="conflict"]')
    expect(conflict).to_be_visible(timeout=30_000)
    expect(conflict).to_contain_text("一つ目の窓")
    expect(second.locator(TITLE)).to_have_value("二つ目の窓")
    conflict.locator('[data-do="mine"]').click()
    saved(second)
    first.reload()
    expect(first.locator(TITLE)).to_have_value("二つ目の窓")


@LANGUAGES
def test_phone_and_desk_at_once(server: Server, page: PageFactory, axe: Axe, language: str) -> None:
    tag = f"both-{language}"
    path = shop_of(server, tag, language)
    desk = ben_at(page(locale=language), axe, path, tag).page
    phone = ben_at(page(locale=language, width=390, height=844), axe, path, tag).page
    phone.context.set_offline(True)
    phone.fill(DESCRIPTION, "電車の中で書いた説明。")
    desk.fill(TITLE, "机の題")
    saved(desk)
    phone.context.set_offline(False)
    conflict = phone.locator('[data-banner="conflict"]')
    expect(conflict).to_be_visible(timeout=60_000)
    expect(conflict).to_contain_text("机の題")
    expect(phone.locator(DESCRIPTION)).to_have_value("電車の中で書いた説明。")
    conflict.locator('[data-do="mine"]').click()
    saved(phone)
    desk.reload()
    expect(desk.locator(DESCRIPTION)).to_have_value("電車の中で書いた説明。")
