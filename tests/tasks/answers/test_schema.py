from typing import Any

import pytest
from django.utils import translation

from tasks.answers.schema import FieldKind, Form, FormRefused, parse_form
from tests.tasks.answers.forms import ALL_KINDS, LABEL, PAIRS, PARTS, SIZES, form, schema, text


def refused(raw: object) -> set[tuple[str, str]]:
    with pytest.raises(FormRefused) as caught:
        parse_form(raw)
    assert caught.value.code == "form_invalid"
    assert all(str(problem.message) for problem in caught.value.fields)
    return {(problem.field, problem.code) for problem in caught.value.fields}


def test_every_kind_is_read() -> None:
    read = form(ALL_KINDS | PARTS, required=["title"])
    assert [field.kind for field in read.fields] == list(FieldKind)
    assert [field.name for field in read.fields if field.required] == ["title"]


def test_form_survives_its_own_json() -> None:
    condition = {"x-show-if": {"field": "uses", "is": ["gift"]}}
    read = form(ALL_KINDS | PARTS | {"note": text(**condition)}, required=["title", "photo", "sizes"])
    assert parse_form(read.as_json()) == read


def test_order_is_kept_when_the_database_forgets_it() -> None:
    raw = schema({"a": text(), "b": text(), "c": text()}, **{"x-order": ["c", "a", "b"]})
    stored = parse_form(raw).as_json()
    shuffled = stored | {"properties": dict(sorted(stored["properties"].items()))}
    assert [field.name for field in parse_form(shuffled).fields] == ["c", "a", "b"]


def test_columns_name_what_the_answer_fills() -> None:
    read = form({"a": text(**{"x-column": "title"}), "b": text()})
    assert read.columns() == {"a": "title"}


def test_a_field_may_want_a_second_person() -> None:
    read = form({"a": text(**{"x-second-person": True}), "b": text()})
    assert [field.second_person for field in read.fields] == [True, False]
    assert parse_form(read.as_json()) == read
    odd = schema({"a": text(**{"x-second-person": "yes"})})
    assert refused(odd) == {("properties.a.x-second-person", "wrong_value")}


def test_label_is_in_the_readers_language_or_the_other() -> None:
    colour = form(ALL_KINDS).field("colour")
    assert colour is not None
    with translation.override("ja"):
        assert [str(option.label) for option in colour.options] == ["赤", "blue"]
    with translation.override("en"):
        assert str(colour.label) == "Field"


@pytest.mark.parametrize("raw", [None, [], "x", 3, {}, {"type": "object"}, schema({})])
def test_what_is_no_form_is_refused(raw: object) -> None:
    assert refused(raw)


@pytest.mark.parametrize(
    ("prop", "code"),
    [
        (text(pattern="(a+)+$"), "unknown_key"),
        (text(**{"$ref": "#/x"}), "unknown_key"),
        (text(anyOf=[]), "unknown_key"),
        ({"$ref": "#/properties/a", "x-label": LABEL}, "unknown_kind"),
        ({"type": "object", "x-label": LABEL}, "unknown_kind"),
        ({"type": ["string"], "x-label": LABEL}, "unknown_kind"),
        (text(format="email"), "unknown_kind"),
        (text(format=["date"]), "unknown_kind"),
        (text(**{"x-widget": "script"}), "unknown_kind"),
        ({"type": "string"}, "label_missing"),
        ({"type": "string", "x-label": {"ja": "あ" * 201}}, "too_long"),
        ({"type": "string", "x-label": {"fr": "Titre"}}, "unknown_language"),
        ({"type": "string", "x-label": {"ja": 1}}, "not_text"),
        ({"type": "string", "x-label": {"ja": "\x00"}}, "unreadable"),
        ({"type": "string", "x-label": "題名"}, "not_texts"),
        (text(maxLength=-1), "bad_limit"),
        (text(maxLength=True), "bad_limit"),
        (text(minLength=5, maxLength=4), "limits_crossed"),
        ({"type": "number", "minimum": float("nan"), "x-label": LABEL}, "bad_limit"),
        ({"type": "integer", "minimum": 1.5, "x-label": LABEL}, "bad_limit"),
        (text(enum=[]), "no_options"),
        (text(enum=[1]), "not_text"),
        (text(enum=["a", "a"]), "doubled"),
        (text(enum=[str(number) for number in range(201)]), "too_many_options"),
        (text(enum=["a"], **{"x-labels": {"b": LABEL}}), "wrong_value"),
        ({"type": "array", "items": {"type": "integer"}, "x-label": LABEL}, "wrong_value"),
        ({"type": "array", "items": {"type": "string"}, "x-label": LABEL}, "no_options"),
        ({"type": "array", "x-label": LABEL}, "wrong_value"),
        (text(**{"x-column": "Body (HTML)"}), "wrong_value"),
        (3, "not_an_object"),
    ],
)
def test_property_outside_the_subset_is_refused_by_name(prop: Any, code: str) -> None:
    found = refused(schema({"good": text(), "a": prop}))
    assert code in {each for _path, each in found}
    assert all(path.startswith("properties.a") for path, _code in found)


@pytest.mark.parametrize("name", ["", "Title", "1a", "a-b", "題名", "a" * 64, "__proto__", 5])
def test_bad_field_name_is_refused(name: Any) -> None:
    assert refused(schema({name: text()})) == {("properties", "bad_name")}


