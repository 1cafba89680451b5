"""Between file and choice, for a shop's own table: what each column means."""

from pathlib import PurePath
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exchange.errors import describe_place
from exchange.head import HEAD_ROWS
from exchange.headers import HeaderChanges
from exchange.table import doubled
from frontend.batches.access import draft_page, person
from frontend.batches.columns_form import (
    Choice,
    FieldChoice,
    InputChoice,
    Wrong,
    filled_fields,
    shown_inputs,
)
from frontend.batches.stepper import stepper
from frontend.work.inputs import column_label
from kernel import paging
from kernel.clock import now
from kernel.errors import Conflict, Invalid
from tasks.answers.form import Field
from tasks.answers.lists import parse_inputs
from tasks.answers.schema import parse_form
from tasks.domain import imports, mappings
from tasks.models import Batch, Import, Mapping
from tasks.states import JobState
from tasks.texts import import_problem

PAGE = 30
# Rows above the header that are shown.
ABOVE = 10


@draft_page
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, batch: Batch) -> HttpResponse:
    """Shows the first rows and asks for the columns; POST looks into the file once more by the answer."""
    looked = _looked(batch)
    if looked is None or batch.imports.filter(state__in=(JobState.QUEUED, JobState.RUNNING)).exists():
        return redirect("batch_source", batch.pk)
    version = batch.steps.select_related("template_version").get(position=1).template_version
    fields = filled_fields(parse_form(version.form))
    inputs = shown_inputs(parse_inputs(version.inputs), fields)
    known = _Known(batch, looked)
    problems: list[Wrong] = []
    if request.method == "POST":
        choice = Choice.from_post(request.POST, fields, inputs)
        problems = choice.problems(looked.facts)
        if not problems:
            problems = _take(request, looked, choice)
        if not problems:
            return redirect("batch_source", batch.pk)
    else:
        choice = known.choice(fields, inputs)
    context = _context(batch, looked, choice, known, problems)
    return render(request, "batches/columns.html", context, status=422 if problems else 200)


def _looked(batch: Batch) -> Import | None:
    """The latest first look at the batch's table."""
    rows = batch.imports.filter(format="table", mapping=None, state=JobState.DONE)
    return rows.order_by("-pk").first()


def _take(request: HttpRequest, looked: Import, choice: Choice) -> list[Wrong]:
    raw = choice.as_mapping(looked.facts)
    try:
        imports.map_columns(import_id=looked.pk, mapping=raw, by=person(request), now=now())
    except Invalid as refused:
        return choice.placed(refused.fields)
    return []


class _Known:
    """What the store already said about this table, or about one much like it."""

    def __init__(self, batch: Batch, looked: Import) -> None:
        self.header: list[str] = looked.facts["header"]
        self.looked = looked
        used = batch.imports.filter(mapping__isnull=False, sha256=looked.sha256).select_related("mapping")
        latest = used.order_by("-pk").first()
        here = latest.mapping if latest and latest.mapping and latest.mapping.header == self.header else None
        self.same = here or mappings.recognised(batch.store_id, self.header)
        self.like = None if self.same else mappings.similar(batch.store_id, self.header)

    def choice(self, fields: list[Field], inputs: list[InputChoice]) -> Choice:
        if self.same:
            return Choice.from_table(mappings.table_of(self.same), self.same.name, fields, inputs)
        if self.like:
            table, _changes = mappings.carried_over(self.like, self.header)
            return Choice.from_table(table, self.like.name, fields, inputs)
        return Choice.guess(self.looked.facts, PurePath(self.looked.name).stem[:200], fields, inputs)

    def changes(self) -> list[str]:
        """What became of the columns since the mapping, a sentence each."""
        if self.like is None:
            return []
        _table, found = mappings.carried_over(self.like, self.header)
        return _in_words(found, self.like.header, self.header)


def _in_words(found: HeaderChanges, old: list[str], new: list[str]) -> list[str]:
    words = [
        _("Renamed: “%(old)s” is now “%(new)s”.") % {"old": old[a], "new": new[b]} for a, b in found.renamed
    ]
    words += [_("Added: “%(name)s” (column %(n)d).") % {"name": new[b], "n": b + 1} for b in found.added]
    words += [
        _("Removed: “%(name)s” (was column %(n)d).") % {"name": old[a], "n": a + 1} for a in found.removed
    ]
    words += [
        _("Moved: “%(name)s” from column %(old)d to %(new)d.") % {"name": new[b], "old": a + 1, "new": b + 1}
        for a, b in found.moved
    ]
    return words


