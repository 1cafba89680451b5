"""Fields that depend on others, repeated rows, image pairs: judged, stored, told."""

from typing import Any

import pytest
from django.utils import translation

from kernel.errors import FieldProblem
from tasks.answers.checks import CheckResult, ChecksRefused, parse_checks, run_checks
from tasks.answers.normalise import hidden_fields, normalise_answer, without_hidden
from tasks.answers.pictures import sources_of, uploads_in
from tasks.answers.text import as_text
from tasks.answers.validate import validate_answer, validate_draft
from tests.tasks.answers.forms import ALL_KINDS, PAIRS, PARTS, SIZES, form, text

UNIT = {
    "images": [{"url": "/a.jpg", "alt": "A"}, {"url": "/b.jpg", "alt": ""}, {"url": "/a.jpg", "alt": "again"}]
}
FORM = form(PARTS, required=["sizes", "cutouts"])
GOOD: dict[str, Any] = {
    "sizes": [{"size": "M", "width": 50, "look": "7"}],
    "cutouts": [{"before": "/b.jpg", "after": "7"}, {"before": "/a.jpg", "after": "8"}],
}


def judged(answer: object, unit: dict[str, Any] | None = UNIT) -> list[FieldProblem]:
    return validate_answer(FORM, answer, upload_exists=lambda upload: upload in "78", unit_values=unit)


def codes(answer: object, unit: dict[str, Any] | None = UNIT) -> dict[str, str]:
    return {problem.field: problem.code for problem in judged(answer, unit)}


def test_good_parts_have_no_problem() -> None:
    assert codes(GOOD) == {}
    assert codes(GOOD, unit=None) == {}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], {"sizes": "required"}),
        ([{}, {"size": " "}], {"sizes": "required"}),
        ([{"width": 3}], {"sizes.0.size": "required"}),
        (
            [{"size": "M"}, {"size": "too wide", "width": 0}],
            {"sizes.1.size": "too_long", "sizes.1.width": "too_small"},
        ),
        ([{"size": "M", "look": "9"}], {"sizes.0.look": "no_upload"}),
        ([{"size": "M", "colour": "red"}], {"sizes.0.colour": "unknown_field"}),
        ([{"size": "M"}] * 5, {"sizes": "too_many_rows"}),
        ([{"size": ["M"]}], {"sizes.0.size": "not_text"}),
        ([{"size": {"a": 1}}], {"sizes.0.size": "wrong_type"}),
        (["M"], {"sizes": "wrong_type"}),
        ("M", {"sizes": "wrong_type"}),
    ],
)
def test_wrong_rows_are_named_by_row_and_column(rows: Any, expected: dict[str, str]) -> None:
    assert codes(GOOD | {"sizes": rows}) == expected


def test_too_few_rows() -> None:
    two = form({"sizes": SIZES | {"minItems": 2}})
    found = validate_answer(two, {"sizes": [{"size": "M"}, {}]}, upload_exists=bool)
    assert [problem.code for problem in found] == ["too_few_rows"]
    assert validate_answer(two, {"sizes": []}, upload_exists=bool) == []


def test_problem_in_a_row_names_row_and_column_in_both_languages() -> None:
    problem = judged(GOOD | {"sizes": [{"size": "S"}, {"size": "M"}, {"width": 3}]})[0]
    with translation.override("ja"):
        assert str(problem.message) == "3行目「サイズ」：入力してください。"
    with translation.override("en"):
        assert str(problem.message) == "Row 3, “Size”: Please fill this in."


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ([], "pairs_missing"),
        ([{"before": "/a.jpg", "after": "7"}], "pairs_missing"),
        ([{"before": "/a.jpg", "after": "7"}, {"before": "/b.jpg", "after": ""}], "pairs_missing"),
        ([{"before": "/a.jpg", "after": "9"}], "pairs_lost"),
        ([{"before": "/a.jpg", "after": "../x"}], "pairs_lost"),
        ([{"before": "/c.jpg", "after": "7"}], "pair_unknown"),
        ([{"before": "/a.jpg", "after": "7"}, {"before": "/a.jpg", "after": "8"}], "pair_doubled"),
        ([{"after": "7"}], "wrong_type"),
        ([{"before": "/a.jpg", "after": "7", "more": "x"}], "wrong_type"),
        (["7"], "wrong_type"),
        ("7", "wrong_type"),
    ],
)
def test_wrong_pairs_are_named(pairs: Any, code: str) -> None:
    assert codes(GOOD | {"cutouts": pairs}) == {"cutouts": code}