def test_too_many_fields_are_refused() -> None:
    assert refused(schema({f"f{number}": text() for number in range(101)})) == {
        ("properties", "too_many_fields")
    }


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"required": ["b"]}, ("required", "unknown_field")),
        ({"required": "a"}, ("required", "wrong_value")),
        ({"required": ["a", "a"]}, ("required", "doubled")),
        ({"x-order": []}, ("x-order", "incomplete_order")),
        ({"additionalProperties": True}, ("additionalProperties", "wrong_value")),
        ({"allOf": []}, ("", "unknown_key")),
    ],
)
def test_top_level_outside_the_subset_is_refused(more: dict[str, Any], expected: tuple[str, str]) -> None:
    assert expected in refused(schema({"a": text()}, **more))


def test_two_fields_cannot_fill_one_column() -> None:
    found = refused(schema({"a": text(**{"x-column": "title"}), "b": text(**{"x-column": "title"})}))
    assert found == {("properties.b.x-column", "column_doubled")}


def test_form_without_such_a_field() -> None:
    assert Form(()).field("a") is None


def _rows(**more: Any) -> dict[str, Any]:
    return SIZES | {"items": SIZES["items"] | more}


@pytest.mark.parametrize(
    ("prop", "expected"),
    [
        (_rows(properties={}, required=[]), ("properties.a.items.properties", "no_columns")),
        (
            _rows(properties={f"c{n}": text() for n in range(21)}, required=[]),
            ("properties.a.items.properties", "too_many_columns"),
        ),
        (
            _rows(properties={"b": SIZES}, required=[]),
            ("properties.a.items.properties.b", "unknown_column_kind"),
        ),
        (
            _rows(properties={"b": PAIRS}, required=[]),
            ("properties.a.items.properties.b", "unknown_column_kind"),
        ),
        (
            _rows(properties={"b": text(**{"x-column": "title"})}, required=[]),
            ("properties.a.items.properties.b", "unknown_key"),
        ),
        (
            _rows(properties={"b": text(**{"x-show-if": {"field": "good", "is": ["x"]}})}, required=[]),
            ("properties.a.items.properties.b", "unknown_key"),
        ),
        (_rows(required=["b"]), ("properties.a.items.required", "unknown_field")),
        (_rows(additionalProperties=True), ("properties.a.items.additionalProperties", "wrong_value")),
        (_rows(minItems=1), ("properties.a.items", "unknown_key")),
        (SIZES | {"maxItems": 51}, ("properties.a.maxItems", "bad_limit")),
        (SIZES | {"minItems": 5}, ("properties.a", "limits_crossed")),
        (SIZES | {"x-column": "title"}, ("properties.a", "unknown_key")),
        (PAIRS | {"x-column": "title"}, ("properties.a", "unknown_key")),
        (PAIRS | {"x-input": "Image Src"}, ("properties.a.x-input", "wrong_value")),
        (
            {key: PAIRS[key] for key in PAIRS if key != "x-input"},
            ("properties.a.x-input", "wrong_value"),
        ),
        (PAIRS | {"minItems": 1}, ("properties.a", "unknown_key")),
        (PAIRS | {"format": "pairs"}, ("properties.a", "unknown_kind")),
    ],
)
def test_rows_and_pairs_outside_the_subset_are_refused_by_name(prop: Any, expected: tuple[str, str]) -> None:
    assert expected in refused(schema({"good": text(), "a": prop}))


def test_rows_of_a_form_are_limited_in_all() -> None:
    many = {f"c{n}": text() for n in range(20)}
    large = _rows(properties=many, required=[], **{"x-order": list(many)}) | {"maxItems": 50}
    assert refused(schema({"a": large, "b": large})) == {("properties", "too_many_cells")}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (None, ("", "bad_condition")),
        ({"field": "colour"}, ("", "bad_condition")),
        ({"field": "colour", "is": ["red"], "not": []}, ("", "bad_condition")),
        ({"field": "colour", "is": []}, (".is", "bad_condition")),
        ({"field": "colour", "is": "red"}, (".is", "bad_condition")),
        ({"field": "later", "is": ["x"]}, (".field", "condition_not_earlier")),
        ({"field": "note", "is": ["x"]}, (".field", "condition_not_earlier")),
        ({"field": ["colour"], "is": ["red"]}, (".field", "condition_not_earlier")),
        ({"field": "photo", "is": ["1"]}, (".field", "condition_wrong_kind")),
        ({"field": "body", "is": ["x"]}, (".field", "condition_wrong_kind")),
        ({"field": "sizes", "is": ["x"]}, (".field", "condition_wrong_kind")),
        ({"field": "colour", "is": ["green"]}, (".is", "condition_value")),
        ({"field": "count", "is": [True]}, (".is", "condition_value")),
        ({"field": "count", "is": ["1"]}, (".is", "condition_value")),
        ({"field": "weight", "is": [float("nan")]}, (".is", "condition_value")),
        ({"field": "since", "is": ["20260401"]}, (".is", "condition_value")),
        ({"field": "title", "is": [" a"]}, (".is", "condition_value")),
        ({"field": "colour", "is": ["red", "red"]}, (".is", "doubled")),
    ],
)
def test_condition_that_makes_no_sense_is_refused(condition: Any, expected: tuple[str, str]) -> None:
    path, code = expected
    found = refused(schema(ALL_KINDS | PARTS | {"note": text(**{"x-show-if": condition}), "later": text()}))
    assert found == {(f"properties.note.x-show-if{path}", code)}


def test_condition_follows_the_order_people_see() -> None:
    properties = {"a": text(**{"x-show-if": {"field": "b", "is": ["x"]}}), "b": text()}
    assert refused(schema(properties)) == {("properties.a.x-show-if.field", "condition_not_earlier")}
    assert form(properties, **{"x-order": ["b", "a"]}).fields[1].show_if is not None
