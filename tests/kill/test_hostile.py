"""Hostile files and texts over HTTP: refused in the reader's words, nothing kept, and nobody else waits."""

import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from kernel.intake import BODY_MAX
from tests.factories import picture
from tests.kill.board import sign_in
from tests.kill.conftest import Shop
from tests.kill.files import REFUSED, products
from tests.kill.memory import Peak
from tests.kill.people import Person, ok

pytestmark = [pytest.mark.kill]

LONGEST = 1.0
MEMORY_MIB = 200


class Prober:
    """Somebody else who wants a cheap page all the time."""

    def __init__(self, person: Person) -> None:
        self.took: list[float] = []
        self.failed: list[str] = []
        self._client = httpx.Client(base_url=person.server.url, headers=person.api.headers, timeout=30)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        while not self.took or not self._ended.wait(0.03):
            began = time.monotonic()
            answer = self._client.get("/api/v1/me")
            self.took.append(time.monotonic() - began)
            if answer.status_code != 200:
                self.failed.append(f"{answer.status_code}: {answer.text[:200]}")

    def stop(self) -> float:
        """The longest wait, seconds."""
        self._ended.set()
        self._thread.join(60)
        assert self.failed == []
        return max(self.took)


@pytest.fixture(autouse=True)
def others_do_not_wait(shop: Shop) -> Iterator[None]:
    """Around every test here."""
    prober = Prober(shop.ben)
    yield
    longest = prober.stop()
    print(f" [{len(prober.took)} cheap pages, longest {longest * 1000:.0f} ms]", end="")
    assert longest < LONGEST
    log = shop.server.log.read_text("utf-8", "replace")
    assert "Traceback" not in log, log[-4000:]


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_no_product_file_is_refused_whole(shop: Shop, name: str) -> None:
    data, code, row, column = REFUSED[name]
    batch = shop.aya.draft_batch(shop.store)
    sent = shop.aya.upload(batch, data)
    if sent.status_code != 202:
        assert (sent.status_code, sent.json()["fields"][0]["field"]) == (422, "file"), sent.text
        return
    english = shop.read(sent.json()["id"], 20)
    assert english["state"] == "failed", english
    error = english["error"]
    if code:
        assert error["code"] == code
        assert (error["row"], error["column"]) == (row or error["row"], column)
    japanese = shop.jun.get(f"imports/{english['id']}")["error"]
    assert (japanese["code"], japanese["row"]) == (error["code"], error["row"])
    assert error["message"].isascii() or "“" in error["message"]
    assert any("ぁ" <= letter <= "ん" for letter in japanese["message"]), japanese["message"]
    found = shop.aya.get(f"batches/{batch}")
    assert (found["state"], found["tasks"]) == ("draft", 0)
    assert shop.aya.get(f"batches/{batch}/tasks")["items"] == []
    # The draft is not spoilt: the right file can be given to it.
    again = shop.read(ok(shop.aya.upload(batch, products(3)))["id"])
    assert (again["state"], again["units"]) == ("done", 3)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_names_row_and_column(shop: Shop, page: Callable[..., Page], language: str) -> None:
    data, _code, row, column = REFUSED["nul"]
    person = shop.aya if language == "en" else shop.jun
    batch = shop.aya.draft_batch(shop.store)
    shop.read(ok(shop.aya.upload(batch, data))["id"])
    opened = page(locale=language)
    sign_in(opened, person)
    opened.goto(f"/batches/{batch}/source/")
    place = f"Row {row}, column “{column}”" if language == "en" else f"{row}行目"
    expect(opened.locator("main")).to_contain_text(place)
    expect(opened.locator("main")).to_contain_text(str(column))


@pytest.mark.parametrize("mebibytes", [16, 40, 100])
def test_a_file_that_is_too_large_is_refused_at_once(shop: Shop, mebibytes: int) -> None:
    data = b"PK\x03\x04" + bytes(mebibytes * 1024 * 1024)
    peak, began = Peak(shop.server), time.monotonic()
    for person, words in ((shop.aya, "at most 15 MB"), (shop.jun, "上限15MB")):
        batch = person.draft_batch(shop.store)
        refused = person.upload(batch, data)
        assert refused.status_code == 422
        problem = refused.json()["fields"][0]
        assert (problem["field"], problem["code"]) == ("file", "file_too_big")
        assert words in problem["message"]
    # And with the form of the page.
    person = shop.aya
    person.pages.get("/batches/new/")
    answer = person.pages.post(
        f"/batches/{batch}/source/file/",
        data={"csrfmiddlewaretoken": person.pages.cookies["csrftoken"]},
        files={"file": ("products.csv", data)},
    )
    status, words = (422, "larger than 15 MB") if len(data) < BODY_MAX else (413, "The request is too large.")
    assert answer.status_code == status
    assert words in answer.text
    took = time.monotonic() - began
    print(f"\nthree times {mebibytes} MiB in {took:.1f} s; memory {peak.mib:.0f} MiB", end="")
    assert peak.mib < MEMORY_MIB
    assert shop.aya.get(f"batches/{batch}")["tasks"] == 0


