"""What changed between two versions of a template, in words a worker or director understands at once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from kernel.errors import Text
from tasks.domain import template_field_diff
from tasks.domain.check_words import asked_for, called
from tasks.domain.template_lines import Passage, compare
from tasks.domain.template_words import (
    CHECK_KINDS,
    DEFAULTS,
    INPUT_KINDS,
    Json,
    from_to,
    joined,
    label_changes,
    label_of,
)
from tasks.models import TemplateVersion

Section = Literal["form", "inputs", "checks", "checklist", "defaults"]
Kind = Literal["added", "removed", "changed", "moved"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed. `place` is the name or id of the part, `text` is for people (lazy)."""

    section: Section
    kind: Kind
    place: str
    text: Text


@dataclass(frozen=True, slots=True)
class Differences:
    """Passages of the manual by language, and everything else as sentences in the order of the form."""

    manual: dict[str, list[Passage]]
    changes: list[Change]

    def __bool__(self) -> bool:
        return bool(self.changes or any(self.manual.values()))


def differences(before: TemplateVersion, after: TemplateVersion) -> Differences:
    """What `after` says differently. Both may also be unsaved rows, for example made of a draft."""
    manual = {
        "ja": compare(before.manual_ja, after.manual_ja),
        "en": compare(before.manual_en, after.manual_en),
    }
    changes = [
        *(Change("form", *found) for found in template_field_diff.changes(before.form, after.form)),
        *_of_list("inputs", "name", before.inputs, after.inputs),
        *_of_list("checks", "id", _named(before), _named(after)),
        *_of_list("checklist", "id", before.checklist, after.checklist),
        *_of_defaults(before.defaults, after.defaults),
    ]
    return Differences(manual, changes)


_ADDED: dict[str, Text] = {
    "inputs": _("Newly shown: “{name}” ({kind})"),
    "checks": _("New check “{name}”: {asked}"),
    "checklist": _("New on the checklist: “{name}”"),
}
_REMOVED: dict[str, Text] = {
    "inputs": _("No longer shown: “{name}”"),
    "checks": _("The check “{name}” is gone"),
    "checklist": _("No longer on the checklist: “{name}”"),
}
_MOVED: dict[str, Text] = {
    "inputs": _("The order of what is shown has changed: {names}"),
    "checks": _("The order of the checks has changed: {names}"),
    "checklist": _("The order of the checklist has changed: {names}"),
}


def _of_list(section: Section, key: str, before: Sequence[Json], after: Sequence[Json]) -> Iterator[Change]:
    old, new = {one[key]: one for one in before}, {one[key]: one for one in after}
    for name, entry in new.items():
        if name not in old:
            yield Change(section, "added", name, _part(section, _ADDED[section], entry, name))
        else:
            said = _ENTRY_CHANGES[section](old[name], entry, label_of(entry, name))
            yield from (Change(section, "changed", name, text) for text in said)
    for name, entry in old.items():
        if name not in new:
            yield Change(section, "removed", name, _part(section, _REMOVED[section], entry, name))
    # What merely shifted because others came or went has not moved.
    if [name for name in old if name in new] != [name for name in new if name in old]:
        names = joined([label_of(new[name], name) for name in new])
        yield Change(section, "moved", "", format_lazy(_MOVED[section], names=names))


def _part(section: Section, text: Text, entry: Json, name: str) -> Text:
    if section == "checks":
        return format_lazy(text, name=label_of(entry, name), asked=asked_for(entry))
    kind = str(entry.get("kind", ""))
    return format_lazy(text, name=label_of(entry, name), kind=INPUT_KINDS.get(kind, kind))


def _named(version: TemplateVersion) -> list[Json]:
    """The checks, those without a label under the name of their field: an id says nothing to people."""
    return [{**one, "x-label": called(one, version.form).as_json()} for one in version.checks]


def _item_changes(old: Json, new: Json, name: Any) -> Iterator[Text]:
    yield from label_changes(old.get("label"), new.get("label"), name)


def _input_changes(old: Json, new: Json, name: Any) -> Iterator[Text]:
    yield from _item_changes(old, new, name)
    if old["kind"] != new["kind"]:
        words = [INPUT_KINDS.get(one["kind"], one["kind"]) for one in (old, new)]
        text = _("“{name}” is shown as: {before} → {after}")
        yield format_lazy(text, name=name, before=words[0], after=words[1])


_CHECK_VALUES: dict[str, Text] = {
    "field": _("Check “{name}”: looks at the field {before} → {after}"),
    "min": _("Check “{name}”: at least {before} → {after}"),
    "max": _("Check “{name}”: at most {before} → {after}"),
    "pattern": _("Check “{name}”: pattern {before} → {after}"),
}


def _check_changes(old: Json, new: Json, name: Any) -> Iterator[Text]:
    yield from _item_changes(old, new, name)
    if old["kind"] != new["kind"]:
        words = [CHECK_KINDS.get(one["kind"], one["kind"]) for one in (old, new)]
        text = _("Check “{name}”: {before} → {after}")
        yield format_lazy(text, name=name, before=words[0], after=words[1])
    for key, limit in _CHECK_VALUES.items():
        if old.get(key) != new.get(key):
            yield from_to(limit, name, old.get(key), new.get(key))
    for key in ("words", "values"):
        yield from _word_changes(old.get(key) or [], new.get(key) or [], name)
    if old.get("blocking", True) != new.get("blocking", True):
        strict = new.get("blocking", True)
        said = _("Check “{name}” now stops a submission") if strict else _("Check “{name}” now only warns")
        yield format_lazy(said, name=name)
    if _use_of_pattern(old) != _use_of_pattern(new):
        yield format_lazy(_("Check “{name}”: the pattern is applied differently"), name=name)


def _word_changes(old: list[str], new: list[str], name: Any) -> Iterator[Text]:
    came, went = [word for word in new if word not in old], [word for word in old if word not in new]
    if came:
        yield format_lazy(_("Check “{name}”: added {values}"), name=name, values=joined(came))
    if went:
        yield format_lazy(_("Check “{name}”: taken out {values}"), name=name, values=joined(went))


def _use_of_pattern(check: Json) -> tuple[str, bool]:
    return check.get("mode", "full"), check.get("negate", False)


_ENTRY_CHANGES: dict[str, Callable[[Json, Json, Any], Iterator[Text]]] = {
    "inputs": _input_changes,
    "checks": _check_changes,
    "checklist": _item_changes,
}


def _of_defaults(before: Json, after: Json) -> Iterator[Change]:
    for key, name in DEFAULTS.items():
        if before.get(key) != after.get(key):
            text = from_to(_("{name}: {before} → {after}"), name, before.get(key), after.get(key))
            yield Change("defaults", "changed", key, text)
