import contextlib
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import FieldProblem
from tasks.answers.form import Field, FieldKind, Form
from tasks.answers.schema import FormRefused, parse_form
from tasks.answers.validate import (
    MAX_TOTAL_BYTES,
    normalise_answer,
    validate_answer,
    validate_draft,
)
from tests.tasks.answers.forms import ALL_KINDS, LABEL, form, text

FORM = form(ALL_KINDS, required=["title"])
GOOD: dict[str, Any] = {
    "title": "マグカップ",
    "body": "一行目\n二行目",
    "count": 3,
    "weight": 0.5,
    "colour": "red",
    "uses": ["gift"],
    "since": "2026-04-01",
    "photo": "7",
}


def problems(answer: object) -> list[FieldProblem]:
    return validate_answer(FORM, answer, upload_exists=lambda upload: upload == "7")


def codes(answer: object) -> dict[str, str]:
    return {problem.field: problem.code for problem in problems(answer)}


def test_good_answer_has_no_problem() -> None:
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"title": ""}, "required"),
        ({"title": " 　\n"}, "required"),
        ({"title": None}, "required"),
        ({"title": "a"}, "too_short"),
        ({"title": "a" * 11}, "too_long"),
        ({"title": "a\r\nb"}, "line_break"),
        ({"title": "a\x0bb"}, "control_character"),
        ({"title": 5}, "not_text"),
        ({"title": ["ab"]}, "not_text"),
        ({"title": {"a": 1}}, "wrong_type"),
        ({"body": "a\x00b"}, "nul"),
        ({"body": "a\ud83d"}, "broken_text"),
        ({"body": "a" * 100_001}, "too_long"),
        ({"count": "three"}, "not_a_whole_number"),
        ({"count": True}, "not_a_whole_number"),
        ({"count": 1.5}, "not_a_whole_number"),
        ({"count": 0}, "too_small"),
        ({"count": 10}, "too_big"),
        ({"weight": float("nan")}, "not_a_number"),
        ({"weight": float("inf")}, "not_a_number"),
        ({"weight": 10**400}, "too_big"),
        ({"colour": "green"}, "not_an_option"),
        ({"uses": "gift"}, "not_an_option"),
        ({"uses": ["car"]}, "not_an_option"),
        ({"uses": ["gift", "gift"]}, "option_doubled"),
        ({"uses": ["gift", "home", "office"]}, "too_many_options"),
        ({"uses": [["gift"]]}, "wrong_type"),
        ({"since": "2026-02-30"}, "not_a_date"),
        ({"since": "20260401"}, "not_a_date"),
        ({"since": "２０２６-04-01"}, "not_a_date"),
        ({"photo": "8"}, "no_upload"),
        ({"photo": "../../etc/passwd"}, "no_upload"),
    ],
)
def test_wrong_value_is_named_at_its_field(change: dict[str, Any], code: str) -> None:
    assert codes(GOOD | change) == {next(iter(change)): code}


def test_unknown_field_is_refused() -> None:
    assert codes(GOOD | {"price": 5}) == {"price": "unknown_field"}


def test_many_unknown_fields_make_a_short_report() -> None:
    assert len(problems({f"x{number}": 1 for number in range(5000)})) == 1 + 20


@pytest.mark.parametrize("answer", [None, [], "x", 3])
def test_answer_must_be_an_object(answer: object) -> None:
    assert codes(answer) == {"": "not_an_object"}


def test_whole_answer_is_limited() -> None:
    many = form({f"f{number}": text(**{"x-widget": "textarea"}) for number in range(6)})
    answer = {f"f{number}": "あ" * 30_000 for number in range(6)}
    found = validate_answer(many, answer, upload_exists=lambda upload: True)
    assert [problem.code for problem in found] == ["total_too_large"]
    assert len("あ".encode()) * 180_000 > MAX_TOTAL_BYTES


def test_line_ends_become_lf_and_blank_fields_go() -> None:
    raw = {"title": "ab", "body": "a\r\nb\rc", "colour": "", "uses": [], "photo": 7, "count": 0}
    assert normalise_answer(FORM, raw) == {"title": "ab", "body": "a\nb\nc", "photo": "7", "count": 0}


def test_number_of_an_upload_may_be_a_number() -> None:
    assert problems(GOOD | {"photo": 7}) == []


