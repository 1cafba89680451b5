from typing import Any

import pytest
from django.utils import translation

from tasks.answers.schema import FieldKind, Form, FormRefused, parse_form
from tests.tasks.answers.forms import ALL_KINDS, LABEL, form, schema, text


def refused(raw: object) -> set[tuple[str, str]]:
    with pytest.raises(FormRefused) as caught:
        parse_form(raw)
    assert caught.value.code == "form_invalid"
    assert all(str(problem.message) for problem in caught.value.fields)
    return {(problem.field, problem.code) for problem in caught.value.fields}


def test_every_kind_is_read() -> None:
    read = form(ALL_KINDS, required=["title"])
    assert [field.kind for field in read.fields] == list(FieldKind)
    assert [field.name for field in read.fields if field.required] == ["title"]


def test_form_survives_its_own_json() -> None:
    read = form(ALL_KINDS, required=["title", "photo"])
    assert parse_form(read.as_json()) == read


def test_order_is_kept_when_the_database_forgets_it() -> None:
    raw = schema({"a": text(), "b": text(), "c": text()}, **{"x-order": ["c", "a", "b"]})
    stored = parse_form(raw).as_json()
    shuffled = stored | {"properties": dict(sorted(stored["properties"].items()))}
    assert [field.name for field in parse_form(shuffled).fields] == ["c", "a", "b"]


def test_columns_name_what_the_answer_fills() -> None:
    read = form({"a": text(**{"x-column": "title"}), "b": text()})
    assert read.columns() == {"a": "title"}


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
