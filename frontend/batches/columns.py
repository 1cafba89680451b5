"""Between file and choice, for a shop's own table: what each column means."""

from pathlib import PurePath
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exchange.headers import HeaderChanges
from exchange.table import doubled
from frontend.batches.access import draft_page, person
from frontend.batches.columns_form import Choice, FieldChoice, filled_fields
from frontend.batches.stepper import stepper
from frontend.work.inputs import column_label
from kernel import paging
from kernel.clock import now
from kernel.errors import Conflict, Invalid
from tasks.answers.schema import parse_form
from tasks.domain import imports, mappings
from tasks.models import Batch, Import, Mapping
from tasks.states import JobState
from tasks.texts import import_problem

PAGE = 30


@draft_page
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, batch: Batch) -> HttpResponse:
    """Shows the first rows and asks for the columns; POST looks into the file once more by the answer."""
    looked = _looked(batch)
    if looked is None or batch.imports.filter(state__in=(JobState.QUEUED, JobState.RUNNING)).exists():
        return redirect("batch_source", batch.pk)
    form = parse_form(batch.steps.select_related("template_version").get(position=1).template_version.form)
    fields = filled_fields(form)
    known = _Known(batch, looked)
    problems: list[str] = []
    if request.method == "POST":
        choice = Choice.from_post(request.POST, fields)
        problems = choice.problems(looked.facts)
        if not problems:
            problems = _take(request, looked, choice)
        if not problems:
            return redirect("batch_source", batch.pk)
    else:
        choice = known.choice(fields)
    context = _context(batch, looked, choice, known) | {"problems": problems}
    return render(request, "batches/columns.html", context, status=422 if problems else 200)


def _looked(batch: Batch) -> Import | None:
    """The latest first look at the batch's table."""
    rows = batch.imports.filter(format="table", mapping=None, state=JobState.DONE)
    return rows.order_by("-pk").first()


def _take(request: HttpRequest, looked: Import, choice: Choice) -> list[str]:
    raw = choice.as_mapping(looked.facts)
    try:
        imports.map_columns(import_id=looked.pk, mapping=raw, by=person(request), now=now())
    except Invalid as refused:
        return [str(problem.message) for problem in refused.fields]
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

    def choice(self, fields: list[Any]) -> Choice:
        if self.same:
            return Choice.from_table(mappings.table_of(self.same), self.same.name, fields)
        if self.like:
            table, _changes = mappings.carried_over(self.like, self.header)
            return Choice.from_table(table, self.like.name, fields)
        return Choice.guess(self.looked.facts, PurePath(self.looked.name).stem[:200], fields)

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


def _context(batch: Batch, looked: Import, choice: Choice, known: _Known) -> dict[str, Any]:
    facts = looked.facts
    latest = batch.imports.exclude(state=JobState.DISCARDED).order_by("-pk").first()
    failed = latest if latest and latest.state == JobState.FAILED else None
    twice = doubled(facts["header"])
    columns = [
        {
            "index": str(index),
            "label": column_label(name, index + 1 if name in twice or not name.strip() else None),
            "shown": str(index) in choice.show,
            "marks": choice.marks(str(index)),
            **facts["columns"][index],
        }
        for index, name in enumerate(facts["header"])
    ]
    return {
        "batch": batch,
        "source": looked,
        "facts": facts,
        "columns": columns,
        "choice": choice,
        "same": known.same,
        "like": known.like,
        "changes": known.changes(),
        "failed": import_problem(failed.error) if failed and failed.error else "",
        "stages": stepper("choice", batch),
    }


@draft_page
@require_POST
def read_as(request: HttpRequest, batch: Batch) -> HttpResponse:
    """Reads the file in another encoding or with another delimiter."""
    looked = _looked(batch)
    if looked is None:
        raise Conflict(
            "no_inspection", _("The file has to be read once more. Remove it and choose it again.")
        )
    kind, encoding = request.POST.get("kind", ""), request.POST.get("encoding", "")
    imports.read_as(import_id=looked.pk, kind=kind, encoding=encoding, by=person(request), now=now())
    return redirect("batch_source", batch.pk)


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