def test_message_is_in_the_readers_language() -> None:
    too_long = problems(GOOD | {"title": "あ" * 12})[0]
    with translation.override("ja"):
        assert str(too_long.message) == "10文字以内で入力してください（現在12文字）。"
    with translation.override("en"):
        assert str(too_long.message) == "Please write at most 10 characters (now 12)."


def test_half_typed_draft_is_fine() -> None:
    assert validate_draft(FORM, {"title": "", "count": "1a", "since": "2026-0", "uses": ["car"]}) == []


@pytest.mark.parametrize("value", ["a\x00", "\udc00", {"a": 1}, "a" * 100_001, float("nan"), 10**20])
def test_draft_that_storage_cannot_hold_is_refused(value: object) -> None:
    assert [problem.field for problem in validate_draft(FORM, {"title": value})] == ["title"]


def test_draft_with_unknown_field_is_refused() -> None:
    assert [problem.code for problem in validate_draft(FORM, {"x": 1})] == ["unknown_field"]
    assert [problem.code for problem in validate_draft(FORM, [])] == ["not_an_object"]


def _property(kind: FieldKind) -> st.SearchStrategy[dict[str, Any]]:
    limits = st.integers(0, 20)
    words = st.lists(st.sampled_from(["a", "赤", "x y", "9"]), min_size=1, unique=True)
    match kind:
        case FieldKind.TEXT | FieldKind.LONG_TEXT:
            widget = {} if kind is FieldKind.TEXT else {"x-widget": "textarea"}
            return limits.map(lambda low: text(minLength=low, maxLength=low + 5, **widget))
        case FieldKind.INTEGER | FieldKind.NUMBER:
            return limits.map(lambda low: {"type": kind.value, "minimum": low, "x-label": LABEL})
        case FieldKind.CHOICE:
            return words.map(lambda values: text(enum=values))
        case FieldKind.CHOICES:
            return words.map(
                lambda values: {
                    "type": "array",
                    "items": {"type": "string", "enum": values},
                    "x-label": LABEL,
                }
            )
        case FieldKind.DATE:
            return st.just(text(format="date"))
    return st.just(text(format="x-image"))


def _good(field: Field) -> st.SearchStrategy[Any]:
    letters = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Z"])
    match field.kind:
        case FieldKind.TEXT | FieldKind.LONG_TEXT:
            return st.text(letters, min_size=max(field.min_length or 0, 1), max_size=field.max_length)
        case FieldKind.INTEGER:
            return st.integers(int(field.minimum or 0), 10**15)
        case FieldKind.NUMBER:
            return st.floats(field.minimum, 10**15)
        case FieldKind.CHOICE:
            return st.sampled_from([option.value for option in field.options])
        case FieldKind.CHOICES:
            return st.lists(st.sampled_from([option.value for option in field.options]), unique=True)
        case FieldKind.DATE:
            return st.dates().map(str)
    return st.integers(1, 10**6)


_forms = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True),
    st.sampled_from(FieldKind).flatmap(_property),
    min_size=1,
    max_size=6,
).flatmap(
    lambda properties: st.sets(st.sampled_from(sorted(properties))).map(
        lambda names: parse_form({"type": "object", "properties": properties, "required": sorted(names)})
    )
)
_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(
    _forms.flatmap(
        lambda read: st.tuples(st.just(read), st.fixed_dictionaries({f.name: _good(f) for f in read.fields}))
    )
)
def test_generated_good_answer_is_accepted(case: tuple[Form, dict[str, Any]]) -> None:
    read, answer = case
    assert parse_form(read.as_json()) == read
    missing = {name for name, value in answer.items() if value == []}
    found = validate_answer(read, answer, upload_exists=lambda upload: True)
    assert {problem.field for problem in found} <= {f.name for f in read.fields if f.required} & missing
    stored = normalise_answer(read, answer)
    assert normalise_answer(read, stored) == stored


@given(_forms, st.data())
def test_generated_odd_answer_never_raises_and_names_its_fields(read: Form, data: st.DataObject) -> None:
    names = st.sampled_from([field.name for field in read.fields]) | st.text(max_size=5)
    answer = data.draw(st.dictionaries(names, _anything))
    for found in (
        validate_answer(read, answer, upload_exists=lambda upload: False),
        validate_draft(read, answer),
    ):
        for problem in found:
            assert str(problem.message)
            str(problem.message).encode()


@given(_anything)
def test_anything_as_a_form_is_read_or_refused(raw: object) -> None:
    with contextlib.suppress(FormRefused):
        assert parse_form({"type": "object", "properties": {"a": raw}}).field("a") is not None
