"""Passkeys with the browser's virtual authenticator: made, used alone, and as a second step."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PageFactory
from tests.browser.person import Axe, Person
from tests.browser.shop import PASSWORD, address
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def live_server_url(server: Server) -> str:
    """Passkeys belong to a name; an IP address is none."""
    return server.url.replace("127.0.0.1", "localhost")


@pytest.mark.parametrize(("language", "width"), [("ja", 390), ("en", 1440)])
def test_a_passkey_opens_the_account(
    server: Server, page: PageFactory, axe: Axe, language: str, width: int
) -> None:
    tag = f"passkey-{language}"
    server.manage(
        "shell", "-v", "0", "-c", f"from tests.browser import shop; shop.fill({tag!r}, {language!r})"
    )
    aya = Person(page(locale=language, width=width), axe)
    here = aya.page
    devices = here.context.new_cdp_session(here)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    aya.sign_in(address("aya", tag))
    aya.visit("/settings/security/")
    here.locator('a[href="/accounts/2fa/passkeys/add/"]').click()
    here.fill("main input[name=password]", PASSWORD)
    aya.look()
    here.locator("main form button[type=submit]").first.click()
    expect(here.locator("[data-passkey=create]")).to_be_visible()
    aya.look()
    here.fill("#id_name", "phone")
    here.locator("[data-passkey=create]").click()
    expect(here.locator("[data-codes] li")).to_have_count(10)
    aya.look()
    with here.expect_download() as kept:
        here.locator("[data-download]").click()
    codes = here.locator("[data-codes] code").all_text_contents()
    assert all(code in kept.value.path().read_text() for code in codes)
    aya.visit("/accounts/2fa/passkeys/")
    expect(here.locator("main")).to_contain_text("phone")
    aya.visit("/accounts/sessions/")

    def sign_out() -> None:
        here.locator("details.menu summary").click()
        here.locator('form[action="/accounts/logout/"] button').click()
        expect(here.locator("[data-passkey=login]")).to_be_visible()

    sign_out()
    aya.look()
    here.locator("[data-passkey=login]").click()
    expect(here.locator("header.bar")).to_be_visible()
    sign_out()
    here.fill("input[name=login]", address("aya", tag))
    here.fill("input[name=password]", PASSWORD)
    here.keyboard.press("Enter")
    expect(here.locator("[data-passkey=get]")).to_be_visible()
    aya.look()
    here.locator("[data-passkey=get]").click()
    expect(here.locator("header.bar")).to_be_visible()
    sign_out()
    here.fill("input[name=login]", address("aya", tag))
    here.fill("input[name=password]", PASSWORD)
    here.keyboard.press("Enter")
    here.fill("#id_code", codes[0])
    here.keyboard.press("Enter")
    expect(here.locator("header.bar")).to_be_visible()
    assert aya.complaints == []
