"""Somebody at a browser: signs in, and every page they come to is looked at closely."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Error, Locator, Page, Response, expect

from tests.browser.shop import PASSWORD

Axe = Callable[[Page], None]
# What a failed fetch of one's own making says; a test that expects one looks at it itself.
HARMLESS = re.compile(r"status of 4(09|22)")


class Person:
    """A page with cookies of its own. What the console complains of is collected; `look` checks a page."""

    def __init__(self, page: Page, axe: Axe) -> None:
        self.page, self._axe = page, axe
        self.complaints: list[str] = []
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("response", self._watch)

    def _hear(self, kind: str, text: str) -> None:
        if kind == "error" and not HARMLESS.search(text):
            self.complaints.append(f"{self.page.url}: {text}")

    def _watch(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.url}: {response.status}")

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        self.page.goto("/accounts/login/")
        self.page.fill("input[name=login]", email)
        self.page.fill("input[name=password]", password)
        self.page.locator("input[name=password]").press("Enter")
        expect(self.page.locator("header.bar")).to_be_visible()
        self.look()

    def visit(self, path: str) -> None:
        self.page.goto(path)
        self.look()

    def look(self) -> None:
        """Nothing for axe, nothing wider than the window, nothing in the console."""
        expect(self.page.locator("h1").first).to_be_visible()
        self._axe(self.page)
        wide = self.page.evaluate(OVERFLOWING)
        assert not wide, f"{self.page.url} scrolls sideways: {wide}"
        assert not self.complaints, self.complaints

    def arrive(self, path: str) -> None:
        """Waits for the page at `path`, a pattern; where it does not come, tells what is there instead."""
        try:
            self.page.wait_for_url(re.compile(path))
        except Error as late:
            shown = self.page.locator("main").inner_text()
            raise AssertionError(f"still at {self.page.url}, not {path}:\n{shown[:3000]}") from late

    def live(self) -> None:
        """Waits until the page hears of changes."""
        expect(self.page.locator("[data-live-sign]")).to_have_attribute("data-state", "live")

    def one(self, selector: str, **having: Any) -> Locator:
        return self.page.locator(selector, **having).first


OVERFLOWING = """() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return "";
    const sticksOut = (e) => e.getBoundingClientRect().right > width + 1;
    const wide = [...document.body.querySelectorAll("*")].filter(sticksOut);
    return wide.slice(0, 5).map((e) => e.outerHTML.slice(0, 120)).join("\\n") || "the page";
}"""
