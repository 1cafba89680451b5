"""A shop's own CP932 table in the browser: mapped, made into tasks, answered, and taken back byte by byte."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PageFactory
from tests.browser.person import Axe, Person
from tests.browser.shop import address
from tests.exchange.tables import ROWS, shop_table
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
    language, width = tag.split("-")[1:]
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
    batch = publish(aya, tmp_path)
    answer_and_approve(tag, server, batch)
    whole, update = (
        download(aya, batch, kind, number) for number, kind in enumerate(("source", "update"), 1)
    )
    rows = [list(row) for row in ROWS]
    rows[0][9], rows[0][10] = DESCRIPTION, NOTE
    assert whole == shop_table([tuple(row) for row in rows])
    expected = f'商品コード,商品説明,備考\r\nA-001,{DESCRIPTION},"{NOTE}"\r\n'
    assert update == expected.encode("cp932")


def publish(aya: Person, folder: Path) -> str:
    """From the file over the columns to the board; returns the batch's number."""
    page = aya.page
    file = folder / "master.csv"
    file.write_bytes(shop_table())
    aya.visit("/batches/new/")
    page.set_input_files("input[name=file]", file)
    page.click(".wizard-end .btn-primary")
    page.wait_for_selector("select[name=key]")
    aya.look()
    page.select_option("select[name=key]", "0")
    page.select_option("select[name=title]", "1")
    for name in ("title", "seo_description", "tags"):
        page.select_option(f"select[name=fill-{name}]", "")
    page.select_option("select[name=fill-description]", "9")
    page.select_option("select[name=fill-seo_title]", "10")
    page.check("input[name=show][value='6']")
    page.fill("input[name=name]", "商品マスタ")
    page.locator("form:has(select[name=key]) button[type=submit]").press("Enter")
    page.wait_for_selector("input[name=pick]")
    aya.look()
    expect(page.locator("body")).to_contain_text("商品マスタ v1")
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
    """Ben answers the first task over the API, Dai approves it; what CP932 lacks is refused before."""
    ben, dai = api_of(tag, server, "ben", "work"), api_of(tag, server, "dai", "review")
    held = sent(ben.post(f"batches/{batch}/claim"))
    answer = {**good_answer(), "description": DESCRIPTION, "seo_title": NOTE}
    body = {"answer": {**answer, "seo_title": "😀" + NOTE}, "fence": held["fence"]}
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