def test_missing_counterparts_are_named_by_number() -> None:
    with translation.override("en"):
        found = judged(GOOD | {"cutouts": [{"before": "/a.jpg", "after": 7}]})
        assert str(found[0].message) == "These pictures still need their counterpart: 2."


def test_pairs_without_a_unit_or_without_pictures() -> None:
    assert codes(GOOD | {"cutouts": [{"before": "/elsewhere", "after": "7"}]}, unit=None) == {}
    assert codes(GOOD | {"cutouts": []}, unit=None) == {"cutouts": "required"}
    assert codes(GOOD | {"cutouts": []}, unit={}) == {}
    optional = form({"cutouts": PAIRS})
    assert validate_answer(optional, {}, upload_exists=bool, unit_values=UNIT) == []


@pytest.mark.parametrize(
    ("raw", "sources"),
    [
        (UNIT["images"], ["/a.jpg", "/b.jpg"]),
        (["/a.jpg", "", None, 3, "/b,c.jpg"], ["/a.jpg", "/b,c.jpg"]),
        ("https://x/a,b.jpg,https://x/c.jpg | /d.jpg", ["https://x/a,b.jpg", "https://x/c.jpg", "/d.jpg"]),
        (None, []),
        ({"url": "/a.jpg"}, []),
        (5, []),
    ],
)
def test_pictures_of_a_unit_however_it_holds_them(raw: Any, sources: list[str]) -> None:
    field = FORM.field("cutouts")
    assert field is not None
    assert sources_of(field, {"images": raw}) == sources


def test_blank_cells_rows_and_pairs_are_not_stored() -> None:
    raw = {
        "sizes": [{"size": "M\r\n", "width": ""}, {"size": ""}, {"look": 7}],
        "cutouts": [{"before": "/a.jpg", "after": ""}, {"before": "/b.jpg", "after": 8}],
    }
    stored = normalise_answer(FORM, raw)
    assert stored == {
        "sizes": [{"size": "M\n"}, {"look": "7"}],
        "cutouts": [{"before": "/b.jpg", "after": "8"}],
    }
    assert normalise_answer(FORM, stored) == stored


def test_half_filled_parts_are_fine_as_a_draft() -> None:
    draft = {"sizes": [{"width": "1a"}] * 60, "cutouts": [{"before": "/a.jpg"}]}
    assert validate_draft(FORM, draft) == []


@pytest.mark.parametrize(
    ("draft", "path"),
    [
        ({"sizes": [{"size": "a\x00"}]}, "sizes.0.size"),
        ({"sizes": [{"size": {}}]}, "sizes.0.size"),
        ({"sizes": [{"x": 1}]}, "sizes.0.x"),
        ({"sizes": [3]}, "sizes"),
        ({"sizes": [{}] * 201}, "sizes"),
        ({"sizes": {"size": "M"}}, "sizes"),
        ({"cutouts": [{"x": "y"}]}, "cutouts"),
        ({"cutouts": [{"after": "\udc00"}]}, "cutouts"),
    ],
)
def test_parts_that_storage_cannot_hold_are_refused(draft: Any, path: str) -> None:
    assert [problem.field for problem in validate_draft(FORM, draft)] == [path]


# ---- conditions


def when(field: str, *values: Any, **more: Any) -> dict[str, Any]:
    return text(**{"x-show-if": {"field": field, "is": list(values)}}, **more)


CHAIN = form(
    ALL_KINDS
    | {
        "by_text": when("title", "yes"),
        "by_count": when("count", 2, 3),
        "by_weight": when("weight", 1.5, 2),
        "by_colour": when("colour", "red"),
        "by_uses": when("uses", "gift", "home"),
        "by_date": when("since", "2026-04-01"),
        "chained": when("by_colour", "deep"),
    },
    required=["by_colour", "chained"],
)


@pytest.mark.parametrize(
    ("answer", "name", "shown"),
    [
        ({"title": " yes "}, "by_text", True),
        ({"title": "Yes"}, "by_text", False),
        ({"count": 3}, "by_count", True),
        ({"count": 3.0}, "by_count", True),
        ({"count": "3"}, "by_count", False),
        ({"weight": 2}, "by_weight", True),
        ({"weight": True}, "by_weight", False),
        ({"colour": "red"}, "by_colour", True),
        ({"colour": ["red"]}, "by_colour", False),
        ({"uses": ["office", "home"]}, "by_uses", True),
        ({"uses": ["office"]}, "by_uses", False),
        ({"uses": "home"}, "by_uses", True),
        ({"uses": [["home"]]}, "by_uses", False),
        ({"since": "2026-04-01"}, "by_date", True),
        ({}, "by_date", False),
        ({"colour": "red", "by_colour": "deep"}, "chained", True),
        ({"colour": "blue", "by_colour": "deep"}, "chained", False),
    ],
)
def test_field_is_asked_while_its_condition_holds(answer: dict[str, Any], name: str, shown: bool) -> None:
    assert (name not in hidden_fields(CHAIN, answer)) is shown


