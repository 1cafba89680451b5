"""While 100,000 rows are read into one batch, work on another goes on as if nothing were."""

import threading
import time
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page

from tests.factories import good_answer
from tests.kill.board import Board
from tests.kill.conftest import Shop
from tests.kill.files import products
from tests.kill.memory import Peak
from tests.kill.people import Person, ok

pytestmark = [pytest.mark.kill, pytest.mark.slow]

ROWS = 100_000
CLAIMS = 12
SECONDS = 1.0
MEMORY_MIB = 200


class Typist:
    """Saves a draft again and again, and notes how long each save takes."""

    def __init__(self, worker: Person, batch: int) -> None:
        self.took: list[float] = []
        self.failed: list[str] = []
        held = worker.claim(batch)
        self._worker, self._id, self._fence = worker, held["id"], held["fence"]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._type)

    def __enter__(self) -> "Typist":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join(60)

    def _type(self) -> None:
        while not self._ended.wait(0.2):
            answer = {**good_answer(), "title": f"マグカップ {len(self.took)}"}
            began = time.monotonic()
            try:
                self._fence = ok(self._worker.save(self._id, answer, self._fence))["fence"]
            except (AssertionError, httpx.HTTPError) as error:
                self.failed.append(repr(error))
                return
            self.took.append(time.monotonic() - began)


def test_claims_are_shown_and_drafts_saved_within_a_second(
    shop: Shop, batch: int, page: Callable[..., Page]
) -> None:
    shop.restart()  # memory of what others did
    board = Board(page(), shop.aya, batch)
    data = products(ROWS)
    assert len(data) < 15 * 1024 * 1024
    peak = Peak(shop.server)
    shown: list[float] = []
    read: list[int] = []
    with Typist(shop.fumi, batch) as typist:
        began = time.monotonic()
        while len(shown) < CLAIMS:
            # A quick machine needs a second file to be at work all the time.
            if not read or shop.aya.get(f"imports/{read[-1]}")["state"] == "done":
                read.append(ok(shop.aya.upload(shop.aya.draft_batch(shop.store), data))["id"])
            asked = time.time()
            held = shop.chie.claim(batch)
            shown.append(board.wait_for(held["task"]) - asked)
            time.sleep(0.3)
        ended = [shop.read(number) for number in read]
        took = time.monotonic() - began
    assert typist.failed == []
    print(
        f"\n{len(read)} × {len(data) / 1e6:.1f} MB, {ROWS:,} rows in {took:.1f} s; {peak.mib:.0f} MiB; "
        f"{len(shown)} claims on the board: {_said(shown)}; {len(typist.took)} drafts: {_said(typist.took)}"
    )
    assert {(one["state"], one["units"], one["refused_rows"]) for one in ended} == {("done", ROWS, 0)}
    assert max(shown) < SECONDS
    assert max(typist.took) < SECONDS
    assert peak.mib < MEMORY_MIB


def _said(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return f"p50 {ordered[len(ordered) // 2] * 1000:.0f} ms, longest {ordered[-1] * 1000:.0f} ms"