def _context(
    batch: Batch, looked: Import, choice: Choice, known: _Known, problems: list[Wrong]
) -> dict[str, Any]:
    facts = looked.facts
    latest = batch.imports.exclude(state=JobState.DISCARDED).order_by("-pk").first()
    failed = latest.error if latest and latest.state == JobState.FAILED else None
    columns = _columns(facts, choice, problems)
    labels = {column["index"]: column["label"] for column in columns}
    return {
        "batch": batch,
        "source": looked,
        "facts": facts,
        "header_row": facts.get("header_row", 1),
        "header_rows": HEAD_ROWS,
        "above": [_above(row) for row in facts.get("above", [])[-ABOVE:]],
        "columns": columns,
        "choice": choice,
        "keys": [labels[index] for index in choice.keys if index in labels],
        "rules": [
            {
                "one": one,
                "label": next((labels[index] for index in choice.columns_of(one) if index in labels), ""),
                "problems": _said_at(f"rules-{one.field.name}", problems),
            }
            for one in choice.fields
        ],
        "problems": problems,
        "name_problems": _said_at("id_name", problems),
        "same": known.same,
        "like": known.like,
        "changes": known.changes(),
        "failed": import_problem(failed) if failed else "",
        "failed_place": describe_place(failed["row"], failed["column"] or "") if failed else "",
        "stages": stepper("choice", batch),
    }


def _above(row: dict[str, Any]) -> dict[str, Any]:
    """A row above the header, as one text."""
    return {"row": row["row"], "text": " · ".join(cell for cell in row["cells"] if cell.strip())}


def _said_at(place: str, problems: list[Wrong]) -> list[str]:
    return [problem.message for problem in problems if problem.place == place]


def _columns(facts: dict[str, Any], choice: Choice, problems: list[Wrong]) -> list[dict[str, Any]]:
    """Every column of the file with what stands in it and what it is for."""
    twice = doubled(facts["header"])
    return [
        {
            **facts["columns"][index],
            "index": str(index),
            "number": index + 1,
            "label": column_label(name, index + 1 if name in twice or not name.strip() else None),
            "share": facts["columns"][index]["filled"] * 100 // max(facts["data_rows"], 1),
            "role": choice.roles.get(str(index), ""),
            "shown": str(index) in choice.show,
            "marks": choice.marks(str(index)),
            "problems": _said_at(f"column-{index}", problems),
        }
        for index, name in enumerate(facts["header"])
    ]


@draft_page
@require_POST
def read_as(request: HttpRequest, batch: Batch) -> HttpResponse:
    """Reads the file in another encoding, with another delimiter, another sheet of it, or another header."""
    looked = _looked(batch)
    if looked is None:
        raise Conflict(
            "no_inspection", _("The file has to be read once more. Remove it and choose it again.")
        )
    reading = {name: request.POST.get(name, "") for name in ("kind", "encoding", "sheet")}
    header_row = _header_row(request.POST, looked.facts, reading)
    imports.read_as(import_id=looked.pk, **reading, header_row=header_row, by=person(request), now=now())
    return redirect("batch_source", batch.pk)


def _header_row(post: QueryDict, facts: dict[str, Any], reading: dict[str, str]) -> int | None:
    """The row that was pointed at or typed. The number of before says nothing of another sheet."""
    typed = (post.get("row") or post.get("header_row", "")).strip()
    other = any(facts[name] != value for name, value in reading.items())
    if not typed or (other and typed == str(facts.get("header_row", 1))):
        return None
    # What is no number is left for the domain to refuse.
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 0


@login_required
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """How the tables of the reader's stores are read, version by version."""
    rows = mappings.visible_mappings(person(request), now()).select_related("store", "created_by")
    found = paging.page(rows, key=["-id"], after=request.GET.get("after"), limit=PAGE)
    lines = [{"mapping": mapping, "roles": _roles(mapping)} for mapping in found.items]
    context = {"lines": lines, "next": found.next, "first": not request.GET.get("after")}
    return render(request, "batches/mappings.html", context)


def _roles(mapping: Mapping) -> list[dict[str, Any]]:
    table = mappings.table_of(mapping)
    twice = doubled(mapping.header)
    return [
        {
            "label": column_label(
                column.header,
                column.index + 1 if column.header in twice or not column.header.strip() else None,
            ),
            "marks": FieldChoice.words_of(column),
        }
        for column in table.columns
    ]
