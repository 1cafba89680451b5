"""A director's board in a real browser, which notes when it first showed what."""

import time
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

from tests.kill.people import Person

# Seconds of the same clock as time.time(): both processes are on this machine.
_WATCH = """() => {
    window.shownAt = {};
    const look = () => {
        for (const card of document.querySelectorAll("section[data-column=claimed] [data-key]"))
            window.shownAt[card.dataset.key] ??= Date.now() / 1000;
    };
    new MutationObserver(look).observe(document.body, {childList: true, subtree: true});
    look();
    window.neverReloaded = true;
}"""


def sign_in(page: Page, person: Person) -> None:
    host = urlsplit(person.server.url).hostname
    page.context.add_cookies(
        [{"name": "sessionid", "value": person.session, "domain": host or "", "path": "/"}]
    )


def wait_for_sign(page: Page, state: str, seconds: float = 30) -> None:
    """The small sign at the top: live, connecting, offline or stopped."""
    page.wait_for_selector(f"[data-live-sign][data-state={state}]", timeout=seconds * 1000)


class Board:
    """The open board of one batch."""

    def __init__(self, page: Page, person: Person, batch: int) -> None:
        self.page = page
        sign_in(page, person)
        page.goto(f"/batches/{batch}/")
        wait_for_sign(page, "live")
        page.evaluate(_WATCH)

    def shows(self, task: int) -> bool:
        return self._shown_at(task) is not None

    def wait_for(self, task: int, seconds: float = 30) -> float:
        """When (time.time()) the task first stood in the column of claimed ones."""
        found: Any = None
        deadline = time.monotonic() + seconds
        while found is None:
            found = self._shown_at(task)
            if time.monotonic() > deadline:
                raise AssertionError(f"the board does not show task {task} within {seconds} seconds")
            self.page.wait_for_timeout(20)
        return float(found)

    def _shown_at(self, task: int) -> Any:
        return self.page.evaluate("key => window.shownAt[key] ?? null", f"task-{task}")

    def assert_not_reloaded(self) -> None:
        assert self.page.evaluate("window.neverReloaded === true"), "the page was loaded again"
