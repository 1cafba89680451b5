import json
import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from frontend.answerform.render import render_form
from kernel.errors import FieldProblem
from tasks.answers.checks import parse_checks
from tasks.answers.validate import validate_answer
from tests.tasks.answers.forms import ALL_KINDS, form, text

FORM = form(ALL_KINDS, required=["title"])
NO_MARKS = {"pattern": "[<>\"']", "mode": "search", "negate": True}
CHECKS = parse_checks(
    [
        {"id": "a", "kind": "length", "field": "body", "min": 2, "max": 160},
        {"id": "b", "kind": "bytes_cp932", "field": "body", "max": 300},
        {
            "id": "c",
            "kind": "regex",
            "field": "title",
            "pattern": "[<>\"']",
            "mode": "search",
            "negate": True,
        },
        {"id": "d", "kind": "regex", "field": "title", "pattern": r"\s+", "mode": "search"},
        {"id": "e", "kind": "required", "field": "since"},
    ],
    FORM,
)
EVIL = "\"><script>alert('x')</script>&amp;"


class _Page(HTMLParser):
    """The elements of a piece of HTML, each as its tag and attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def control(self, name: str) -> dict[str, str | None]:
        controls = ("input", "textarea", "select")
        return next(attrs for tag, attrs in self.elements if tag in controls and attrs.get("name") == name)


def draw(values: dict[str, Any] | None = None, errors: Any = (), mode: Any = "edit", **more: Any) -> str:
    return str(render_form(FORM, CHECKS, values=values or {}, errors=errors, mode=mode, **more))


def test_every_field_has_a_named_control_and_a_label() -> None:
    html = draw()
    page = _Page(html)
    ids = {attrs.get("id") for _tag, attrs in page.elements}
    labelled = {attrs["for"] for tag, attrs in page.elements if tag == "label"}
    assert labelled <= ids
    for name in ALL_KINDS:
        assert page.control(f"answer-{name}")
    assert html.count("<legend") == 1


def test_descriptions_point_at_something() -> None:
    page = _Page(draw(errors={"title": ["wrong"], "uses": ["wrong"], "photo": ["wrong"]}))
    ids = {attrs.get("id") for _tag, attrs in page.elements}
    for _tag, attrs in page.elements:
        for target in (attrs.get("aria-describedby") or "").split():
            assert target in ids


def test_ids_are_unique() -> None:
    ids = [attrs["id"] for _tag, attrs in _Page(draw(errors={"title": ["wrong"]})).elements if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_required_is_said_in_words_and_never_stops_a_draft() -> None:
    with translation.override("ja"):
        html = draw()
    assert html.count("（必須）") == 2
    assert html.count("（任意）") == len(ALL_KINDS) - 2
    page = _Page(html)
    assert page.control("answer-title")["aria-required"] == "true"
    assert all("required" not in attrs and "maxlength" not in attrs for _tag, attrs in page.elements)


def test_counters_get_their_limits() -> None:
    body = _Page(draw()).control("answer-body")
    assert (body["data-max-chars"], body["data-cp932-max"]) == ("160", "300")
    assert _Page(draw()).control("answer-title")["data-max-chars"] == "10"


def test_keyboards_and_autocomplete() -> None:
    page = _Page(draw())
    assert page.control("answer-count")["inputmode"] == "numeric"
    assert page.control("answer-weight")["inputmode"] == "decimal"
    assert page.control("answer-title")["autocomplete"] == "off"


def test_browser_gets_only_patterns_it_reads_alike() -> None:
    checks = json.loads(_Page(draw()).control("answer-title")["data-answer-checks"] or "")
    assert [check.get("pattern") for check in checks] == [None, None, "[<>\"']"]
    assert checks[0]["kind"] == "required"


def test_values_come_back_also_when_they_cannot_be_read() -> None:
    page = _Page(
        draw({"title": "あ", "count": "三個", "since": "明日", "uses": ["gift", "odd"], "colour": "mauve"})
    )
    assert page.control("answer-count")["value"] == "三個"
    assert page.control("answer-since") | {"type": "text", "value": "明日"} == page.control("answer-since")
    checked = {attrs["value"] for _tag, attrs in page.elements if "checked" in attrs}
    assert checked == {"gift", "odd"}
    assert {attrs["value"] for _tag, attrs in page.elements if "selected" in attrs} == {"mauve"}


def test_good_date_gets_a_date_control() -> None:
    assert _Page(draw({"since": "2026-04-01"})).control("answer-since")["type"] == "date"
    assert _Page(draw()).control("answer-since")["type"] == "date"


def test_first_line_break_of_a_text_is_kept() -> None:
    assert ">\n\nあ</textarea>" in draw({"body": "\nあ"})


def test_errors_stand_at_their_field_and_the_others_on_top() -> None:
    problems = validate_answer(FORM, {"price": 1}, upload_exists=lambda upload: False)
    with translation.override("ja"):
        html = draw(errors=problems)
    assert 'id="answer-title-error"' in html
    assert _Page(html).control("answer-title")["aria-invalid"] == "true"
    assert html.index('role="alert"') < html.index("answer-title")
    assert "このフォームに「price」という項目はありません。" in html


@pytest.mark.parametrize("mode", ["edit", "readonly", "preview"])
def test_nothing_typed_becomes_html(mode: str) -> None:
    values = dict.fromkeys(ALL_KINDS, EVIL) | {"uses": [EVIL]}
    problems = [FieldProblem("title", "x", EVIL), FieldProblem("", "x", EVIL)]
    html = draw(values, problems, mode, image_url=lambda upload: f"/media/{upload}")
    assert "<script" not in html
    assert EVIL in unescape(html)


def test_labels_are_text_too() -> None:
    nasty = form({"a": text(**{"x-label": {"ja": "<b>太字</b>"}, "x-help": {"ja": "<script>"}})})
    html = render_form(nasty, [], values={}, errors=[], mode="edit")
    assert "<b>" not in html
    assert "<script>" not in html


def test_preview_is_the_form_switched_off() -> None:
    edit, preview = _Page(draw()), _Page(draw(mode="preview"))
    assert [tag for tag, _attrs in edit.elements] == [tag for tag, _attrs in preview.elements]
    assert "disabled" in preview.control("answer-title")
    assert not any("disabled" in attrs for _tag, attrs in edit.elements)


def test_readonly_shows_words_not_controls() -> None:
    with translation.override("ja"):
        html = draw({"colour": "red", "uses": ["gift", "home"], "photo": "7"}, mode="readonly", image_url=str)
    assert "赤" in html
    assert "gift、home" in html
    assert "未入力" in html
    assert '<img class="answer-image img-thumbnail" src="7"' in html
    assert not re.search(r"<(input|textarea|select|label)\b", html)


def test_language_is_the_readers() -> None:
    with translation.override("en"):
        assert "(required)" in draw()
        assert "2 to 160 characters are needed." in unescape(draw())


def test_no_script_or_style_is_inline() -> None:
    html = draw({"title": "a"}, {"title": ["b"]})
    assert "<script" not in html
    assert not re.search(r"\s(on\w+|style)=", html)


def test_unknown_mode_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="print"):
        draw(mode="print")


_odd = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.lists(st.text())
)


@given(
    st.dictionaries(st.sampled_from(sorted(ALL_KINDS)), _odd),
    st.sampled_from(["edit", "readonly", "preview"]),
)
def test_odd_values_never_raise(values: dict[str, Any], mode: str) -> None:
    assert draw(values, mode=mode, image_url=lambda upload: "/media/x")
