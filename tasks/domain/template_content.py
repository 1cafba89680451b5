"""The content of a template: what a version holds, with the titles. Its shape, and what is wrong with it.

A draft may hold anything that can be stored; `problems_of` judges it as the parsers of forms, checks and
lists do, and names each place as the editor does: `form.<field>`, `form.<rows>.<field>`, `checks.<id>`,
`inputs.<number>`, `checklist.<number>`, `defaults.<name>`, `title`, `manual_ja`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from kernel.errors import FieldProblem, Invalid
from tasks.answers.checks import parse_checks
from tasks.answers.lists import parse_checklist, parse_inputs
from tasks.answers.manual import MAX_MANUAL
from tasks.answers.schema import parse_form
from tasks.answers.texts import is_storable, shown_name
from tasks.domain.templates import CONTENT
from tasks.models import Template, TemplateVersion

Content = dict[str, Any]

TEXTS = {
    "title_ja": 200,
    "title_en": 200,
    "summary_ja": 2_000,
    "summary_en": 2_000,
    "manual_ja": MAX_MANUAL,
    "manual_en": MAX_MANUAL,
}
LISTS = ("inputs", "checks", "checklist")
OBJECTS = ("form", "defaults")
KEYS = (*TEXTS, *LISTS, *OBJECTS)
# A draft may be longer than a version: what is too long is told, not thrown away.
DRAFT_TEXT_MAX = 4 * MAX_MANUAL
DEPTH_MAX = 12
NODES_MAX = 50_000
# Lowest and highest whole number of each default.
DEFAULTS: dict[str, tuple[int, int]] = {
    "reward": (0, 1_000_000),
    "lease_minutes": (1, 43_200),
    "typical_minutes": (1, 43_200),
    "answers_per_task": (1, 5),
    "per_worker_cap": (1, 1_000_000),
    "auto_approve_days": (1, 60),
}
_FORM_PLACE = re.compile(r"properties\.([a-z0-9_]+)(?:\.items\.properties\.([a-z0-9_]+))?")


def empty_content(title: str) -> Content:
    """A new template: one field, so that there is something to begin with."""
    answer = {"type": "string", "x-label": {"ja": "回答", "en": "Answer"}}
    form = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"answer": answer},
        "required": ["answer"],
        "x-order": ["answer"],
    }
    found: Content = dict.fromkeys(TEXTS, "")
    found |= {name: [] for name in LISTS}
    return found | {"title_ja": title, "title_en": title, "form": form, "defaults": {}}


def content_of(template: Template, version: TemplateVersion) -> Content:
    """A version as the content of a draft."""
    titles = {name: getattr(template, name) for name in TEXTS if not name.startswith("manual")}
    return titles | {name: getattr(version, name) for name in CONTENT}


def as_version(template: Template, content: Content) -> TemplateVersion:
    """A draft as a version that is not stored, to be shown or compared."""
    return TemplateVersion(template=template, **{name: content[name] for name in CONTENT})


def storable(raw: object) -> Content:
    """The content as a draft stores it. Raises `Invalid` (`template_invalid`) for what is none."""
    problems = list(_shape(raw))
    if problems or not isinstance(raw, Mapping):
        raise refused(problems)
    return dict(raw)


def refused(problems: list[FieldProblem]) -> Invalid:
    return Invalid("template_invalid", _("The template could not be saved."), fields=problems)


def _shape(raw: object) -> Iterator[FieldProblem]:
    if not isinstance(raw, Mapping):
        yield FieldProblem("", "wrong_type", _("The template must be a JSON object."))
        return
    for key in raw:
        if key not in KEYS:
            name = shown_name(key)
            yield FieldProblem(
                name, "unknown_field", _("“%(name)s” is no part of a template.") % {"name": name}
            )
    kinds: tuple[tuple[tuple[str, ...], type], ...] = ((tuple(TEXTS), str), (LISTS, list), (OBJECTS, dict))
    for names, kind in kinds:
        for name in names:
            if name not in raw:
                yield FieldProblem(name, "required", _("This part is missing."))
            elif not isinstance(raw[name], kind):
                yield FieldProblem(name, "wrong_type", _("This part has the wrong JSON type."))
            elif not _is_storable(raw[name]):
                yield FieldProblem(
                    name,
                    "unstorable",
                    _("This part is too large or too deep, or holds characters that cannot be stored."),
                )


def _is_storable(part: Any) -> bool:
    """Bounded in depth and size, without NUL, half characters and numbers that JSON has not."""
    waiting, seen = [(part, 0)], 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if depth > DEPTH_MAX or seen > NODES_MAX:
            return False
        if isinstance(value, str) and (len(value) > DRAFT_TEXT_MAX or not is_storable(value)):
            return False
        if isinstance(value, float) and value - value != 0:
            return False
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**18:
            return False
        if isinstance(value, dict):
            waiting += [(inner, depth + 1) for pair in value.items() for inner in pair]
        elif isinstance(value, list):
            waiting += [(inner, depth + 1) for inner in value]
    return True


def problems_of(
    content: Content, *, picture_exists: Callable[[int], bool] | None = None
) -> list[FieldProblem]:
    """What keeps this content from becoming a version, in the order of the editor."""
    found = [*_texts(content), *_pictures(content, picture_exists)]
    found += _of_list("inputs", lambda: parse_inputs(content["inputs"]))
    try:
        form = parse_form(content["form"])
    except Invalid as error:
        found += [_renamed(problem, _form_place(problem.field)) for problem in error.fields]
    else:
        found += _of_list("checks", lambda: parse_checks(content["checks"], form))
    found += _of_list("checklist", lambda: parse_checklist(content["checklist"]))
    return found + list(_defaults(content["defaults"]))


def _texts(content: Content) -> Iterator[FieldProblem]:
    if not content["title_ja"].strip() and not content["title_en"].strip():
        yield FieldProblem("title", "required", _("Give the template a name."))
    for name, longest in TEXTS.items():
        if len(content[name]) > longest:
            place = "title" if name.startswith("title") else name
            text = _("This text may have at most %(max)d characters.") % {"max": longest}
            yield FieldProblem(place, "too_long", text)


PICTURE = re.compile(r"/uploads/([0-9]{1,18})/")


def _pictures(content: Content, exists: Callable[[int], bool] | None) -> Iterator[FieldProblem]:
    for name in ("manual_ja", "manual_en"):
        numbers = dict.fromkeys(int(found) for found in PICTURE.findall(content[name]))
        if exists is not None and not all(exists(number) for number in numbers):
            text = _("A picture of the manual is not one of this template's. Please upload it here.")
            yield FieldProblem(name, "picture_missing", text)


def _of_list(section: str, parse: Callable[[], object]) -> list[FieldProblem]:
    try:
        parse()
    except Invalid as error:
        whole = ("", section)
        return [
            _renamed(one, section if one.field in whole else f"{section}.{one.field}") for one in error.fields
        ]
    return []


def _form_place(path: str) -> str:
    found = _FORM_PLACE.match(path)
    return ".".join(["form", *(part for part in found.groups() if part)]) if found else "form"


def _renamed(problem: FieldProblem, place: str) -> FieldProblem:
    return FieldProblem(place, problem.code, problem.message)


def _defaults(raw: Mapping[str, Any]) -> Iterator[FieldProblem]:
    for name, value in raw.items():
        if name not in DEFAULTS:
            text = _("“%(name)s” is no part of a template.") % {"name": shown_name(name)}
            yield FieldProblem("defaults", "unknown_field", text)
            continue
        low, high = DEFAULTS[name]
        if type(value) is not int or not low <= value <= high:
            text = _("Give a whole number from %(min)d to %(max)d.") % {"min": low, "max": high}
            yield FieldProblem(f"defaults.{name}", "out_of_range", text)
