"""Judges answers made of parts: repeated rows, and pairs of a unit's picture with its counterpart."""

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tasks.answers.form import MAX_ROWS, Field
from tasks.answers.judge import MAX_LIST, MESSAGES, is_upload_id, judge, judge_storage
from tasks.answers.pictures import number_of
from tasks.answers.problems import Problems
from tasks.answers.texts import shown_name

MAX_NAMED = 20


def judge_rows(field: Field, value: object, problems: Problems, upload_exists: Callable[[str], bool]) -> None:
    """Note what is wrong with normalised, not blank rows: at most one problem a cell."""
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        problems.add(field.name, "wrong_type")
        return
    most = MAX_ROWS if field.max_items is None else field.max_items
    if len(value) > most:
        problems.add(field.name, "too_many_rows", max=most, n=len(value))
        return
    if len(value) < (field.min_items or 0):
        problems.add(field.name, "too_few_rows", min=field.min_items, n=len(value))
    for index, row in enumerate(value):
        _judge_row(field, index, row, problems, upload_exists)


def _judge_row(
    field: Field,
    index: int,
    row: Mapping[str, Any],
    problems: Problems,
    upload_exists: Callable[[str], bool],
) -> None:
    for column in field.fields:
        inside = Problems(MESSAGES)
        if column.name in row:
            judge(column, row[column.name], inside, upload_exists)
        elif column.required:
            inside.add(column.name, "required")
        for found in inside.found:
            problems.add_in_row(field.name, index, column.label, found)
    _unknown_cells(field, index, row, problems)


def _unknown_cells(field: Field, index: int, row: Mapping[Any, Any], problems: Problems) -> None:
    known = {column.name for column in field.fields}
    for name in itertools.islice((name for name in row if name not in known), MAX_NAMED):
        problems.add(f"{field.name}.{index}.{shown_name(name)}", "unknown_field", name=shown_name(name))


def judge_pairs(
    field: Field,
    value: object,
    sources: list[str] | None,
    problems: Problems,
    upload_exists: Callable[[str], bool],
) -> None:
    """Note one problem of normalised pairs. `sources` are the unit's pictures; None when there is no unit."""
    if not _are_pairs(value):
        problems.add(field.name, "wrong_type")
        return
    pairs: list[Mapping[str, str]] = value  # type: ignore[assignment]  # `_are_pairs` has just looked
    befores = [pair["before"] for pair in pairs]
    doubled = next((before for n, before in enumerate(befores) if before in befores[:n]), None)
    if doubled is not None:
        problems.add(field.name, "pair_doubled", picture=shown_name(doubled))
        return
    unknown = next((before for before in befores if sources is not None and before not in sources), None)
    if unknown is not None:
        problems.add(field.name, "pair_unknown", picture=shown_name(unknown))
        return
    order = befores if sources is None else sources
    lost = [
        number_of(order, pair["before"])
        for pair in pairs
        if not (is_upload_id(pair["after"]) and upload_exists(pair["after"]))
    ]
    if lost:
        problems.add(field.name, "pairs_lost", pictures=_listed(lost))
    elif field.required:
        judge_missing(field, befores, sources, problems)


def judge_missing(
    field: Field, befores: Iterable[str], sources: list[str] | None, problems: Problems
) -> None:
    """Note the unit's pictures that have no counterpart yet, by their numbers."""
    done = set(befores)
    missing = [number for number, source in enumerate(sources or [], 1) if source not in done]
    if missing:
        problems.add(field.name, "pairs_missing", pictures=_listed(missing))


def _are_pairs(value: object) -> bool:
    if not isinstance(value, list) or len(value) > MAX_LIST:
        return False
    found = Problems(MESSAGES)
    for pair in value:
        if not isinstance(pair, Mapping) or set(pair) != {"before", "after"}:
            return False
        if not all(isinstance(part, str) for part in pair.values()):
            return False
        judge_storage("", list(pair.values()), found)
    return not found


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))


def judge_parts_storage(field: Field, value: list[Any], problems: Problems) -> None:
    """What keeps rows or pairs from being stored as a draft."""
    if len(value) > MAX_LIST or not all(isinstance(part, Mapping) for part in value):
        problems.add(field.name, "wrong_type")
        return
    for index, part in enumerate(value):
        if field.fields:
            _judge_row_storage(field, index, part, problems)
        elif set(part) - {"before", "after"}:
            problems.add(field.name, "wrong_type")
        else:
            for name in part.values():
                judge_storage(field.name, name, problems)


def _judge_row_storage(field: Field, index: int, row: Mapping[Any, Any], problems: Problems) -> None:
    for column in field.fields:
        inside = Problems(MESSAGES)
        judge_storage(column.name, row.get(column.name), inside)
        for found in inside.found:
            problems.add_in_row(field.name, index, column.label, found)
    _unknown_cells(field, index, row, problems)
