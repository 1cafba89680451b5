"""Weeks later a director notices a word that no check looked for: found everywhere, and taken back."""

import re

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PageFactory
from tests.browser.person import Axe, Person
from tests.browser.shop import address
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.mark.parametrize("tag", ["later-ja-390", "later-en-1440"])
def test_a_word_that_must_go_is_found_and_taken_back(
    tag: str, server: Server, page: PageFactory, axe: Axe
) -> None:
    language, width = tag.split("-")[1:]
    made = f"from tests.browser import shop; shop.fill({tag!r}, {language!r}); "
    made += f"print(shop.uploaded_answers({tag!r}))"
    answer = int(server.manage("shell", "-v", "0", "-c", made).split()[-1])
    aya = Person(page(locale=language, width=int(width), height=844), axe)
    aya.sign_in(address("aya", tag))
    aya.visit(f"/answers/{answer}/")
    aya.page.select_option("#later-field", "title")
    aya.page.fill("#later-words", "最高級")
    aya.page.click(".later-acts [name=try]")
    expect(aya.page.locator(".later-form .note.bad")).to_contain_text("最高級")
    expect(aya.page.locator("#later-words")).to_have_value("最高級")
    # Only the parameters of the chosen kind are in the way.
    expect(aya.page.locator("#later-pattern")).to_be_hidden()
    aya.look()
    aya.page.click(".later-acts .btn-primary")
    aya.page.wait_for_url(re.compile(r"/checks/\d+/$"))
    aya.look()
    shown = aya.page.locator(".figure b")
    expect(shown.nth(0)).to_have_text("3")
    expect(shown.nth(1)).to_have_text("2")
    expect(shown.nth(2)).to_have_text("2")
    aya.page.reload()
    aya.look()
    expect(aya.page.locator("#found ~ ul li, .panel:has(#found) ul.rows li")).to_have_count(2)
    where = aya.page.url
    aya.page.click(".later-files .btn-primary")
    aya.page.wait_for_url(re.compile(r"/results/\d+/$"))
    expect(aya.page.locator(".release-state .chip.ok").first).to_be_visible()
    aya.page.reload()
    aya.look()
    cookies = {one["name"]: one["value"] for one in aya.page.context.cookies()}
    data = httpx.get(f"{aya.page.url}file/", cookies=cookies).text
    assert [line.split(",")[0] for line in data.splitlines()[1:] if line.startswith("マグ")] == [
        "マグカップ 1",
        "マグカップ 3",
    ]
    aya.page.click(".release-acts .btn-primary")
    aya.visit(where)
    expect(aya.page.locator(".figure b").last).to_have_text("2")
    assert aya.complaints == []
