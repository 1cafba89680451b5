"""`kill -9` while a result file is written: it is written again, whole, and no half of it can be had."""

import csv
import io
import time
from typing import Any

import pytest

from tests.factories import good_answer
from tests.kill.conftest import Shop
from tests.kill.files import products
from tests.kill.people import until

pytestmark = [pytest.mark.kill]

ROWS = 60_000
# Seconds between beginning and killing: at different points of reading and writing.
MOMENTS = (0.0, pytest.param(0.3, marks=pytest.mark.both), 0.6)


@pytest.fixture(scope="module")
def answered(shop: Shop) -> tuple[int, bytes]:
    """A large file of which two products became tasks; one answer is approved."""
    data = products(ROWS, described=ROWS - 2)
    batch = shop.publish(data, row_filter='{"missing": ["description"]}')
    held = shop.chie.claim(batch)
    sent = shop.chie.post(
        f"assignments/{held['id']}/submit", {"answer": good_answer(), "fence": held["fence"]}
    )
    shop.dai.post(f"submissions/{sent['id']}/approve")
    return batch, data


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_file_becomes_done_and_right(shop: Shop, answered: tuple[int, bytes], moment: float) -> None:
    batch, data = answered
    made = shop.aya.post(f"batches/{batch}/results", {"format": "source"})

    def state() -> str:
        return str(shop.aya.get(f"results/{made['id']}")["state"])

    until(lambda: state() == "running", "it is begun", every=0.01)
    time.sleep(moment)
    shop.restart()
    print(f"\nkilled {moment} s after the beginning; then {state()}")
    while (found := shop.aya.get(f"results/{made['id']}"))["state"] in ("queued", "running"):
        refused = shop.aya.api.get(f"results/{made['id']}/file")
        if refused.status_code != 200:
            assert (refused.status_code, refused.json()["code"]) == (409, "result_not_ready")
        time.sleep(0.1)
    assert (found["state"], found["error"]) == ("done", None)
    file = shop.aya.api.get(f"results/{made['id']}/file")
    assert file.status_code == 200
    assert len(file.content) == found["size"]
    _assert_merged(data, file.content)
    # One set of cells, whatever the killed run had staged.
    cells = shop.aya.get(f"results/{made['id']}/cells")["items"]
    logical = [cell["logical"] for cell in cells]
    assert {"title", "description"} <= set(logical) <= set(good_answer())
    assert len(logical) == len(set(logical)) == found["cells"]


def test_staged_cells_of_a_killed_run_are_replaced(shop: Shop) -> None:
    """Many answers, so that the kill comes while their cells are written: three columns of this file."""
    batch = shop.publish(products(3000))
    words = f"from tests.kill import shop; shop.answer_all({batch}, {shop.chie.id})"
    shop.server.manage("shell", "-v", "0", "-c", words)
    made = shop.aya.post(f"batches/{batch}/results", {"format": "update"})

    def begun() -> bool:
        return bool(shop.aya.get(f"results/{made['id']}")["state"] == "running")

    until(begun, "it is begun", every=0.01)
    time.sleep(0.5)
    shop.restart()
    found = until(lambda: _ended(shop, made["id"]), "it is written", seconds=90)
    assert (found["state"], found["answers"], found["cells"]) == ("done", 3000, 9000)
    listed = shop.server.manage(
        "shell", "-v", "0", "-c",
        "from tasks.models import ReleaseCell as C; "
        f"rows = C.objects.filter(release={made['id']}); "
        "print(rows.count(), rows.values('key', 'logical').distinct().count())",
    )  # fmt: skip
    assert listed.split() == ["9000", "9000"]


def _ended(shop: Shop, number: int) -> Any:
    found = shop.aya.get(f"results/{number}")
    return found if found["state"] in ("done", "failed") else None


def _assert_merged(before: bytes, after: bytes) -> None:
    """Every line as it was, but that of the approved product."""
    old, new = (text.decode().split("\r\n") for text in (before, after))
    assert len(old) <= len(new)
    rows = list(csv.DictReader(io.StringIO(after.decode(), newline="")))
    assert len(rows) == ROWS
    answer = good_answer()
    assert rows[0]["URL handle"] == "mug-1"
    assert rows[0]["Title"] == answer["title"]
    assert set(old[2:]) <= set(new)
