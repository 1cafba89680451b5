"""The first working day wholly in the browser: a product file goes out as tasks and comes back approved."""

import csv
import io
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PageFactory
from tests.browser.person import Axe, Person
from tests.browser.shop import address
from tests.factories import LAYOUTS, Row, good_answer, products, shop_file
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]

EASY_REVIEW_SECONDS = 15
TEXT = "毎日の食卓になじむ、手ざわりのよいマグカップです。「港工房」の白い釉薬, 電子レンジで温められます。"
ANSWER = {
    **good_answer(),
    "title": "港工房 マグカップ 白 - 手びねり, 320ml",
    "description": f"{TEXT}\n\n{TEXT}",
}


@dataclass(frozen=True)
class Day:
    """The people of one run, each in a browser of their own."""

    aya: Person
    dai: Person
    ben: Person
    chie: Person
    folder: Path


@pytest.fixture
def day(
    request: pytest.FixtureRequest, server: Server, page: PageFactory, axe: Axe, tmp_path: Path
) -> Iterator[Day]:
    language, width = request.param
    tag = f"day-{language}-{width}"
    server.manage(
        "shell", "-v", "0", "-c", f"from tests.browser import shop; shop.fill({tag!r}, {language!r})"
    )
    size = {"width": width, "height": 844 if width < 500 else 900}
    people = {name: Person(page(locale=language, **size), axe) for name in ("aya", "dai", "ben", "chie")}
    for name, person in people.items():
        person.sign_in(address(name, tag))
        expect(person.page.locator("html")).to_have_attribute("lang", language)
    yield Day(**people, folder=tmp_path)
    for person in people.values():
        assert person.complaints == []


def source(dialect: str) -> bytes:
    """Four products, two of them without a description; needless quotes, a cell of two lines."""
    rows: list[Row] = products(4)
    rows[1]["description"] = '<p>一行目,\n二行目 “引用” "</p>'
    data = shop_file(rows, dialect=dialect, end="\n", bom=dialect == "legacy")
    return data.replace("港工房,".encode(), '"港工房",'.encode(), 2)


@pytest.mark.parametrize(
    "day", [("ja", 390), ("en", 1440), ("ja", 1440), ("en", 390)], indirect=True, ids=str
)
def test_first_working_day(day: Day) -> None:
    sent = source("current")
    crowd = publish(day, "crowd", sent, "pool")
    staff = publish(day, "staff", source("legacy"), "staff")
    day.aya.visit(crowd)
    day.aya.live()
    day.aya.page.evaluate("window.neverReloaded = true")
    expect_columns(day.aya, open=2)

    take_next_and_submit(day.chie, crowd)
    expect_columns(day.aya, open=1, in_review=1)
    choose_and_submit(day.ben, staff)
    ask_for_changes(day.dai)
    approve_by_keys(day.dai, "Ben")
    hand_in_again(day.chie)
    expect_columns(day.aya, open=1, in_review=1)
    approve_by_keys(day.dai, "Chie")
    expect_columns(day.aya, open=1, done=1)
    assert day.aya.page.evaluate("window.neverReloaded") is True

    whole, update = results(day, crowd)
    assert_only_the_answer_differs(sent, whole)
    assert_nothing_but_the_answer(update)


# ---- the director -------------------------------------------------------------------------------


def publish(day: Day, title: str, data: bytes, who: str) -> str:
    """The wizard from the file to the board; returns the board's path."""
    aya = day.aya
    page = aya.page
    file = day.folder / f"{title}.csv"
    file.write_bytes(data)
    aya.visit("/batches/new/")
    page.set_input_files("input[name=file]", file)
    page.fill("input[name=title]", title)
    page.click(".wizard-end .btn-primary")
    page.wait_for_selector("input[name=pick]")
    aya.look()
    page.check("input[name=pick][value=description]")
    page.click(".wizard-end .btn-primary")
    page.wait_for_selector(".wizard-end a[href$='/terms/']")
    aya.look()
    page.click(".wizard-end a[href$='/terms/']")
    page.check(f"input[name=who][value={who}]")
    page.fill("input[name=reward]", "120" if who == "pool" else "0")
    aya.look()
    page.click(".wizard-end .btn-primary")
    page.wait_for_selector("form[action$='/publish/']")
    aya.look()
    page.click("form[action$='/publish/'] button")
    page.wait_for_selector("[data-board=open]")
    aya.look()
    return "/" + page.url.split("/", 3)[3]


def expect_columns(aya: Person, **expected: int) -> None:
    """The board's columns, which move by themselves."""
    for state in ("open", "claimed", "in_review", "done"):
        cards = aya.page.locator(f"section[data-column={state}] [data-key^='task-']")
        expect(cards).to_have_count(expected.get(state, 0), timeout=5_000)


def results(day: Day, board: str) -> tuple[bytes, bytes]:
    """Makes the whole file and the update file and downloads both."""
    aya = day.aya
    aya.page.click(f"a[href='{board}results/']")
    aya.look()
    found = []
    for number, kind in enumerate(("source", "update"), start=1):
        aya.page.click(f"form:has(input[name=format][value={kind}]) button")
        links = aya.page.locator("a[href^='/results/'][download]")
        expect(links).to_have_count(number)
        aya.look()
        with aya.page.expect_download() as download:
            links.first.click()
        found.append(Path(download.value.path()).read_bytes())
    return found[0], found[1]


# ---- the workers --------------------------------------------------------------------------------


def take_next_and_submit(chie: Person, board: str) -> None:
    batch = board.split("/")[2]
    chie.visit("/work/")
    chie.page.click(f"form[action='/work/batch/{batch}/claim/'] button")
    write(chie)
    hand_in(chie)


