"""A shop's own CP932 table and a template of its own, from nothing to the update and the restore file.

Six workers, of whom one cannot go on at first; a reviewer who mends an answer. All of it in the browser.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import editor
from tests.browser.conftest import Crew
from tests.browser.person import Person
from tests.exchange.tables import HEADER, ROWS, cell, shop_table

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(480)]

# A finger does not leave a button at once; meanwhile the field that it left is judged.
PRESS_MS = 400
WORKERS = ("ben", "emi", "fumi", "goro", "hana", "ken")
KEY, OTHER_NOTE, TEXT, NOTE = 0, 6, 9, 10
# Both columns called 備考 go along, or nobody could tell which one the file means.
WRITTEN = (KEY, OTHER_NOTE, TEXT, NOTE)
TABLE = [*ROWS, *((f"B-00{n}", f"皿 {n}", *[""] * 8, f"社内{n}", "") for n in range(1, 6))]
# What each worker writes into the two columns; the second of them is the second called 備考.
ANSWERS = [(f"㈱髙橋の品 {n}です。", f"検品済, {n}級\n①～⑳") for n in range(1, 7)]
CORRECTED = '桐～檜の"机"です。'


@dataclass
class Shop:
    aya: Person
    dai: Person
    sign_in: Callable[[str], Person]
    folder: Path


@pytest.fixture
def shop(request: pytest.FixtureRequest, crew: Callable[..., Crew], tmp_path: Path) -> Shop:
    language, width = request.param
    found = crew("work", language=language, width=width, hired=WORKERS[1:])
    return Shop(found.sign_in("aya"), found.sign_in("dai"), found.sign_in, tmp_path)


@pytest.mark.parametrize("shop", [("ja", 390), ("en", 1440)], indirect=True, ids=str)
def test_an_own_table_is_worked_on_by_six_and_can_be_taken_back(shop: Shop) -> None:
    template = make_template(shop.aya)
    batch = publish(shop, template)
    workers = [shop.sign_in(name) for name in WORKERS]
    for number, worker in enumerate(workers[:5]):
        take(worker, batch)
        write(worker, number)
        hand_in(worker)
    report(workers[5], batch)
    answer_report(shop.aya, batch)
    go_on(workers[5])
    correct(shop.dai, "Emi")
    for name in ("Ben", "Fumi", "Goro", "Hana", "Ken"):
        approve(shop.dai, name)
    see_the_correction(workers[1])

    update, whole = (
        download(shop.aya, batch, kind, number) for number, kind in enumerate(("update", "source"), 1)
    )
    rows = expected()
    assert whole == shop_table(rows)
    assert update == table(WRITTEN, [HEADER, *rows[:6]])
    restored = take_back(shop.aya, batch)
    assert restored == table(WRITTEN, [HEADER]) + as_it_was(rows)


def expected() -> list[tuple[str, ...]]:
    rows = [list(row) for row in TABLE]
    for row, (text, note) in zip(rows, ANSWERS, strict=False):
        row[TEXT], row[NOTE] = text, note
    rows[1][TEXT] = CORRECTED
    return [tuple(row) for row in rows]


def as_it_was(rows: list[tuple[str, ...]]) -> bytes:
    """What stood there before, in the marks of the cells that stand there now."""
    lines = []
    for before, now in zip(TABLE[:6], rows, strict=False):
        marked = {column for column in (TEXT, NOTE) if cell(now[column]) != now[column]}
        cells = (f'"{before[one]}"' if one in marked else cell(before[one]) for one in WRITTEN)
        lines.append(",".join(cells) + "\r\n")
    return "".join(lines).encode("cp932")


def table(columns: Sequence[int], rows: Sequence[tuple[str, ...]]) -> bytes:
    """The bytes of these columns, written without the product's own writer."""
    lines = (",".join(cell(row[column]) for column in columns) + "\r\n" for row in rows)
    return "".join(lines).encode("cp932")


# ---- the director -------------------------------------------------------------------------------


def make_template(aya: Person) -> str:
    """From nothing: a line and a long text; returns the template's title."""
    title = "備考と説明"
    editor.begin(aya, title)
    editor.add(aya.page, "long_text", "理由")
    aya.page.fill("#place-manual_ja", "# 手順\n商品名を見て、説明と備考を書きます。")
    aya.page.fill("#place-manual_en", "# How to\nWrite both texts from the name.")
    editor.publish(aya.page, "first")
    aya.look()
    return title


def publish(shop: Shop, template: str) -> str:
    """From the file over the columns to the board; returns the batch's number."""
    page = shop.aya.page
    file = shop.folder / "master.csv"
    file.write_bytes(shop_table(TABLE))
    shop.aya.visit("/batches/new/")
    page.locator(".choice-card", has_text=template).locator("input[name=template]").check()
    page.set_input_files("input[name=file]", file)
    page.click(".wizard-end .btn-primary")
    page.wait_for_selector("[data-own-columns]")
    page.select_option(f"#role-{KEY}", "key")
    page.select_option("select[name=title]", "1")
    page.select_option(f"#role-{TEXT}", "fill:answer")
    page.select_option(f"#role-{NOTE}", "fill:field_2")
    page.check("input[name=show][value='6']")
    shop.aya.look()
    page.locator("[data-own-columns] button[type=submit]").press("Enter")
    page.wait_for_selector("input[name=pick]")
    page.check("input[name=pick][value=all]")
    page.click(".wizard-end .btn-primary")
    page.wait_for_selector(".wizard-end a[href$='/terms/']")
    page.click(".wizard-end a[href$='/terms/']")
    page.check("input[name=who][value=staff]")
    page.fill("input[name=reward]", "0")
    page.click(".wizard-end .btn-primary")
    page.wait_for_selector("form[action$='/publish/']")
    page.click("form[action$='/publish/'] button")
    page.wait_for_selector("[data-board=open]")
    return page.url.rstrip("/").rsplit("/", 1)[1]


