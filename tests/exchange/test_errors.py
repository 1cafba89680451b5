"""Every message exists in both languages and takes the parameters its code carries."""

import json
import re
from pathlib import Path

import polib
import pytest
from django.utils import translation

import exchange
from exchange.errors import MESSAGES, FileRefused, RowRefusal, describe, describe_place

PLACES = ("Row %(row)d", "Row %(row)d, column “%(column)s”")
PARAMETER = re.compile(r"%\((\w+)\)[ds]")


@pytest.fixture(scope="module")
def japanese() -> dict[str, str]:
    path = Path(exchange.__path__[0]) / "locale" / "ja" / "LC_MESSAGES" / "django.po"
    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(path))}


def msgids() -> list[str]:
    with translation.override(None):
        return [*(str(message) for message in MESSAGES.values()), *PLACES]


def test_every_message_is_translated_and_none_is_left_over(japanese: dict[str, str]) -> None:
    assert set(japanese) == set(msgids())
    assert all(japanese.values())


def test_translations_take_the_same_parameters(japanese: dict[str, str]) -> None:
    for msgid, msgstr in japanese.items():
        assert sorted(PARAMETER.findall(msgid)) == sorted(PARAMETER.findall(msgstr))


def test_a_stored_problem_is_told_again_in_the_readers_language() -> None:
    stored = json.loads(json.dumps(FileRefused("header_missing", row=1, header="Title").as_json()))
    with translation.override("en"):
        assert describe(stored["code"], stored["params"]).startswith("The header has no column “Title”.")


def test_the_column_of_a_refusal_gets_its_name_where_the_header_has_one() -> None:
    header = ("Handle", "", "Title")
    assert FileRefused("nul_byte", row=2, column="3").with_header(header).column == "Title"
    assert FileRefused("nul_byte", row=2, column="2").with_header(header).column == "2"
    assert FileRefused("nul_byte", row=2, column="4").with_header(header).column == "4"
    assert FileRefused("row_too_long", row=2).with_header(header).column == ""


def test_places() -> None:
    with translation.override("en"):
        assert describe_place(None, "") == ""
        assert describe_place(3, "") == "Row 3"
        assert describe_place(3, "Title") == "Row 3, column “Title”"


def test_a_row_refusal_speaks_and_is_stored() -> None:
    refusal = RowRefusal(4, "", "cells_wrong_number", {"found": 2, "expected": 3})
    with translation.override("en"):
        assert refusal.message == "The row has 2 cells, the header has 3."
    assert refusal.as_json() == {
        "code": "cells_wrong_number",
        "row": 4,
        "column": "",
        "params": {"found": 2, "expected": 3},
    }
