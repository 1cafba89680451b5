"""The planner: which operations a store keeps, which it hands over, and what that frees and costs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts.domain.queries import directed_store, stores_of
from frontend.batches.access import person
from frontend.planner.lines import Line, grouped, line_of, next_of
from kernel.clock import now
from kernel.errors import FieldProblem, Invalid
from tasks.domain.planner import Plan, Row, plan_of
from tasks.errors import RoleMissing
from tasks.operations import DataClass, Group
from tasks.operations.sums import Advice
from tasks.rules import DIRECT_ROLES

TABS = (
    ("", gettext_lazy("All")),
    ("hand-over", gettext_lazy("Hand over")),
    ("keep", gettext_lazy("Keep")),
    ("hidden", gettext_lazy("Hidden")),
)


@dataclass(frozen=True)
class Refused:
    """What could not be saved: which form of the page, what was typed in it, and what is wrong with it."""

    form: str
    wrong: Invalid
    typed: Mapping[str, str] = field(default_factory=dict)
    show: str = ""

    @property
    def problems(self) -> dict[str, str]:
        """Field → what is wrong with it."""
        return {one.field: str(one.message) for one in self.wrong.fields}

    @property
    def told(self) -> list[FieldProblem]:
        return self.wrong.fields


@login_required
@require_GET
def first(request: HttpRequest) -> HttpResponse:
    """Leads to the planner of the first store that the reader directs."""
    store = stores_of(person(request), now(), *DIRECT_ROLES).order_by("pk").first()
    if store is None:
        raise RoleMissing
    return redirect("operations", store.pk)


@login_required
@require_GET
def page(request: HttpRequest, store_id: int) -> HttpResponse:
    return shown(request, store_id)


def shown(request: HttpRequest, store_id: int, refused: Refused | None = None) -> HttpResponse:
    """The page; after a refusal with everything that was typed and each problem at its field."""
    store = directed_store(store_id, person(request), now())
    plan = plan_of(store, now())
    show = _show(refused.show if refused else request.GET.get("show", ""))
    rows = [row for row in plan.rows if _in_tab(row, show)]
    at_rows = refused if refused and refused.form == "rows" else None
    lines = [line_of(row, plan, at_rows.typed, at_rows.problems) for row in rows] if at_rows else None
    lines = lines or [line_of(row, plan) for row in rows]
    context = {
        "store": store,
        "stores": list(stores_of(person(request), now(), *DIRECT_ROLES).order_by("pk")[:100]),
        "plan": plan,
        "total": plan.total,
        "difference": abs(plan.total.saving),
        "next": next_of(plan),
        "groups": grouped(lines),
        "tabs": _tabs(plan),
        "show": show,
        "refused": refused,
        "problem_lines": _with_problems(lines) if at_rows else [],
        "typed": refused.typed if refused and not at_rows else {},
        "problems": refused.problems if refused and not at_rows else {},
        "opened": refused.form if refused else request.GET.get("open", ""),
        "group_choices": Group.choices,
        "class_choices": DataClass.choices,
    }
    return render(request, "planner/page.html", context, status=422 if refused else 200)


def _show(wanted: str) -> str:
    return wanted if wanted in dict(TABS) else ""


def _in_tab(row: Row, show: str) -> bool:
    if show == "hidden":
        return row.hidden
    kept = row.advice is Advice.KEEP
    return not row.hidden and (not show or kept == (show == "keep"))


def _tabs(plan: Plan) -> list[dict[str, Any]]:
    return [
        {"value": value, "label": label, "n": sum(_in_tab(row, value) for row in plan.rows)}
        for value, label in TABS
    ]


def _with_problems(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.problems]
