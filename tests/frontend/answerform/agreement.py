"""Forms with answers, made from a seed: good, wrong and odd ones, and what a browser would type for them.

`typed` are the texts of the controls as `work.js` reads them: control → text, or list of texts for choices.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from frontend.answerform.post import input_name, part_name
from tasks.answers.checks import Check, parse_checks
from tasks.answers.form import Field, FieldKind, Form
from tasks.answers.schema import parse_form

TEXTS = (
    "", " ", "　", "\ufeff", "\x85", "a", "abc", "マグ", "か\u3099き", "日本語です", "x" * 12, "𠮷野家", "12",
    " yes ", "yes", "no.10", "a\tb", "a\x0bb", "①㈱", "👩‍👩‍👧", "a\u2028b", "<b>", "&amp;", '"',
    "é", "e\u0301",
)  # fmt: skip
LINES = (*TEXTS, "a\nb", "\n", "\n\nb", "一行目\n二行目\n", "a\n b")
NUMBERS = (
    "", "0", "1", "2", "3", "7", "-1", "１２", "1,234", "1,23", "−5", "ー3", " 4 ", "007", "+3", "1.5", ".5",
    "5.", "1e3", "x", "3個", "999999999999999", "9999999999999999", "99999999999999999", "-9999999999999999",
    "0.1", "2.0", "Infinity", "0x10",
)  # fmt: skip
DATES = ("", "2026-04-01", "2026-02-28", "2000-02-29", "0001-01-01")
# A date control takes no other text; these stand in a text control, as the server shows what is no date.
ODD_DATES = (
    "明日", "2026-02-30", "2026/4/1", "２０２６年４月１日", "2026-4", "1900-02-29", "0000-01-01",
    "9999.12.31",
)  # fmt: skip
OPTIONS = ("a", "b", "赤", "x y", "9")
PATTERNS = ("[0-9]+", "[a-z]{2,}", ".+", "[ぁ-ん]+", "^a", "b$", r"\d\d", "(a|b)*", r"\w+", r"[^<>]*")
WORDS = ("a", "AB", "bc", "ﾏｸﾞ", "本語", "no.1", "ES", "（株）", "1", "が")
PICTURES = [{"url": f"/media/{name}.jpg", "alt": ""} for name in "abc"]
UPLOADS = ("7", "8")
PLAIN = tuple(kind for kind in FieldKind if kind not in (FieldKind.ROWS, FieldKind.IMAGE_PAIRS))


@dataclass(frozen=True)
class Case:
    """One form of a page with one answer typed into it."""

    number: int
    form: Form
    checks: list[Check]
    typed: dict[str, str | list[str]]
    unit: dict[str, Any]


def cases(count: int, seed: int = 20261123) -> list[Case]:
    return [_case(number, random.Random(f"{seed}-{number}")) for number in range(count)]


def _case(number: int, dice: random.Random) -> Case:
    names = [f"f{number}_{index}" for index in range(dice.randint(1, 6))]
    properties: dict[str, Any] = {}
    for name in names:
        prop = _property(dice, dice.choice([*FieldKind, *PLAIN]))
        condition = _condition(dice, properties)
        properties[name] = prop | ({"x-show-if": condition} if condition and dice.random() < 0.6 else {})
    required = [name for name in names if dice.random() < 0.5]
    form = parse_form({"type": "object", "properties": properties, "required": required, "x-order": names})
    unit = {"pictures": PICTURES[: dice.randint(0, 3)]}
    typed: dict[str, str | list[str]] = {}
    for field in form.fields:
        typed |= _typed(dice, field, unit)
    return Case(number, form, parse_checks(_checks(dice, form), form), typed, unit)


def _label(dice: random.Random) -> dict[str, str]:
    return {
        "ja": dice.choice(["題名", "色", "「特記」"]),
        "en": dice.choice(["Title", "A <b> & c", "Colour"]),
    }


def _property(dice: random.Random, kind: FieldKind) -> dict[str, Any]:
    prop: dict[str, Any] = {"x-label": _label(dice)}
    if dice.random() < 0.3:
        prop["x-help"] = _label(dice)
    shapes: dict[FieldKind, Callable[[random.Random], dict[str, Any]]] = {
        FieldKind.TEXT: lambda dice: {"type": "string", **_lengths(dice)},
        FieldKind.LONG_TEXT: lambda dice: {"type": "string", "x-widget": "textarea", **_lengths(dice)},
        FieldKind.INTEGER: lambda dice: {"type": "integer", **_numbers(dice)},
        FieldKind.NUMBER: lambda dice: {"type": "number", **_numbers(dice)},
        FieldKind.CHOICE: lambda dice: {"type": "string", "enum": _options(dice)},
        FieldKind.CHOICES: lambda dice: {"type": "array", "items": _enum(dice), **_items(dice, (0, 1, 2, 3))},
        FieldKind.DATE: lambda dice: {"type": "string", "format": "date"},
        FieldKind.IMAGE: lambda dice: {"type": "string", "format": "x-image"},
        FieldKind.ROWS: lambda dice: {"type": "array", "items": _columns(dice), **_items(dice, (1, 2, 3))},
        FieldKind.IMAGE_PAIRS: lambda dice: {
            "type": "array", "format": "x-image-pairs", "x-input": "pictures",
        },
    }  # fmt: skip
    return prop | shapes[kind](dice)


def _lengths(dice: random.Random) -> dict[str, int]:
    return _limits(dice, "Length", (0, 1, 3, 5, 12))


def _numbers(dice: random.Random) -> dict[str, int]:
    return _limits(dice, "imum", (-5, 0, 1, 3, 1234))


def _items(dice: random.Random, values: tuple[int, ...]) -> dict[str, int]:
    return _limits(dice, "Items", values)


def _enum(dice: random.Random) -> dict[str, Any]:
    return {"type": "string", "enum": _options(dice)}


def _limits(dice: random.Random, name: str, values: tuple[int, ...]) -> dict[str, int]:
    low, high = sorted(dice.sample(values, 2))
    found = {f"min{name}": low, f"max{name}": high}
    return {key: value for key, value in found.items() if dice.random() < 0.5}


def _options(dice: random.Random) -> list[str]:
    return dice.sample(OPTIONS, dice.randint(1, len(OPTIONS)))


def _columns(dice: random.Random) -> dict[str, Any]:
    names = [f"c{index}" for index in range(dice.randint(1, 3))]
    return {
        "type": "object",
        "properties": {name: _property(dice, dice.choice(PLAIN)) for name in names},
        "required": [name for name in names if dice.random() < 0.5],
        "x-order": names,
        "additionalProperties": False,
    }


def _condition(dice: random.Random, earlier: dict[str, Any]) -> dict[str, Any] | None:
    names = list(earlier)
    dice.shuffle(names)
    for name in names:
        prop = earlier[name]
        options = prop.get("enum") or (prop.get("items") or {}).get("enum")
        if options:
            return {"field": name, "is": dice.sample(options, dice.randint(1, len(options)))}
        if prop["type"] in ("integer", "number"):
            return {"field": name, "is": dice.sample([0, 1, 3, -5, 12, 1234], 3)}
        if prop.get("format") == "date":
            return {"field": name, "is": ["2026-04-01", "2000-02-29"]}
        if prop["type"] == "string" and not {"format", "x-widget"} & set(prop):
            return {"field": name, "is": dice.sample(["a", "abc", "マグ", "yes", "12"], 2)}
    return None


def _checks(dice: random.Random, form: Form) -> list[dict[str, Any]]:
    texts = (FieldKind.TEXT, FieldKind.LONG_TEXT)
    paths = [(field.name, field) for field in form.fields]
    paths += [(f"{field.name}.{column.name}", column) for field in form.fields for column in field.fields]
    found: list[dict[str, Any]] = []
    for path, field in paths:
        common = {"id": f"k{len(found)}", "field": path, "blocking": dice.random() < 0.7}
        if dice.random() < 0.15 and field.kind is not FieldKind.IMAGE_PAIRS:
            found.append(common | {"kind": "required"})
        elif dice.random() < 0.3 and field.kind in texts:
            found.append(common | {"kind": "length", **(_limits(dice, "", (0, 1, 3, 12)) or {"max": 4})})
        elif dice.random() < 0.15 and field.kind in texts:
            found.append(common | {"kind": "bytes_cp932", **dice.choice([{}, {"max": 4}, {"max": 12}])})
        elif dice.random() < 0.3 and field.kind in texts:
            regex = {"pattern": dice.choice(PATTERNS), "mode": dice.choice(["full", "search"])}
            found.append(common | {"kind": "regex", "negate": dice.random() < 0.3, **regex})
        elif dice.random() < 0.2 and field.kind in texts:
            found.append(common | {"kind": "banned", "words": dice.sample(WORDS, 3)})
        elif dice.random() < 0.1 and field.kind in texts:
            found.append(common | {"kind": "allowed", "values": ["yes", "abc", "日本語です"]})
    return found[:15]


def _typed(dice: random.Random, field: Field, unit: dict[str, Any]) -> dict[str, str | list[str]]:
    typed: dict[str, str | list[str]] = {}
    if field.kind is FieldKind.ROWS:
        for number in range(dice.randint(0, min(field.max_items or 4, 4))):
            blank = dice.random() < 0.2
            for column in field.fields:
                value = _nothing(column) if blank else _value(dice, column)
                typed[part_name(field.name, number, column.name)] = value
    elif field.kind is FieldKind.IMAGE_PAIRS:
        for number, picture in enumerate(unit["pictures"]):
            typed[part_name(field.name, number, "before")] = picture["url"]
            typed[part_name(field.name, number, "after")] = dice.choice(["", *UPLOADS])
    else:
        typed[input_name(field.name)] = _value(dice, field)
    return typed


def _nothing(field: Field) -> str | list[str]:
    return [] if field.kind is FieldKind.CHOICES else ""


def _value(dice: random.Random, field: Field) -> str | list[str]:
    options = [option.value for option in field.options]
    match field.kind:
        case FieldKind.LONG_TEXT:
            return dice.choice(LINES)
        case FieldKind.INTEGER | FieldKind.NUMBER:
            return dice.choice(NUMBERS)
        case FieldKind.CHOICE:
            return dice.choice(["", *options, *options, "gone"])
        case FieldKind.CHOICES:
            return [
                value for value in [*options, "gone"] if dice.random() < (0.1 if value == "gone" else 0.5)
            ]
        case FieldKind.DATE:
            return dice.choice(DATES if dice.random() < 0.6 else ODD_DATES)
        case FieldKind.IMAGE:
            return dice.choice(["", *UPLOADS])
    return dice.choice(TEXTS)
