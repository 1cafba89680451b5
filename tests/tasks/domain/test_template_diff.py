"""What people read about two versions of a template."""

import copy
import time
from typing import Any

import pytest
from django.utils import translation

from tasks.domain.template_diff import Differences, differences
from tasks.domain.template_lines import compare
from tasks.models import TemplateVersion
from tests.tasks.domain.world import CONTENT


def changed(edit: Any) -> Differences:
    content = copy.deepcopy(CONTENT)
    edit(content)
    return differences(TemplateVersion(**CONTENT), TemplateVersion(**content))


def told(edit: Any, language: str = "en") -> list[str]:
    with translation.override(language):
        return [str(change.text) for change in changed(edit).changes]


def field(content: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = content["form"]["properties"][name]
    return found


def add_field(content: dict[str, Any], name: str, prop: dict[str, Any]) -> None:
    content["form"]["properties"][name] = prop
    content["form"]["x-order"].append(name)


def test_the_same_content_has_no_differences() -> None:
    assert not changed(lambda content: None)
    assert changed(lambda content: None).changes == []


def test_a_limit_is_told_with_both_numbers() -> None:
    def edit(content: dict[str, Any]) -> None:
        field(content, "title")["maxLength"] = 60

    assert told(edit) == ["“Title”: at most none → 60 characters"]
    assert told(edit, "ja") == ["「商品名」の上限 なし → 60 文字"]


def test_fields_that_came_went_and_moved() -> None:
    def edit(content: dict[str, Any]) -> None:
        add_field(
            content, "colour", {"type": "string", "enum": ["a"], "x-label": {"ja": "色", "en": "Colour"}}
        )
        content["form"]["x-order"].reverse()
        del content["form"]["properties"]["note"]
        content["form"]["x-order"].remove("note")
        content["form"]["required"] = []

    found = changed(edit).changes
    assert [(change.kind, change.place) for change in found] == [
        ("added", "colour"),
        ("changed", "title"),
        ("removed", "note"),
        ("moved", ""),
    ]
    assert told(edit)[1:3] == ["“Title” may be left empty now", "The field “Note” is gone"]


def test_a_new_order_is_told_once() -> None:
    assert told(lambda content: content["form"]["x-order"].reverse()) == [
        "The order of the fields has changed: “Contact” “Note” “Title”"
    ]


def test_options_conditions_and_names_are_told_in_words() -> None:
    before, after = copy.deepcopy(CONTENT), copy.deepcopy(CONTENT)
    option = {"type": "string", "enum": ["red", "blue"], "x-label": {"ja": "色", "en": "Colour"}}
    add_field(before, "colour", option)
    add_field(
        after, "colour", {**option, "enum": ["red", "green"], "x-labels": {"red": {"ja": "赤", "en": "red"}}}
    )
    field(after, "note")["x-label"] = {"ja": "備考", "en": "Note"}
    field(after, "note")["x-show-if"] = {"field": "colour", "is": ["red"]}
    with translation.override("en"):
        found = differences(TemplateVersion(**before), TemplateVersion(**after)).changes
        texts = [str(change.text) for change in found]
    assert texts == [
        "“Note”: called in Japanese “メモ” → “備考”",
        "“Note”: when it is asked: always → if “Colour” is “red”",
        "“Colour”: new choices “green”",
        "“Colour”: choices taken out “blue”",
        "“Colour: red”: called in Japanese “red” → “赤”",
    ]


def test_fields_of_rows_name_the_rows() -> None:
    before, after = copy.deepcopy(CONTENT), copy.deepcopy(CONTENT)
    inner = {
        "type": "object",
        "properties": {"n": {"type": "integer", "x-label": {"ja": "数量", "en": "Count"}}},
    }
    rows = {"type": "array", "items": inner, "x-label": {"ja": "明細", "en": "Lines"}}
    add_field(before, "lines", rows)
    add_field(after, "lines", copy.deepcopy(rows))
    after["form"]["properties"]["lines"]["items"]["properties"]["n"]["maximum"] = 9
    with translation.override("ja"):
        (only,) = differences(TemplateVersion(**before), TemplateVersion(**after)).changes
        assert (only.place, str(only.text)) == ("lines.n", "「明細」：「数量」の上限 なし → 9")


def test_checks_inputs_checklist_and_defaults() -> None:
    def edit(content: dict[str, Any]) -> None:
        content["checks"][0] |= {"max": 60, "blocking": True}
        content["checks"][1]["words"] = ["最安", "激安"]
        content["inputs"].append({"name": "sku", "kind": "text", "label": {"ja": "品番", "en": "SKU"}})
        content["checklist"] = []
        content["defaults"] = {"reward": 100}

    assert told(edit) == [
        "Newly shown: “SKU” (Text)",
        "Check “Short”: at most 40 → 60",
        "Check “Short” now stops a submission",
        "Check “Words”: added “激安”",
        "No longer on the checklist: “It is true”",
        "Reward per answer (yen): none → 100",
    ]


def test_a_check_without_a_label_goes_by_its_field_and_says_what_it_asks_for() -> None:
    def edit(content: dict[str, Any]) -> None:
        content["checks"].append({"id": "check-17", "kind": "banned", "field": "title", "words": ["最安"]})
        content["checks"].append({"id": "check-18", "kind": "length", "field": "title", "max": 9})

    assert told(edit) == [
        "New check “Title”: Does not hold the words “最安”",
        "New check “Title”: At most 9 characters",
    ]


def test_words_of_a_changed_line_are_marked() -> None:
    (passage,) = compare("一行目\n商品名は40文字まで\n三行目", "一行目\n商品名は60文字まで\n三行目")
    assert [line.mark for line in passage.lines] == ["same", "removed", "added", "same"]
    assert [(piece.mark, piece.text) for piece in passage.lines[2].pieces] == [
        ("same", "商品名は"),
        ("added", "60"),
        ("same", "文字まで"),
    ]


def test_unchanged_lines_far_away_are_skipped() -> None:
    before = [f"line {number}" for number in range(40)]
    after = [*before[:20], "quite another thing", *before[20:], "the end"]
    first, second = compare("\n".join(before), "\n".join(after))
    assert first.skipped == 18
    assert [line.mark for line in first.lines] == ["same", "same", "added", "same", "same"]
    assert second.lines[-1].text == "the end"


def test_nothing_is_lost_between_the_sides() -> None:
    before, after = "a b\nc\n\nd", "a x\n\ne\nd"
    lines = [line for passage in compare(before, after) for line in passage.lines]
    assert "\n".join(line.text for line in lines if line.mark != "added") == before
    assert "\n".join(line.text for line in lines if line.mark != "removed") == after


@pytest.mark.parametrize("text", ["\n", "a\n", "ab\n" * 3 + "c\n"])
def test_huge_texts_made_to_be_slow_are_compared_quickly(text: str) -> None:
    started = time.process_time()
    compare(text * (90_000 // len(text)), "x\n" + (text * (90_000 // len(text)))[:-2] + "y")
    compare(" ".join("ab" * 40_000), " ".join("ba" * 40_000))
    assert time.process_time() - started < 5