def answer_report(aya: Person, batch: str) -> None:
    aya.visit(f"/batches/{batch}/reports/")
    expect(aya.one("article")).to_contain_text("写真がありません")
    aya.page.fill("article textarea[name=answer]", "名前だけで書いてください。")
    aya.page.click("form[action$='/answer/'] button")
    expect(aya.page.locator("article")).to_have_count(0)
    aya.look()


def download(aya: Person, batch: str, kind: str, number: int) -> bytes:
    aya.visit(f"/batches/{batch}/results/")
    aya.page.click(f"form:has(input[name=format][value={kind}]) button[type=submit]:not([name])")
    links = aya.page.locator("a[href^='/results/'][download]")
    expect(links).to_have_count(number)
    return saved(aya.page, lambda: links.first.click())


def take_back(aya: Person, batch: str) -> bytes:
    """The update file was uploaded, and everything it wrote is wanted back."""
    page = aya.page
    aya.visit(f"/batches/{batch}/results/")
    page.locator("a[href^='/results/']:not([download])").last.click()
    page.click("form[action$='/uploaded/'] button")
    expect(page.locator("form[action$='/not-uploaded/']")).to_have_count(1)
    aya.look()
    page.locator("details:has(form[action$='/restore/']) > summary").first.click()
    page.click("form[action$='/restore/'] button[type=submit]")
    page.wait_for_selector("a[href^='/results/'][download]")
    aya.look()
    return saved(page, lambda: page.locator("a[href^='/results/'][download]").first.click())


def saved(page: Page, act: Callable[[], None]) -> bytes:
    with page.expect_download() as found:
        act()
    return Path(found.value.path()).read_bytes()


# ---- the workers --------------------------------------------------------------------------------


def take(worker: Person, batch: str) -> None:
    worker.page.goto("/work/")
    worker.page.click(f"form[action='/work/batch/{batch}/claim/'] button")
    worker.page.wait_for_selector("form[data-task]")


def write(worker: Person, number: int) -> None:
    page = worker.page
    text, note = ANSWERS[number]
    page.fill("[name=answer-answer]", text)
    page.fill("[name=answer-field_2]", note + ("😀" if number == 0 else ""))
    expect(page.locator("[data-autosave]")).to_have_attribute("data-state", "saved", timeout=5_500)
    if number == 0:
        # What the shop's encoding lacks is said while typing, and by the server where somebody hands it in.
        with page.expect_navigation():
            page.click("#task-form button[name=then][value=stay]", delay=PRESS_MS)
        expect(page.locator("[data-field=field_2]")).to_contain_text("😀")
        worker.look()
        page.fill("[name=answer-field_2]", note)


def hand_in(worker: Person) -> None:
    worker.page.click("#task-form button[name=then][value=stay]", delay=PRESS_MS)
    worker.arrive("/my-work/")


def report(worker: Person, batch: str) -> None:
    take(worker, batch)
    page = worker.page
    page.fill("[name=answer-answer]", ANSWERS[5][0])
    page.click("#report > summary")
    page.select_option("[name=report-reason]", "source_missing")
    page.fill("[name=report-note]", "写真がありません。")
    worker.look()
    with page.expect_navigation():
        page.click("button[name=report]")
    worker.look()


def go_on(worker: Person) -> None:
    """The answer is there, and so is what was typed before."""
    page = worker.page
    worker.visit("/my-work/")
    page.locator(".rows a[href^='/work/']").first.click()
    page.wait_for_selector("form[data-task]")
    expect(page.locator("main")).to_contain_text("名前だけで書いてください。")
    expect(page.locator("[name=answer-answer]")).to_have_value(ANSWERS[5][0])
    worker.look()
    write(worker, 5)
    hand_in(worker)


def see_the_correction(worker: Person) -> None:
    """What was handed in stands beside what the reviewer made of it."""
    page = worker.page
    page.goto("/my-work/?tab=done")
    page.locator(".rows a[href^='/work/']").first.click()
    expect(page.locator("main")).to_contain_text(CORRECTED)
    expect(page.locator("main")).to_contain_text("㈱髙橋の品 2です。")
    worker.look()


# ---- the reviewer -------------------------------------------------------------------------------


def open_desk(dai: Person, worker: str) -> None:
    dai.page.goto("/review/")
    row = dai.page.locator("[data-row]", has_text=worker)
    expect(row).to_have_count(1)
    row.locator("a").first.click()
    expect(dai.one("[data-desk]")).to_contain_text(worker)


def approve(dai: Person, worker: str) -> None:
    open_desk(dai, worker)
    with dai.page.expect_navigation():
        dai.page.keyboard.press("a")
    dai.page.goto("/review/")
    expect(dai.page.locator("[data-row]", has_text=worker)).to_have_count(0)


def correct(dai: Person, worker: str) -> None:
    open_desk(dai, worker)
    page = dai.page
    page.keyboard.press("e")
    page.fill("#correct-form [name=answer-answer]", CORRECTED)
    page.fill("#correct-note", "短くしました。")
    dai.look()
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    # The next answer is there, and its buttons are no longer pale.
    expect(page.locator("[data-desk-frame]")).not_to_have_attribute("aria-busy", "true")
    dai.look()
