"""A shop's own CP932 table in the browser: mapped, made into tasks, answered, and taken back byte by byte."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openpyxl import Workbook, load_workbook
from playwright.sync_api import expect

from tests.browser.conftest import PageFactory
from tests.browser.person import Axe, Person
from tests.browser.shop import address
from tests.exchange.tables import HEADER, ROWS, shop_table
from tests.factories import good_answer
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]

DESCRIPTION = "杉でできた、軽くて丈夫な丸椅子です。" * 8
NOTE = "㈱髙橋製, ①級"


@pytest.fixture
def tag(request: pytest.FixtureRequest) -> str:
    return f"own-{request.param}"


@pytest.fixture
def aya(tag: str, server: Server, page: PageFactory, axe: Axe) -> Iterator[Person]:
    language, width = tag.split("-")[-2:]
    made = f"from tests.browser import shop; shop.fill({tag!r}, {language!r})"
    server.manage("shell", "-v", "0", "-c", made)
    aya = Person(page(locale=language, width=int(width), height=844), axe)
    aya.sign_in(address("aya", tag))
    yield aya
    assert aya.complaints == []


@pytest.mark.parametrize("tag", ["ja-390", "en-1440"], indirect=True)
def test_an_own_table_goes_out_as_tasks_and_comes_back(
    tag: str, aya: Person, server: Server, tmp_path: Path
) -> None:
    upload(aya, tmp_path / "master.csv", shop_table())
    aya.look()
    map_columns(aya, "商品マスタ")
    batch = publish(aya)
    answer_and_approve(tag, server, batch)
    whole, update = (
        download(aya, batch, kind, number) for number, kind in enumerate(("source", "update"), 1)
    )
    rows = [list(row) for row in ROWS]
    rows[0][9], rows[0][10] = DESCRIPTION, NOTE
    assert whole == shop_table([tuple(row) for row in rows])
    expected = f'商品コード,備考,商品説明,備考\r\nA-001,倉庫A,{DESCRIPTION},"{NOTE}"\r\n'
    assert update == expected.encode("cp932")


@pytest.mark.parametrize("tag", ["xlsx-ja-390", "xlsx-en-1440"], indirect=True)
def test_a_workbook_with_titles_above_its_header_comes_back_with_the_answers_alone(
    tag: str, aya: Person, server: Server, tmp_path: Path
) -> None:
    page = aya.page
    upload(aya, tmp_path / "master.xlsx", workbook())
    page.select_option("#id_sheet", "商品")
    page.click("#read-as button.btn")
    page.wait_for_selector("label[for=role-11]")
    expect(page.locator(".own-above")).to_contain_text("商品マスタ 2026年11月")
    # Pointing at a title makes it the header, which is of no use, and is said; the reading of before stays.
    page.click(".own-above button >> nth=0")
    page.wait_for_selector(".note.bad")
    expect(page.locator(".own-header .own-pick")).to_have_text("4")
    aya.look()
    map_columns(aya, "商品マスタ.xlsx")
    batch = publish(aya)
    answer_and_approve(tag, server, batch)
    whole, update = (
        load_workbook(io.BytesIO(download(aya, batch, kind, number)))
        for number, kind in enumerate(("source", "update"), 1)
    )
    before = texts(load_workbook(io.BytesIO(workbook()))["商品"])
    before[4][9], before[4][10] = DESCRIPTION, NOTE
    assert texts(whole["商品"]) == before
    header = ["商品コード", "備考", "商品説明", "備考"]
    assert texts(update.active) == [header, ["00101", "倉庫A", DESCRIPTION, NOTE]]


def workbook() -> bytes:
    """The shop's list under a merged title; its codes are numbers that are shown with zeros."""
    made: Any = Workbook()
    made.active.title = "表紙"
    made.active.append(["このファイルについて", "2026年版"])
    page = made.create_sheet("商品")
    page["A1"], page["A2"], page["B2"] = "商品マスタ 2026年11月", "出力日", "2026-11-24"
    page.merge_cells("A1:L1")
    for number, row in enumerate((HEADER, *ROWS), start=4):
        for column, text in enumerate(row, start=1):
            page.cell(number, column, text or None)
    for number in range(5, 8):
        page.cell(number, 1, 96 + number).number_format = "00000"
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def texts(page: Any) -> list[list[str]]:
    """What a person sees on a sheet."""
    return [[_shown(one) for one in row] for row in page.iter_rows()]


