"""Small forms that the tests of this folder share."""

from typing import Any

from tasks.answers.schema import Form, parse_form

LABEL = {"ja": "項目", "en": "Field"}


def text(**more: Any) -> dict[str, Any]:
    return {"type": "string", "x-label": LABEL, **more}


def schema(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, **more}


def form(properties: dict[str, Any], **more: Any) -> Form:
    return parse_form(schema(properties, **more))


ALL_KINDS: dict[str, Any] = {
    "title": text(minLength=2, maxLength=10),
    "body": text(**{"x-widget": "textarea"}),
    "count": {"type": "integer", "minimum": 1, "maximum": 9, "x-label": LABEL},
    "weight": {"type": "number", "minimum": 0, "x-label": LABEL},
    "colour": text(enum=["red", "blue"], **{"x-labels": {"red": {"ja": "赤", "en": "Red"}}}),
    "uses": {
        "type": "array",
        "uniqueItems": True,
        "items": {"type": "string", "enum": ["gift", "home", "office"]},
        "minItems": 1,
        "maxItems": 2,
        "x-label": LABEL,
    },
    "since": text(format="date"),
    "photo": text(format="x-image"),
}
