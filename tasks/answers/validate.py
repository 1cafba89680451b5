"""Checks answers and drafts against a `Form`, field by field, in the reader's language."""

import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any

from kernel.errors import FieldProblem
from tasks.answers.form import PART_KINDS, Field, FieldKind, Form
from tasks.answers.judge import MESSAGES, judge, judge_storage
from tasks.answers.normalise import hidden_fields, normalise_answer
from tasks.answers.parts import MAX_NAMED, judge_missing, judge_pairs, judge_parts_storage, judge_rows
from tasks.answers.pictures import sources_of
from tasks.answers.problems import Problems
from tasks.answers.texts import shown_name

__all__ = ["MAX_TOTAL_BYTES", "normalise_answer", "validate_answer", "validate_draft"]

MAX_TOTAL_BYTES = 500_000


def validate_answer(
    form: Form,
    answer: object,
    *,
    upload_exists: Callable[[str], bool],
    unit_values: Mapping[str, Any] | None = None,
) -> list[FieldProblem]:
    """What keeps this answer from being submitted; an empty list when nothing does.

    Fields that a condition hides are passed over, whatever they hold. `upload_exists` is asked with the id of
    each image. `unit_values` are the values of the unit the answer is for: image pairs are compared with its
    pictures; without a unit (a form being designed) only their shape is judged. At most one problem is
    reported per field and per cell of a row (as `rows.0.column`), in the order of the form.
    """
    problems = Problems(MESSAGES)
    if not isinstance(answer, Mapping):
        problems.add("", "not_an_object")
        return problems.found
    values = normalise_answer(form, answer)
    hidden = hidden_fields(form, values)
    for field in form.fields:
        if field.name not in hidden:
            _judge_field(field, values, unit_values, problems, upload_exists)
    asked = {name: value for name, value in values.items() if name not in hidden}
    _judge_whole(form, asked, problems)
    return problems.found


def _judge_field(
    field: Field,
    values: Mapping[str, Any],
    unit_values: Mapping[str, Any] | None,
    problems: Problems,
    upload_exists: Callable[[str], bool],
) -> None:
    sources = sources_of(field, unit_values) if unit_values is not None else None
    if field.name not in values:
        if field.kind is FieldKind.IMAGE_PAIRS and sources is not None:
            if field.required:
                judge_missing(field, [], sources, problems)
        elif field.required:
            problems.add(field.name, "required")
        return
    value = values[field.name]
    match field.kind:
        case FieldKind.ROWS:
            judge_rows(field, value, problems, upload_exists)
        case FieldKind.IMAGE_PAIRS:
            judge_pairs(field, value, sources, problems, upload_exists)
        case _:
            judge(field, value, problems, upload_exists)


def validate_draft(form: Form, draft: object) -> list[FieldProblem]:
    """What keeps this draft from being stored. Half-typed values are fine: nothing typed may be lost."""
    problems = Problems(MESSAGES)
    if not isinstance(draft, Mapping):
        problems.add("", "not_an_object")
        return problems.found
    for name, value in draft.items():
        field = form.field(name) if isinstance(name, str) else None
        if field is None:
            continue
        if field.kind in PART_KINDS and isinstance(value, list):
            judge_parts_storage(field, value, problems)
        else:
            judge_storage(name, value, problems)
    _judge_whole(form, draft, problems)
    return problems.found


def _judge_whole(form: Form, answer: Mapping[Any, Any], problems: Problems) -> None:
    known = {field.name for field in form.fields}
    for name in itertools.islice((name for name in answer if name not in known), MAX_NAMED):
        problems.add(shown_name(name), "unknown_field", name=shown_name(name))
    if problems:
        return
    size = len(json.dumps(answer, ensure_ascii=False).encode())
    if size > MAX_TOTAL_BYTES:
        problems.add("", "total_too_large", size=-(-size // 1000), max=MAX_TOTAL_BYTES // 1000)
