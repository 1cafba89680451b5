"""Chromium against a real server: `server`, `live_server_url`, `page` (makes pages) and `axe`."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.person import Axe, Person
from tests.browser.shop import address
from tests.serving import Server
from tools import chromium
from tools.browser_files import MODULES

# WCAG 2.2 AA and what axe's authors advise beyond it.
AXE_OPTIONS = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
# A target that lies half under a bar on the window's edge is measured again where a person scrolls it to.
RUN_AXE = """async (options) => {
    const { violations } = await axe.run(document, options);
    const scrolled = [scrollX, scrollY];
    for (const violation of violations.filter(({ id }) => id === "target-size")) {
        const small = [];
        for (const node of violation.nodes) {
            document.querySelector(node.target[0]).scrollIntoView({ block: "center", behavior: "instant" });
            const again = await axe.run(node.target[0], { ...options, runOnly: [violation.id] });
            if (again.violations.length) small.push(node);
        }
        violation.nodes = small;
    }
    scrollTo(...scrolled);
    return violations.filter(({ nodes }) => nodes.length);
}"""
LANGUAGES = {"ja": "ja-JP", "en": "en-US"}

PageFactory = Callable[..., Page]

# Milliseconds. Two browsers and two servers share two processors: what is right may come late.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE / 2)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A migrated application, to which every test brings people and shops of its own."""
    with Server(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture(scope="module")
def live_server_url(server: Server) -> str:
    return server.url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    if path is None:
        pytest.fail("There is no Chromium: `make test` installs one, or set CHROMIUM_PATH.")
    # While Playwright runs, Django takes this thread for an asynchronous one and refuses every query.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        running = playwright.chromium.launch(executable_path=path, args=list(chromium.LAUNCH_FLAGS))
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser, live_server_url: str) -> Iterator[PageFactory]:
    """Makes pages, each with cookies of its own: `page(width=390, height=844, locale="en")`.

    The test fails at its end when a script raised or the content security policy refused something.
    """
    complaints: list[str] = []

    def make(width: int = 1440, height: int = 900, locale: str = "ja", **options: Any) -> Page:
        context = browser.new_context(
            base_url=live_server_url,
            viewport={"width": width, "height": height},
            locale=LANGUAGES[locale],
            timezone_id="Asia/Tokyo",
            # Buttons fade into their colours otherwise, and axe measures them half-way.
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(PATIENCE)
        made = context.new_page()
        made.on("pageerror", lambda error: complaints.append(f"{made.url}: {error}"))
        made.on("console", lambda message: complaints.extend(_refusals(message)))
        return made

    yield make
    for context in browser.contexts:
        context.close()
    assert complaints == []


def _refusals(message: ConsoleMessage) -> list[str]:
    return [message.text] if "Content Security Policy" in message.text else []


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], None]:
    """Asserts that a page has no accessibility violation: `axe(page)`."""
    script = (MODULES / "axe-core" / "axe.min.js").read_text("utf-8")

    def check(page: Page) -> None:
        # Evaluated, not added as a tag: the page's own content security policy stays as it is.
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(script)
        found = page.evaluate(RUN_AXE, AXE_OPTIONS)
        assert not found, _readable(page.url, found)

    return check


@dataclass(frozen=True)
class Crew:
    """The people of a shop of their own; each signs in at a browser of their own."""

    tag: str
    language: str
    width: int
    page: PageFactory
    axe: Axe
    people: list[Person]

    def sign_in(self, name: str) -> Person:
        person = Person(self.page(locale=self.language, width=self.width, height=844), self.axe)
        person.sign_in(address(name, self.tag))
        self.people.append(person)
        return person


@pytest.fixture
def crew(server: Server, page: PageFactory, axe: Axe) -> Iterator[Callable[..., Crew]]:
    """Fills a shop: `crew("repair", language="ja", width=390, hired=["fumi"])`. No console complains."""
    people: list[Person] = []

    def fill(about: str, *, language: str, width: int, hired: Sequence[str] = ()) -> Crew:
        tag = f"{about}-{language}-{width}"
        made = (
            f"from tests.browser import shop; shop.fill({tag!r}, {language!r});"
            f"shop.hire({tag!r}, {language!r}, {list(hired)!r})"
        )
        server.manage("shell", "-v", "0", "-c", made)
        return Crew(tag, language, width, page, axe, people)

    yield fill
    assert [complaint for person in people for complaint in person.complaints] == []


def _readable(url: str, violations: list[dict[str, Any]]) -> str:
    lines = [f"axe on {url}:"]
    for violation in violations:
        lines.append(f"  {violation['id']}: {violation['help']}")
        lines += [f"    {node['target']}: {node['html'][:160]}" for node in violation["nodes"][:5]]
    return "\n".join(lines)
