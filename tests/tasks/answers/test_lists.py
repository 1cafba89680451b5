from typing import Any

import pytest
from django.utils import translation

from tasks.answers.lists import ChecklistRefused, InputsRefused, parse_checklist, parse_inputs
from tests.tasks.answers.forms import LABEL


def test_inputs_are_read_in_order() -> None:
    raw = [
        {"name": "title", "kind": "text", "label": LABEL},
        {"name": "images", "kind": "images", "label": LABEL},
    ]
    assert [(entry.name, entry.kind) for entry in parse_inputs(raw)] == [
        ("title", "text"),
        ("images", "images"),
    ]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("title", "unknown_key"),
        ({"name": "title", "kind": "text"}, "unknown_key"),
        ({"name": "title", "kind": "text", "label": LABEL, "x": 1}, "unknown_key"),
        ({"name": "Title", "kind": "text", "label": LABEL}, "bad_name"),
        ({"name": "a", "kind": "text", "label": LABEL}, "doubled"),
        ({"name": "title", "kind": "video", "label": LABEL}, "unknown_kind"),
        ({"name": "title", "kind": ["text"], "label": LABEL}, "unknown_kind"),
        ({"name": "title", "kind": "text", "label": {}}, "bad_label"),
        ({"name": "title", "kind": "text", "label": {"ja": "あ" * 201}}, "bad_label"),
    ],
)
def test_bad_input_is_named_by_its_place(entry: Any, code: str) -> None:
    with pytest.raises(InputsRefused) as caught:
        parse_inputs([{"name": "a", "kind": "text", "label": LABEL}, entry])
    assert [(problem.field, problem.code) for problem in caught.value.fields] == [("2", code)]


def test_checklist_is_read() -> None:
    items = parse_checklist([{"id": "facts", "label": {"ja": "事実だけ", "en": "Facts only"}}])
    with translation.override("en"):
        assert [(item.id, str(item.label)) for item in items] == [("facts", "Facts only")]


@pytest.mark.parametrize("raw", [None, {}, [{"id": "x y", "label": LABEL}], [{"id": "a"}], [1] * 101])
def test_bad_checklist_is_refused(raw: Any) -> None:
    with pytest.raises(ChecklistRefused):
        parse_checklist(raw)
