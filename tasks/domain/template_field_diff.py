"""What changed between two answer forms, field by field and in the fields of rows."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from kernel.errors import Text
from tasks.answers.form import kind_of
from tasks.answers.texts import LocalText
from tasks.domain.template_words import (
    FIELD_KINDS,
    LANGUAGES,
    Json,
    by_language,
    from_to,
    joined,
    label_changes,
    label_of,
    local_text,
    short,
)

Found = tuple[Literal["added", "removed", "changed", "moved"], str, Text]


def changes(before: Json, after: Json, path: str = "", of: Any = "") -> Iterator[Found]:
    """What happened, to which field (`rows.inner` for a field of rows), and the sentence about it.

    `of`: the label of the rows that the fields belong to.
    """
    old, new = _fields(before), _fields(after)
    for name, field in new.items():
        place = f"{path}{name}"
        label = label_of(field, name)
        if name not in old:
            kind = FIELD_KINDS.get(_kind(field), "")
            text = format_lazy(_("New field “{name}” ({kind})"), name=label, kind=kind)
            yield "added", place, _within(of, text)
            continue
        for said in [*_field_changes(old[name], field, label), *_condition_changes(old, new, name)]:
            yield "changed", place, _within(of, said)
        yield from changes(_rows(old[name]), _rows(field), f"{place}.", label)
    for name, field in old.items():
        if name not in new:
            text = format_lazy(_("The field “{name}” is gone"), name=label_of(field, name))
            yield "removed", f"{path}{name}", _within(of, text)
    # What merely shifted because others came or went has not moved.
    if [name for name in old if name in new] != [name for name in new if name in old]:
        names = joined([label_of(field, name) for name, field in new.items()])
        text = format_lazy(_("The order of the fields has changed: {names}"), names=names)
        yield "moved", path.rstrip("."), _within(of, text)


def _fields(form: Json) -> dict[str, Json]:
    """The properties in the order in which people see them, each with whether it has to be filled in."""
    properties: Json = form.get("properties") or {}
    order = form.get("x-order") or list(properties)
    required = form.get("required") or []
    return {name: {**properties[name], "required": name in required} for name in order}


def _rows(field: Json) -> Json:
    """The form of one row, nothing for other kinds."""
    items = field.get("items")
    return items if isinstance(items, Mapping) and "properties" in items else {}


def _within(of: Any, text: Text) -> Text:
    return format_lazy(_("In “{name}”: {text}"), name=of, text=text) if of else text


def _kind(field: Json) -> str:
    kind = kind_of({key: value for key, value in field.items() if key != "required"})
    return kind.value if kind else ""


def _field_changes(old: Json, new: Json, name: Any) -> Iterator[Text]:
    yield from label_changes(old.get("x-label"), new.get("x-label"), name)
    kinds = [_kind(field) for field in (old, new)]
    if kinds[0] != kinds[1]:
        words = [FIELD_KINDS.get(kind, kind) for kind in kinds]
        text = _("“{name}”: {before} → {after}")
        yield format_lazy(text, name=name, before=words[0], after=words[1])
    else:
        yield from _option_changes(_options(old), _options(new), name)
    yield from _flag_changes(old, new, name)
    for key, said in _LIMITS.items():
        if old.get(key) != new.get(key):
            yield from_to(said, name, old.get(key), new.get(key))
    yield from _hint_changes(old.get("x-help"), new.get("x-help"), name)


_LIMITS: dict[str, Text] = {
    "minLength": _("“{name}”: at least {before} → {after} characters"),
    "maxLength": _("“{name}”: at most {before} → {after} characters"),
    "minimum": _("“{name}”: smallest number {before} → {after}"),
    "maximum": _("“{name}”: largest number {before} → {after}"),
    "minItems": _("“{name}”: at least {before} → {after} entries"),
    "maxItems": _("“{name}”: at most {before} → {after} entries"),
    "x-column": _("“{name}”: fills the column {before} → {after}"),
    "x-input": _("“{name}”: goes with the pictures in {before} → {after}"),
}
_FLAGS: dict[str, tuple[Text, Text]] = {
    "required": (_("“{name}” must be filled in now"), _("“{name}” may be left empty now")),
    "x-second-person": (
        _("“{name}”: a correction needs a second person now"),
        _("“{name}”: a correction needs no second person any more"),
    ),
}


def _flag_changes(old: Json, new: Json, name: Any) -> Iterator[Text]:
    for key, (on, off) in _FLAGS.items():
        if bool(old.get(key)) != bool(new.get(key)):
            yield format_lazy(on if new.get(key) else off, name=name)


def _hint_changes(old: object, new: object, name: Any) -> Iterator[Text]:
    for language, _before, after in by_language(old, new):
        gone = _("“{name}”: the hint in {language} is gone")
        text = _("“{name}”: the hint in {language} now says “{after}”") if after else gone
        yield format_lazy(text, name=name, language=LANGUAGES[language], after=short(after))


def _condition_changes(old: dict[str, Json], new: dict[str, Json], name: str) -> Iterator[Text]:
    rules = [fields[name].get("x-show-if") for fields in (old, new)]
    if rules[0] != rules[1]:
        before, after = _condition(rules[0], old), _condition(rules[1], new)
        text = _("“{name}”: when it is asked: {before} → {after}")
        yield format_lazy(text, name=label_of(new[name], name), before=before, after=after)


def _condition(rule: object, fields: dict[str, Json]) -> Text:
    if not isinstance(rule, Mapping):
        return _("always")
    name, values = str(rule.get("field", "")), rule.get("is")
    shown = joined([str(value) for value in values]) if isinstance(values, list) else ""
    return format_lazy(
        _("if “{field}” is {values}"), field=label_of(fields.get(name, {}), name), values=shown
    )


def _option_changes(old: dict[str, LocalText], new: dict[str, LocalText], name: Any) -> Iterator[Text]:
    came = [label for value, label in new.items() if value not in old]
    went = [label for value, label in old.items() if value not in new]
    if came:
        yield format_lazy(_("“{name}”: new choices {values}"), name=name, values=joined(came))
    if went:
        yield format_lazy(_("“{name}”: choices taken out {values}"), name=name, values=joined(went))
    for value, label in new.items():
        if value in old:
            yield from label_changes(
                old[value].as_json(), label.as_json(), format_lazy("{}: {}", name, value)
            )
    if not came and not went and list(old) != list(new):
        yield format_lazy(_("“{name}”: the choices stand in another order"), name=name)


def _options(field: Json) -> dict[str, LocalText]:
    items = field.get("items")
    values = field.get("enum") or (items.get("enum") if isinstance(items, Mapping) else None) or []
    labels = field.get("x-labels") or {}
    return {value: local_text(labels.get(value)) or LocalText(value, value) for value in values}
