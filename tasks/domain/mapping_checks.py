"""The rules of a mapped table's columns as machine checks of the form that fills them."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from exchange.encodings import CP932
from exchange.table import Column, Role, Table
from tasks.answers.check_kinds import FITS, MAX_CHECKS, MAX_REGEXES, CheckKind
from tasks.answers.form import MAX_LABEL, Field, Form
from tasks.answers.problems import Problems
from tasks.domain import mapping_parse
from tasks.domain.mappings import targets

_MESSAGES = {
    "no_field": _("None of the columns is filled by this work. Choose a column for at least one field."),
    "rule_misfit": _("Column “{column}”: the rule “{key}” does not fit the field “{answer}”."),
    "too_many_rules": _(
        "There are too many rules: at most {max}, of them {regexes} with a regular expression."
    ),
}
_DIGITS = "[0-9]+"


def checks_of(table: Table, form: Form) -> list[dict[str, Any]]:
    """The checks, as a template declares them, for the fields that fill the table's columns.

    Raises `MappingRefused` where no field fills a column or a rule does not fit its field.
    """
    problems = Problems(_MESSAGES)
    pairs = list(_filled(table, form))
    if not pairs:
        problems.add("fill", "no_field")
    checks = [check for column, field in pairs for check in _of_column(table, column, field, problems)]
    if len(checks) > MAX_CHECKS or sum(check["kind"] == "regex" for check in checks) > MAX_REGEXES:
        problems.add("rules", "too_many_rules", max=MAX_CHECKS, regexes=MAX_REGEXES)
    if problems:
        raise mapping_parse.refused(problems)
    return checks


def _filled(table: Table, form: Form) -> Iterator[tuple[Column, Field]]:
    by_name = {column.name: column for column in table.having(Role.FILL)}
    logical = targets(form, mapped=True)
    for field in form.fields:
        if logical[field.name] in by_name:
            yield by_name[logical[field.name]], field


def _of_column(table: Table, column: Column, field: Field, problems: Problems) -> Iterator[dict[str, Any]]:
    for key, kind, parts in _wanted(table, column):
        if field.kind in FITS[kind]:
            name = f"column-{column.index + 1}-{key.replace('_', '-')}"
            header = column.header.strip()[:MAX_LABEL]
            label = {"label": {"ja": header, "en": header}} if header else {}
            yield {"id": name, "kind": kind.value, "field": field.name, **label, **parts}
        elif key != "encoding":  # what else a field can hold is looked at when the file is written
            where = f"columns.{column.index}"
            problems.add(where, "rule_misfit", column=column.header[:100], key=key, answer=str(field.label))


def _wanted(table: Table, column: Column) -> Iterator[tuple[str, CheckKind, dict[str, Any]]]:
    rules = column.rules
    if rules.required:
        yield "required", CheckKind.REQUIRED, {}
    if rules.max_chars:
        yield "max_chars", CheckKind.LENGTH, {"max": rules.max_chars}
    if rules.max_bytes:
        yield "max_bytes", CheckKind.BYTES_CP932, {"max": rules.max_bytes}
    elif table.encoding == CP932:
        yield "encoding", CheckKind.BYTES_CP932, {}
    if rules.allowed:
        yield "allowed", CheckKind.ALLOWED, {"values": list(rules.allowed)}
    if rules.digits:
        yield "digits", CheckKind.REGEX, {"pattern": _DIGITS}
    if rules.pattern:
        yield "pattern", CheckKind.REGEX, {"pattern": rules.pattern}
