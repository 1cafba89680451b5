"""Counters and hints in a real Chromium, under the strict policy, served from memory."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from exchange.encodings import fits
from frontend.answerform.render import Mode, render_form
from tasks.answers.checks import parse_checks
from tests.factories import picture
from tests.tasks.answers.forms import ALL_KINDS, PARTS, form, text
from tools import chromium
from tools.browser_files import MODULES

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[3]
ORIGIN = "http://tencho.test"
POLICY = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self'"
FORM = form(
    {
        "title": text(maxLength=10),
        "code": text(),
        "slow": text(),
        "memo": text(),
        "uses": {"type": "array", "items": {"type": "string", "enum": ["gift"]}, "x-label": {"en": "Uses"}},
        **PARTS,
        "wrap": text(**{"x-show-if": {"field": "uses", "is": ["gift"]}}),
        "bow": text(**{"x-show-if": {"field": "wrap", "is": ["paper"]}}),
    },
    required=["title", "uses"],
)
CHECKS = parse_checks(
    [
        {"id": "a", "kind": "bytes_cp932", "field": "title", "max": 8},
        {"id": "f", "kind": "bytes_cp932", "field": "memo"},
        {"id": "b", "kind": "length", "field": "title", "min": 2},
        {"id": "c", "kind": "regex", "field": "code", "pattern": "[0-9]+", "label": {"en": "Digits"}},
        {"id": "d", "kind": "regex", "field": "slow", "pattern": "(a+)+$", "label": {"en": "Slow"}},
        {"id": "e", "kind": "regex", "field": "slow", "pattern": "b", "mode": "search", "negate": True},
    ],
    FORM,
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    assert path is not None, "There is no Chromium: `make test` installs one."
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(chromium.LAUNCH_FLAGS))
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with translation.override("en"):
        fields = render_form(FORM, CHECKS, values={"title": "日本"}, errors=[], mode="edit")
    html = (
        f'<!doctype html><html lang="en"><title>x</title><script src="/answerform.js" defer></script>{fields}'
    )
    complaints: list[str] = []

    def answer(route: Route) -> None:
        headers = {"Content-Security-Policy": POLICY}
        if route.request.url.endswith(".js"):
            script = (ROOT / "frontend/static/answerform.js").read_text(encoding="utf-8")
            route.fulfill(body=script, content_type="text/javascript", headers=headers)
        elif route.request.resource_type == "image":
            route.fulfill(body=picture("JPEG"), content_type="image/jpeg", headers=headers)
        else:
            route.fulfill(body=html, content_type="text/html; charset=utf-8", headers=headers)

    context = browser.new_context(service_workers="block")
    context.route("**/*", answer)
    made = context.new_page()
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.on("console", lambda message: complaints.append(message.text))
    made.goto(f"{ORIGIN}/")
    yield made
    context.close()
    assert complaints == []


def test_counters_count_as_the_server_does(page: Page) -> None:
    counter = page.locator("#answer-title-counter")
    expect(counter).to_have_text("2 / 10 characters · 4 / 8 bytes (CP932)")
    page.fill("#answer-title", "か\u3099ｱa①")
    expect(counter).to_have_text("4 / 10 characters · 8 / 8 bytes (CP932)")
    page.fill("#answer-title", "日本語です𠮷")
    expect(counter).to_have_text("6 / 10 characters · 12 / 8 bytes (CP932) · 4 over the limit")


def test_characters_that_cp932_lacks_are_named_while_typing(page: Page) -> None:
    hint = page.locator("#answer-memo-hint")
    page.fill("#answer-memo", "椅子😀と𠮷, 😀")
    expect(hint).to_have_text("These characters do not exist in CP932: 😀 (U+1F600), 𠮷 (U+20BB7).")
    page.fill("#answer-memo", "①㈱髙～ｱ")
    expect(hint).to_have_text("")
    page.fill("#answer-title", "日本語です")
    expect(page.locator("#answer-title-hint")).to_have_text("At most 8 bytes in CP932 are allowed.")


def test_browser_and_server_know_the_same_characters_of_cp932(page: Page) -> None:
    hint = page.locator("#answer-memo-hint")
    known = [chr(n) for n in range(0x20, 0x10000) if not 0x7F <= n < 0xA0 and fits(chr(n), "cp932")]
    assert len(known) > 9_000
    page.fill("#answer-memo", "".join(known))
    expect(hint).to_have_text("")
    for char in "éÀ¥‐–—ー゙゚한爱𠮷👍\u00a0\ufeff\uf8f1\ue758":
        page.fill("#answer-memo", char + "a")
        expect(hint).to_have_text("" if fits(char, "cp932") else re.compile(f"U\\+{ord(char):04X}"))


def test_hints_come_and_go(page: Page) -> None:
    hint = page.locator("#answer-title-hint")
    page.fill("#answer-title", "")
    expect(hint).to_have_text("Please fill this in.")
    page.fill("#answer-title", "a")
    expect(hint).to_have_text("At least 2 characters are needed.")
    page.fill("#answer-title", "ab")
    expect(hint).to_have_text("")


def test_pattern_is_judged_in_a_worker(page: Page) -> None:
    page.fill("#answer-code", "12a")
    expect(page.locator("#answer-code-hint")).to_have_text("Please check: Digits")
    page.fill("#answer-code", "12")
    expect(page.locator("#answer-code-hint")).to_have_text("")


def test_catastrophic_pattern_neither_freezes_the_page_nor_stops_the_others(page: Page) -> None:
    page.fill("#answer-slow", "a" * 40 + "!b")
    page.fill("#answer-title", "abc")
    expect(page.locator("#answer-title-counter")).to_contain_text("3 / 10", timeout=1_000)
    expect(page.locator("#answer-slow-hint")).to_have_text(
        "This holds something that is not allowed here.", timeout=15_000
    )


def test_group_of_choices_is_judged_when_it_is_left(page: Page) -> None:
    page.focus("#answer-uses-1")
    page.focus("#answer-title")
    expect(page.locator("#answer-uses-hint")).to_have_text("Please fill this in.")
    page.check("#answer-uses-1")
    expect(page.locator("#answer-uses-hint")).to_have_text("")


def test_dependent_fields_come_and_go_in_a_chain(page: Page) -> None:
    wrap, bow = page.locator("#answer-wrap"), page.locator("#answer-bow")
    expect(wrap).to_be_hidden()
    page.check("#answer-uses-1")
    expect(wrap).to_be_visible()
    page.fill("#answer-wrap", " paper ")
    expect(bow).to_be_visible()
    page.fill("#answer-bow", "red")
    page.uncheck("#answer-uses-1")
    expect(bow).to_be_hidden()
    page.check("#answer-uses-1")
    assert bow.input_value() == "red"


def sizes(page: Page) -> list[str]:
    cells = page.locator("[data-answer-row] input[name$=-size]").all()
    return [f"{cell.get_attribute('name')}={cell.input_value()}" for cell in cells]


def test_rows_are_added_moved_removed_and_brought_back_by_keyboard(page: Page) -> None:
    add, said = page.get_by_role("button", name="Add a row"), page.locator("[data-answer-said]")
    page.fill("#answer-sizes-0-size", "S")
    for size in ("M", "L"):
        add.press("Enter")
        page.keyboard.type(size)  # the new row has the focus
    assert sizes(page) == ["answer-sizes-0-size=S", "answer-sizes-1-size=M", "answer-sizes-2-size=L"]
    page.get_by_role("button", name="Move row 3 up").press("Enter")
    expect(said).to_have_text("The row is number 2 now.")
    page.keyboard.press("Enter")  # the button went along with its row
    assert sizes(page) == ["answer-sizes-0-size=L", "answer-sizes-1-size=S", "answer-sizes-2-size=M"]
    expect(page.get_by_role("button", name="Move row 1 down")).to_be_focused()
    page.get_by_role("button", name="Remove row 2").press("Enter")
    expect(said).to_have_text("Row 2 was removed.")
    assert sizes(page) == ["answer-sizes-0-size=L", "answer-sizes-1-size=M"]
    expect(page.get_by_role("button", name="Remove row 2")).to_be_focused()
    page.get_by_role("button", name="Undo").press("Enter")
    assert sizes(page) == ["answer-sizes-0-size=L", "answer-sizes-1-size=S", "answer-sizes-2-size=M"]
    add.click()
    expect(add).to_be_disabled()  # four at most


def test_last_row_is_emptied_rather_than_missing(page: Page) -> None:
    page.fill("#answer-sizes-0-size", "S")
    page.get_by_role("button", name="Remove row 1").click()
    assert sizes(page) == ["answer-sizes-0-size="]
    page.get_by_role("button", name="Undo").click()
    assert sizes(page) == ["answer-sizes-0-size=S"]


@pytest.mark.parametrize("mode", ["edit", "readonly", "preview"])
def test_every_kind_of_field_is_accessible(page: Page, mode: Mode) -> None:
    note = {"note": text(**{"x-show-if": {"field": "colour", "is": ["red"]}})}
    every = form(ALL_KINDS | PARTS | note, required=["title", "uses"])
    wrong = {name: ["Wrong."] for name in [*ALL_KINDS, *PARTS, "sizes.0.width"]}
    unit = {"images": [{"url": "/a.jpg", "alt": "A mug"}, {"url": "https://x.example/b.jpg"}]}
    with translation.override("en"):
        values = {"title": "a", "photo": "7", "colour": "red", "uses": ["gift"], "sizes": [{"size": "M"}, {}]}
        values["cutouts"] = [{"before": "/a.jpg", "after": "7"}]
        html = render_form(
            every, [], values=values, errors=wrong, mode=mode, image_url="/{}.jpg".format, unit_values=unit
        )
    page.evaluate("html => { document.body.innerHTML = `<main><h1>x</h1>${html}</main>` }", str(html))
    page.evaluate("document.dispatchEvent(new Event('answer:filled', {bubbles: true}))")
    page.evaluate((MODULES / "axe-core" / "axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
