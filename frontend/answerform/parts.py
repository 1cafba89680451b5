"""Draws fields that depend on others, repeated rows, and pairs of pictures."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from frontend.answerform.controls import Control, Drawing, Pair, Row, control_of, is_narrow
from frontend.answerform.post import input_name, part_name
from frontend.work.inputs import picture
from tasks.answers.form import MAX_ROWS, Field, FieldKind, Form, ShowIf
from tasks.answers.pictures import sources_of

# Rows that a page without JavaScript shows beyond the filled ones; saving the draft brings as many again.
BLANK_ROWS = 3
# In names inside the template of a new row, where its number will stand.
PLACEHOLDER = "new"


def field_control(one: Field, drawing: Drawing) -> Control:
    """The control of a field of the form, with its condition and its parts."""
    value = drawing.values.get(one.name)
    more: dict[str, Any] = {"errors": drawing.errors.get(one.name, ())}
    if one.show_if is not None:
        more |= {
            "when": _when(drawing.form, one.show_if),
            "show_if": _script_condition(drawing.form, one.show_if),
            "asked": one.name not in drawing.hidden,
        }
    if one.kind is FieldKind.ROWS:
        more |= _rows(one, drawing, value)
    if one.kind is FieldKind.IMAGE_PAIRS:
        more |= {"pairs": list(_pairs(one, drawing, value)), "has_unit": drawing.unit_values is not None}
    return control_of(one, drawing, name=input_name(one.name), path=one.name, value=value, **more)


def _when(form: Form, rule: ShowIf) -> str:
    controller = form.field(rule.field)
    if controller is None:
        return ""
    # Translators: what stands between the last two of several values, and between all of them.
    values = _(" or ").join(_("“{value}”").format(value=_word(controller, value)) for value in rule.values)
    return _("Asked only when “{field}” is {values}").format(field=controller.label, values=values)


def _word(controller: Field, value: object) -> str:
    return controller.option_label(value) if isinstance(value, str) else str(value)


def _script_condition(form: Form, rule: ShowIf) -> str:
    controller = form.field(rule.field)
    kind = controller.kind.value if controller is not None else ""
    return json.dumps({"name": input_name(rule.field), "kind": kind, "is": list(rule.values)})


def _rows(one: Field, drawing: Drawing, value: object) -> dict[str, Any]:
    given = [row if isinstance(row, Mapping) else {} for row in value] if isinstance(value, list) else []
    editable = drawing.mode != "readonly"
    most = MAX_ROWS if one.max_items is None else one.max_items
    if editable:
        given += [{}] * (max(one.min_items or 0, 1) - len(given))
    rows = [_row(one, drawing, index, row) for index, row in enumerate(given)]
    extra = range(len(rows), max(min(len(rows) + BLANK_ROWS, most), len(rows)))
    at_cells = {f"{one.name}.{index}.{c.name}" for index in range(len(rows)) for c in one.fields}
    inside = (path for path in drawing.errors if path.startswith(f"{one.name}.") and path not in at_cells)
    lost = [text for path in inside for text in drawing.errors[path]]
    return {
        "rows": rows,
        "blank_rows": [_row(one, drawing, index, {}) for index in extra] if editable else [],
        "blank": _row(one, drawing, PLACEHOLDER, {}) if editable else None,
        "most_rows": most,
        "is_table": len(one.fields) <= 5 and all(map(is_narrow, one.fields)),
        "errors": [*drawing.errors.get(one.name, ()), *lost],
    }


def _row(one: Field, drawing: Drawing, index: int | str, row: Mapping[str, Any]) -> Row:
    cells = [
        control_of(
            column,
            drawing,
            name=part_name(one.name, index, column.name),
            path=f"{one.name}.{column.name}",
            value=row.get(column.name),
            errors=drawing.errors.get(f"{one.name}.{index}.{column.name}", ()),
        )
        for column in one.fields
    ]
    return Row(index + 1 if isinstance(index, int) else "", cells)


def _pairs(one: Field, drawing: Drawing, value: object) -> Iterator[Pair]:
    """The unit's pictures, then those that only the answer knows, so that nothing is lost unseen."""
    afters: dict[str, str] = {}
    for pair in value if isinstance(value, list) else []:
        if isinstance(pair, Mapping):
            afters.setdefault(str(pair.get("before", "")), str(pair.get("after", "")))
    sources = sources_of(one, drawing.unit_values) if drawing.unit_values is not None else []
    alts = _alts(drawing.unit_values, one.input)
    for number, before in enumerate(dict.fromkeys([*sources, *afters]), 1):
        after = afters.get(before, "")
        if drawing.mode == "readonly" and not after:
            continue
        yield Pair(
            number=number,
            id=part_name(one.name, number - 1, "after"),
            before=before,
            before_name=part_name(one.name, number - 1, "before"),
            picture=picture(before, alts.get(before, "")),
            after=after,
            after_name=part_name(one.name, number - 1, "after"),
            after_url=drawing.image_url(after) if drawing.image_url is not None and after else "",
        )


def _alts(unit_values: Mapping[str, Any] | None, name: str) -> dict[str, str]:
    entries = (unit_values or {}).get(name)
    found = [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    return {str(entry.get("url")): str(entry.get("alt") or "") for entry in found}