def test_hidden_field_is_neither_required_nor_judged_nor_handed_in() -> None:
    answer = {"colour": "blue", "by_colour": "x\x00", "chained": {"odd": 1}}
    assert validate_answer(CHAIN, answer, upload_exists=bool) == []
    assert without_hidden(CHAIN, answer) == {"colour": "blue"}
    assert normalise_answer(CHAIN, answer)["chained"] == {"odd": 1}


def test_shown_field_is_required() -> None:
    found = validate_answer(CHAIN, {"colour": "red", "by_colour": "deep"}, upload_exists=bool)
    assert [(problem.field, problem.code) for problem in found] == [("chained", "required")]


# ---- machine checks


def run(raw: dict[str, Any], answer: dict[str, Any], of: Any = FORM) -> CheckResult:
    checks = parse_checks([{"id": "a"} | raw], of)
    return run_checks(checks, answer, is_taken=lambda name, value: False, form=of)[0]


def test_check_of_a_column_looks_at_every_row() -> None:
    rows = {"sizes": [{"size": "M"}, {"size": "XL"}, {"size": "XXL"}]}
    found = run({"kind": "length", "field": "sizes.size", "max": 1}, rows)
    assert (found.passed, found.path, found.params["row"]) == (False, "sizes.1.size", 2)
    with translation.override("ja"):
        assert found.message.startswith("2行目：")
    assert run({"kind": "length", "field": "sizes.size", "max": 3}, rows).code == "passed"
    assert run({"kind": "length", "field": "sizes.size", "max": 3}, {}).code == "empty"
    assert run({"kind": "required", "field": "sizes.width"}, rows).path == "sizes.0.width"
    assert run({"kind": "required", "field": "sizes"}, {}).path == "sizes"


@pytest.mark.parametrize("value", [None, "x", [1, None], {"size": "M"}])
def test_check_of_a_column_takes_odd_rows(value: Any) -> None:
    run({"kind": "length", "field": "sizes.size", "max": 1}, {"sizes": value})


def test_check_of_a_hidden_field_has_nothing_to_say() -> None:
    found = run({"kind": "required", "field": "by_colour"}, {"colour": "blue"}, CHAIN)
    assert (found.passed, found.code) == (True, "not_asked")
    assert not run({"kind": "required", "field": "by_colour"}, {"colour": "red"}, CHAIN).passed


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ({"kind": "length", "max": 3}, "sizes"),
        ({"kind": "length", "max": 3}, "sizes.width"),
        ({"kind": "length", "max": 3}, "sizes.x"),
        ({"kind": "length", "max": 3}, "cutouts.after"),
        ({"kind": "unique_in_batch"}, "sizes.size"),
        ({"kind": "required"}, "cutouts"),
    ],
)
def test_check_that_does_not_fit_its_parts_is_refused(kind: dict[str, Any], field: str) -> None:
    with pytest.raises(ChecksRefused):
        parse_checks([{"id": "a", "field": field} | kind], FORM)


# ---- what others read


def test_uploads_of_all_parts_are_found() -> None:
    every = form(ALL_KINDS | PARTS)
    answer = GOOD | {"photo": 3, "title": "9"}
    assert uploads_in(every, answer) == ["3", "7", "8"]
    assert uploads_in(every, {"sizes": [3, {"look": []}], "cutouts": "x", "photo": ["1"]}) == []


def test_parts_as_text() -> None:
    sizes, cutouts = FORM.fields
    with translation.override("ja"):
        assert as_text(sizes, [{"width": 50, "size": "M"}, {"size": "L"}]) == "サイズ: M; 幅: 50\nサイズ: L"
    assert as_text(cutouts, GOOD["cutouts"]) == "/b.jpg → 7\n/a.jpg → 8"
    uses = form(ALL_KINDS).field("uses")
    assert uses is not None
    assert as_text(uses, ["gift", "home"]) == "gift, home"
    assert (as_text(uses, None), as_text(sizes, ["x"])) == ("", "x")
