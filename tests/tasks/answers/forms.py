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

SIZES: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "size": text(maxLength=5, **{"x-label": {"ja": "サイズ", "en": "Size"}}),
            "width": {"type": "integer", "minimum": 1, "x-label": {"ja": "幅", "en": "Width"}},
            "look": text(format="x-image", **{"x-label": {"ja": "写真", "en": "Photo"}}),
        },
        "required": ["size"],
        "x-order": ["size", "width", "look"],
        "additionalProperties": False,
    },
    "minItems": 1,
    "maxItems": 4,
    "x-label": {"ja": "サイズ表", "en": "Sizes"},
}
PAIRS: dict[str, Any] = {
    "type": "array",
    "format": "x-image-pairs",
    "x-input": "images",
    "x-label": {"ja": "背景を抜いた画像", "en": "Cut-outs"},
}
# The kinds that are made of parts.
PARTS: dict[str, Any] = {"sizes": SIZES, "cutouts": PAIRS}