def _bomb(side: int) -> bytes:
    """A PNG of side × side white pixels: small as a file, huge as a picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    squeezed = zlib.compressobj(9)
    line = b"\0" + b"\xff" * (side // 8)
    body = b"".join(squeezed.compress(line) for _ in range(side)) + squeezed.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def _longer_than_it_says() -> bytes:
    """A PNG that claims to be small and unpacks to 200 MB."""
    small = picture()
    packed = zlib.compress(bytes(200_000_000), 9)
    where = small.index(b"IDAT")
    length = struct.unpack(">I", small[where - 4 : where])[0]
    idat = struct.pack(">I", len(packed)) + b"IDAT" + packed + struct.pack(">I", zlib.crc32(b"IDAT" + packed))
    return small[: where - 4] + idat + small[where + 8 + length :]


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
PICTURES: dict[str, tuple[bytes, str, str]] = {
    "svg": (SVG, "image/svg+xml", "picture.svg"),
    "svg_as_png": (SVG, "image/png", "picture.png"),
    "xml": (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "image/png", "picture.png"),
    "html": (b"<!DOCTYPE html><script>alert(1)</script>", "image/jpeg", "picture.jpg"),
    "bomb": (_bomb(30_000), "image/png", "picture.png"),
    "cut_off": (picture()[:40], "image/png", "picture.png"),
    "nothing": (b"", "image/png", "picture.png"),
    "csv": (products(3), "image/png", "picture.png"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_what_is_no_picture_is_refused(shop: Shop, name: str) -> None:
    data, content_type, file_name = PICTURES[name]
    for person in (shop.ben, shop.jun):
        answer = person.api.post("uploads", files={"file": (file_name, data, content_type)})
        assert answer.status_code == 422, answer.text
        problem = answer.json()["fields"][0]
        assert problem["field"] == "file"
        is_japanese = any("ぁ" <= letter <= "ん" for letter in problem["message"])
        assert is_japanese == (person is shop.jun)


def test_a_picture_that_unpacks_to_more_than_it_says_costs_nothing(shop: Shop) -> None:
    answer = shop.ben.api.post("uploads", files={"file": ("p.png", _longer_than_it_says(), "image/png")})
    assert answer.status_code in (201, 422)


def _publish_own(shop: Shop, *patterns: str) -> list[str]:
    """Keys of the templates, or codes of their refusals."""
    calls = "; ".join(f"shop.add_template({shop.store}, {pattern!r})" for pattern in patterns)
    return shop.server.manage("shell", "-v", "0", "-c", f"from tests.kill import shop; {calls}").split()


def test_a_catastrophic_expression_takes_linear_time(shop: Shop) -> None:
    (key,) = _publish_own(shop, "(a+)+$")
    batch = shop.aya.draft_batch(shop.store, template=key)
    shop.read(ok(shop.aya.upload(batch, products(2)))["id"])
    shop.aya.post(f"batches/{batch}/publish")
    held = shop.chie.claim(batch)
    began = time.monotonic()
    body = {"answer": {"text": "a" * 50_000 + "!"}, "fence": held["fence"]}
    refused = shop.chie.api.post(f"assignments/{held['id']}/submit", json=body)
    assert time.monotonic() - began < LONGEST
    assert refused.status_code == 422
    # What was refused is kept as the draft.
    fence = shop.chie.get(f"assignments/{held['id']}")["fence"]
    body = {"answer": {"text": "a" * 50_000}, "fence": fence}
    shop.chie.post(f"assignments/{held['id']}/submit", body)


def test_an_expression_without_a_linear_form_is_no_template(shop: Shop) -> None:
    assert _publish_own(shop, r"(a)\1", "(a{1000}){1000}") == ["checks_invalid", "checks_invalid"]


def test_json_that_is_too_large_or_too_deep_is_refused(shop: Shop, batch: int) -> None:
    held = shop.chie.claim(batch)
    where = f"assignments/{held['id']}/draft"
    headers = {"Content-Type": "application/json"}
    for body, status in (
        (b"[" * 1_000_000, 400),
        (b'{"answer": {"title": "' + b"x" * 3_000_000 + b'"}, "fence": 0}', 413),
        (b'{"answer": {"title": "' + b"x" * 40_000_000 + b'"}, "fence": 0}', 413),
        (b'{"answer": {"title": "a\\u0000b"}, "fence": 0}', 422),
        (b'{"answer": {"title": "\\ud800"}, "fence": 0}', 422),
        (b"\xff\xfe", 400),
    ):
        answer = shop.chie.api.put(where, content=body, headers=headers)
        assert answer.status_code == status, (body[:40], answer.text)
    assert shop.chie.get(f"assignments/{held['id']}")["draft"] == {}
