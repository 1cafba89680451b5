"""Broken files of every mall give units or typed refusals, never anything else."""

import io
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.errors import MESSAGES, FileRefused
from exchange.opening import recognise
from tests.exchange.mallfiles import (
    MALLS,
    Mall,
    read,
    update,
    whole,
)
from tests.exchange.shopfiles import attempt

every_mall = pytest.mark.parametrize("mall", MALLS.values(), ids=MALLS)


@every_mall
def test_truncated_files_give_units_or_typed_refusals(mall: Mall) -> None:
    data = mall.data()
    complete = [unit.key for unit in read(data, mall.format)[0]]
    for length in range(0, len(data), max(1, len(data) // 150)):
        outcome = attempt(partial(read, data[:length], mall.format))
        if isinstance(outcome, FileRefused):
            assert outcome.code in MESSAGES
        else:
            keys = [unit.key for unit in outcome[0]]
            assert keys[:-1] == complete[: max(0, len(keys) - 1)], "only the last one can be cut"


@every_mall
@settings(max_examples=40, deadline=3000)  # ms: no file may hang a reader
@given(data=st.data())
def test_broken_files_give_units_or_typed_refusals(mall: Mall, data: st.DataObject) -> None:
    whole_file = mall.data()
    broken = bytearray(whole_file[: data.draw(st.integers(0, len(whole_file)))])
    for _ in range(data.draw(st.integers(0, 4))):
        if broken:
            broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(
                st.sampled_from(b'",\r\n\t\0\x81\xffa')
            )
    _survives(bytes(broken), mall)


@every_mall
@settings(max_examples=40, deadline=3000)  # ms: no file may hang a reader
@given(rows=st.lists(st.lists(st.sampled_from(["", "mug", "id:1", '"', "小", "x" * 300, "0"]), max_size=9)))
def test_any_rows_under_a_malls_header_give_units_or_typed_refusals(
    mall: Mall, rows: list[list[str]]
) -> None:
    mark = mall.layout.delimiter.decode()
    body = "".join(mark.join(row * 5) + mall.end for row in rows).encode(mall.encoding)
    _survives(mall.but(rows=()).data() + body, mall)


def _survives(data: bytes, mall: Mall) -> None:
    assert isinstance(attempt(lambda: recognise(io.BytesIO(data))), str)
    outcome = attempt(lambda: read(data, mall.format))
    if isinstance(outcome, FileRefused):
        assert outcome.message
        return
    units, refused = outcome
    assert all(code in MESSAGES for _row, _column, code in refused)
    assert len({unit.key for unit in units}) == len(units)
    assert whole(data, mall.format, {}) == data
    answers = {unit.key: {"title": "新"} for unit in units}
    attempt(lambda: update(data, mall.format, answers))
