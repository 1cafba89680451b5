"""What the file itself asks of the answers that go back into it, as machine checks told while typing.

Of a mapped table these are the rules of its columns, of a mall's export its limits and its encoding.
"""

from collections.abc import Iterator
from typing import Any

from exchange.encodings import CP932
from exchange.layout import Layout, Limit, layout_of
from exchange.source import TABLE
from tasks.answers.check_kinds import FITS, Check, CheckKind
from tasks.answers.checks import parse_checks
from tasks.answers.form import MAX_LABEL, Field
from tasks.answers.schema import parse_form
from tasks.domain import mapping_checks
from tasks.domain.mappings import table_of
from tasks.models import Import, Step, TemplateVersion


def checks_of(source: Import, version: TemplateVersion) -> list[dict[str, Any]]:
    """The checks, as a template declares them, that a landed file adds to those of the version.

    Raises `MappingRefused` where the work fills none of a table's columns.
    """
    form = parse_form(version.form)
    if source.mapping is not None:
        return mapping_checks.checks_of(table_of(source.mapping), form)
    if source.format == TABLE or "dialect" not in source.facts:
        return []
    layout = layout_of(source.format, source.facts["dialect"])
    own = parse_checks(version.checks, form)
    holds, encoding = source.facts.get("holds", []), source.facts.get("encoding", "")
    found: list[dict[str, Any]] = []
    for number, field in enumerate(form.fields, start=1):
        if field.column in layout.columns and field.column in holds:
            found += _of_field(number, field, field.column, layout, encoding, own)
    return found


def _of_field(
    number: int, field: Field, column: str, layout: Layout, encoding: str, own: list[Check]
) -> Iterator[dict[str, Any]]:
    header = layout.columns[column][:MAX_LABEL]
    for kind, most in _limits(layout.limits.get(column), encoding):
        if field.kind in FITS[kind] and not _is_asked(own, kind, field.name, most):
            yield {
                "id": f"column-{number}-{kind.value.replace('_', '-')}",
                "kind": kind.value,
                "field": field.name,
                "label": {"ja": header, "en": header},
                **({} if most is None else {"max": most}),
            }


def keep_checks(source: Import) -> None:
    """Lets what a mall's file asks hold for its batch. A table's rules do so as soon as it is mapped."""
    if source.mapping is None:
        step = source.batch.steps.select_related("template_version").get(position=1)
        set_checks(step, checks_of(source, step.template_version))


def set_checks(step: Step, checks: list[dict[str, Any]]) -> None:
    if step.checks != checks:
        step.checks = checks
        step.save(update_fields=["checks"])


def _limits(limit: Limit | None, encoding: str) -> Iterator[tuple[CheckKind, int | None]]:
    """Kinds of checks with their maximum; None: whatever fits the encoding."""
    if limit is not None and limit.chars is not None:
        yield CheckKind.LENGTH, limit.chars
    if limit is not None and limit.bytes is not None:
        yield CheckKind.BYTES_CP932, limit.bytes
    elif limit is not None and limit.full_width is not None:
        # Half-width characters count half there, and take one of the two bytes of a full-width one here.
        yield CheckKind.BYTES_CP932, 2 * limit.full_width
    elif encoding == CP932:
        yield CheckKind.BYTES_CP932, None


def _is_asked(own: list[Check], kind: CheckKind, name: str, most: int | None) -> bool:
    """Whether the work itself is as strict already."""
    same = [check for check in own if check.kind is kind and check.field == name and check.blocking]
    return any(most is None or (check.max is not None and check.max <= most) for check in same)