def choose_and_submit(ben: Person, board: str) -> None:
    batch = board.split("/")[2]
    ben.visit("/work/")
    assert ben.page.locator("[data-key^='offer-']").count() == 1
    ben.page.click(f"a[href='/work/batch/{batch}/']")
    ben.page.wait_for_selector("form[action$='/claim/'] button[value=this]")
    ben.look()
    ben.page.locator("button[value=this]").last.click()
    write(ben)
    hand_in(ben)


def write(worker: Person) -> None:
    """Types the answer and sees it saved without doing anything for it."""
    page = worker.page
    page.wait_for_selector("form[data-task]")
    worker.look()
    for name, text in ANSWER.items():
        page.fill(f"[name=answer-{name}]", text)
    expect(page.locator("[data-autosave]")).to_have_attribute("data-state", "saved", timeout=5_500)


def hand_in(worker: Person) -> None:
    worker.page.click("#task-form button[name=then][value=stay]")
    worker.page.wait_for_url(re.compile("/my-work/"))
    worker.look()


def hand_in_again(chie: Person) -> None:
    page = chie.page
    chie.visit("/my-work/?tab=returned")
    page.click(".rows a.btn")
    page.wait_for_selector("form[data-task]")
    expect(page.locator("[data-field=title] .reviewer-says")).to_contain_text("容量")
    chie.look()
    page.fill("[name=answer-title]", ANSWER["title"] + "（容量つき）")
    page.click("#task-form button[data-main]")
    page.wait_for_url(re.compile("/my-work/"))


# ---- the reviewer, without a mouse --------------------------------------------------------------


def ask_for_changes(dai: Person) -> None:
    dai.visit("/review/")
    open_by_keys(dai, "Chie")
    dai.look()
    press(dai, "c")
    expect(dai.one("textarea[name=comment-title]")).to_be_focused()
    dai.page.keyboard.type("容量を書き足してください。")
    press(dai, "Control+Enter")
    expect(dai.one("[data-desk]")).to_contain_text("Ben")


def approve_by_keys(dai: Person, worker: str) -> None:
    """From the queue to the decision with keys alone."""
    dai.visit("/review/")
    row = dai.page.locator("[data-row]", has_text=worker)
    expect(row).to_have_count(1)
    began = time.monotonic()
    open_by_keys(dai, worker)
    press(dai, "a")
    dai.page.wait_for_url(re.compile(r"/review/(\?.*)?$"))
    expect(dai.page.locator("[data-row]", has_text=worker)).to_have_count(0)
    assert time.monotonic() - began < EASY_REVIEW_SECONDS


def open_by_keys(dai: Person, worker: str) -> None:
    page = dai.page
    rows = page.locator("[data-row]")
    expect(rows.filter(has_text=worker)).to_have_count(1)
    for _ in range(rows.count()):
        press(dai, "j")
        if page.locator("[data-row]:focus-within", has_text=worker).count():
            break
    press(dai, "Enter")
    expect(dai.one("[data-desk][data-mine]")).to_contain_text(worker)


def press(person: Person, key: str) -> None:
    person.page.keyboard.press(key)


# ---- the files ----------------------------------------------------------------------------------


def approved_cells() -> dict[str, str]:
    """Column of the file → what must stand there; the description becomes HTML."""
    columns = LAYOUTS["current"].columns
    return {columns[name]: text for name, text in ANSWER.items() if name not in ("title", "description")}


def assert_only_the_answer_differs(sent: bytes, whole: bytes) -> None:
    before, after = table(sent), table(whole)
    assert [len(row) for row in before] == [len(row) for row in after]
    header = before[0]
    changed = {
        (at, header[column])
        for at, (old, new) in enumerate(zip(before, after, strict=True))
        for column, _name in enumerate(header)
        if old[column] != new[column]
    }
    columns = LAYOUTS["current"].columns
    assert changed == {(1, columns[name]) for name in ANSWER}
    row = dict(zip(header, after[1], strict=True))
    assert row[columns["title"]] == ANSWER["title"] + "（容量つき）"
    assert "手ざわりのよいマグカップです" in row[columns["description"]]
    assert approved_cells().items() <= row.items()
    # Every byte outside those cells is the same.
    pieces, start = [], 0
    for first, end in sorted(spans(sent)[1][header.index(name)] for _row, name in changed):
        pieces.append(re.escape(sent[start:first]))
        start = end
    pieces.append(re.escape(sent[start:]))
    assert re.fullmatch(rb"(?:\"(?:[^\"]|\"\")*\"|[^\",\r\n]*)".join(pieces), whole)


def assert_nothing_but_the_answer(update: bytes) -> None:
    rows = table(update)
    columns = LAYOUTS["current"].columns
    assert set(rows[0]) == {columns[name] for name in ("handle", *ANSWER)}
    assert len(rows) == 2
    row = dict(zip(*rows, strict=True))
    assert row[columns["handle"]] == "mug-1"
    assert approved_cells().items() <= row.items()


def table(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def spans(data: bytes) -> list[list[tuple[int, int]]]:
    """First and last byte of every cell, found without the product's own reader."""
    rows: list[list[tuple[int, int]]] = [[]]
    start, quoted = 3 if data.startswith(b"\xef\xbb\xbf") else 0, False
    for at, byte in enumerate(data):
        if byte == ord('"'):
            quoted = not quoted
        elif not quoted and byte in b",\n":
            rows[-1].append((start, at))
            start = at + 1
            if byte == ord("\n"):
                rows.append([])
    return rows