def _shown(one: Any) -> str:
    return f"{one.value:05d}" if one.number_format == "00000" else str(one.value or "")


def upload(aya: Person, file: Path, data: bytes) -> None:
    """From the file to the page of its columns."""
    file.write_bytes(data)
    aya.visit("/batches/new/")
    aya.page.set_input_files("input[name=file]", file)
    aya.page.click(".wizard-end .btn-primary")
    aya.page.wait_for_selector("[data-own-columns]")


def map_columns(aya: Person, name: str) -> None:
    """Says what the columns mean; the sum below follows, and the rules are those of what is filled."""
    page = aya.page
    page.select_option("select[name=title]", "1")
    for column in range(12):
        page.select_option(
            f"#role-{column}", {0: "key", 9: "fill:description", 10: "fill:seo_title"}.get(column, "")
        )
    page.check("input[name=show][value='6']")
    expect(page.locator("[data-sum=key]")).to_have_text("商品コード")
    expect(page.locator("[data-sum=fill]")).to_have_text("2")
    expect(page.locator("[data-rules-of]:visible")).to_have_count(2)
    page.fill("input[name=name]", name)
    page.locator("[data-own-columns] button[type=submit]").press("Enter")
    page.wait_for_selector("input[name=pick]")
    aya.look()
    expect(page.locator("body")).to_contain_text(f"{name} v1")


def publish(aya: Person) -> str:
    """From the choice of the rows to the board; returns the batch's number."""
    page = aya.page
    page.check("input[name=pick][value=all]")
    page.click(".wizard-end .btn-primary")
    page.wait_for_selector(".wizard-end a[href$='/terms/']")
    page.click(".wizard-end a[href$='/terms/']")
    page.check("input[name=who][value=staff]")
    page.fill("input[name=reward]", "0")
    page.click(".wizard-end .btn-primary")
    page.wait_for_selector("form[action$='/publish/']")
    aya.look()
    page.click("form[action$='/publish/'] button")
    page.wait_for_selector("[data-board=open]")
    return page.url.rstrip("/").rsplit("/", 1)[1]


def answer_and_approve(tag: str, server: Server, batch: str) -> None:
    """Ben answers the first task over the API, Dai approves it; what CP932 lacks is refused before, where the
    file is in CP932."""
    ben, dai = api_of(tag, server, "ben", "work"), api_of(tag, server, "dai", "review")
    held = sent(ben.post(f"batches/{batch}/claim"))
    answer = {**good_answer(), "description": DESCRIPTION, "seo_title": NOTE}
    body = {"answer": {**answer, "seo_title": "😀" + NOTE}, "fence": held["fence"]}
    if not tag.startswith("own-xlsx"):
        refused = ben.post(f"assignments/{held['id']}/submit", json=body)
        assert (refused.status_code, refused.json()["fields"][0]["field"]) == (422, "seo_title"), refused.text
    fence = sent(ben.get(f"assignments/{held['id']}"))["fence"]
    sent(ben.post(f"assignments/{held['id']}/submit", json={"answer": answer, "fence": fence}))
    waiting = sent(dai.get("reviews"))["items"][0]["id"]
    sent(dai.post(f"submissions/{waiting}/start-review"))
    sent(dai.post(f"submissions/{waiting}/approve", json={}))


def api_of(tag: str, server: Server, name: str, scope: str) -> httpx.Client:
    made = (
        "from tests.factories import make_key; from accounts.models import User;"
        f"print(make_key(User.objects.get(email={address(name, tag)!r}), {scope!r}))"
    )
    key = server.manage("shell", "-v", "0", "-c", made).strip().splitlines()[-1]
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.Client(base_url=f"{server.url}/api/v1/", headers=headers, timeout=30)


def sent(response: httpx.Response) -> Any:
    assert response.status_code < 300, response.text
    return response.json()


def download(aya: Person, batch: str, kind: str, number: int) -> bytes:
    aya.visit(f"/batches/{batch}/results/")
    aya.page.click(f"form:has(input[name=format][value={kind}]) button[type=submit]")
    links = aya.page.locator("a[href^='/results/'][download]")
    expect(links).to_have_count(number)
    with aya.page.expect_download() as found:
        links.first.click()
    return Path(found.value.path()).read_bytes()
