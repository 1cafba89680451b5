"""A unit made of pasted JSON, for the preview: what a director types is bent into what a source holds."""

import json
from typing import Any

from django.utils.translation import gettext_lazy as _

from kernel.errors import FieldProblem, Invalid
from tasks.answers.texts import is_storable

MANY = 50


def sample_values(raw: object) -> tuple[str, dict[str, Any]]:
    """Title and values of, say, `{"title": "Mug", "images": ["https://…"], "options": {"Colour": ["red"]}}`.

    Raises `Invalid` for text that is no JSON object; odd parts are left out.
    """
    found: object = {}
    if isinstance(raw, str) and raw.strip():
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError):
            found = None
    if not isinstance(found, dict) or not is_storable(str(raw)):
        text = _('The sample must be a JSON object such as {"title": "Mug"}.')
        raise Invalid("sample_invalid", text, fields=[FieldProblem("sample", "wrong_type", text)])
    values: dict[str, Any] = {
        name: _text(value) for name, value in found.items() if name not in ("images", "options")
    }
    values["images"] = [_image(one) for one in _listed(found.get("images"))]
    options = found.get("options")
    if isinstance(options, dict):
        pairs = [(name, value) for name, given in list(options.items())[:MANY] for value in _listed(given)]
        values["variants"] = [{"options": [[name, _text(value)]]} for name, value in pairs]
    return values.get("title", ""), values


def _listed(value: object) -> list[object]:
    return value[:MANY] if isinstance(value, list) else []


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_text(one) for one in value[:MANY])
    if isinstance(value, bool) or value is None:
        return ""
    return str(value) if isinstance(value, str | int | float) else ""


def _image(value: object) -> dict[str, str]:
    address = value.get("url") if isinstance(value, dict) else value
    return {"url": _text(address), "alt": ""}
