"""The reviewer's desk: what is being corrected is never passed over."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PageFactory
from tests.browser.person import Axe, Person
from tests.browser.shop import address
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FILL = "from tests.browser import shop; shop.fill({0!r}, {1!r}); print(shop.waiting_answer({0!r}))"
FOUND = (
    "from tasks.models import Correction; print(*Correction.objects.values_list('answer__title', flat=True))"
)


@pytest.mark.parametrize(("language", "width"), [("ja", 390), ("en", 1440)])
def test_approving_beside_a_correction_approves_the_corrected(
    server: Server, page: PageFactory, axe: Axe, language: str, width: int
) -> None:
    tag = f"desk-{language}"
    submission = server.manage("shell", "-v", "0", "-c", FILL.format(tag, language)).strip()
    dai = Person(page(locale=language, width=width, height=844), axe)
    dai.sign_in(address("dai", tag))
    dai.visit(f"/review/{submission}/")
    dai.page.keyboard.press("r")
    # Every point of the rejection can be scrolled to, and what decides stays in sight.
    expect(dai.page.locator("#reject-form button[type=submit]")).to_be_in_viewport()
    dai.look()
    dai.page.keyboard.press("Escape")
    expect(dai.page.locator("#reject-form")).to_be_hidden()
    dai.page.keyboard.press("e")
    title = dai.page.locator("#correct-form [name=answer-title]")
    title.fill(f"{tag} を直した商品名")
    title.press("Escape")
    with dai.page.expect_navigation():
        dai.page.keyboard.press("a")
    assert f"{tag} を直した商品名" in server.manage("shell", "-v", "0", "-c", FOUND)
