"""A store's operations: the plan with its figures, and what the store says of each."""

from decimal import Decimal

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.domain.queries import directed_store
from accounts.states import Scope
from kernel.clock import now
from tasks.api import operation_shapes as shapes
from tasks.api.base import ApiView, answer
from tasks.api.operation_inputs import CHANGES, NEW, TERMS
from tasks.api.rendering import Json
from tasks.api.schema import operation
from tasks.domain.operations import add_operation, change_operation, set_terms
from tasks.domain.planner import Figure, Plan, Row, plan_of
from tasks.errors import Missing


def _number(value: Decimal | int | None) -> float | int | None:
    """JSON has one kind of number; whole ones go without a point."""
    return None if value is None else int(value) if value == int(value) else float(value)


def _figure(figure: Figure) -> Json:
    return {"value": _number(figure.value), "source": figure.source.value, "own": _number(figure.own)}


def _row_json(row: Row) -> Json:
    sums, seen, facts = row.sums, row.measured, row.facts
    return {
        "slug": row.slug,
        "number": row.number,
        "own": row.own,
        "name": row.name.as_json(),
        "group": row.group.value,
        "area": facts.area.value if facts else None,
        "core": row.core,
        "class": row.pii.value,
        "forms": [form.value for form in row.forms],
        "hidden": row.hidden,
        "advice": row.advice.value,
        "reason": row.why.value if row.why else None,
        "keep": row.keep.as_json() if row.core and row.keep else None,
        "template": row.template.key if row.template else None,
        "volume": _figure(row.volume),
        "minutes": _figure(row.minutes),
        "price": _figure(row.price),
        "hours": _number(sums.hours),
        "hours_freed": _number(sums.freed),
        "in_house": sums.in_house,
        "outsourced": sums.outsourced,
        "saving": sums.saving,
        "break_even": _number(sums.break_even),
        "measured": seen
        and {
            "done": seen.done,
            "whole_month": seen.whole,
            "minutes": seen.minutes,
            "price": _number(seen.price),
            "approved_percent": seen.approved,
        },
    }


def _terms_json(plan: Plan) -> Json:
    return {
        "hourly_wage": plan.terms.wage,
        "review_percent": plan.terms.review,
        "estimate": not plan.terms_given,
    }


def _plan_json(plan: Plan) -> Json:
    total = plan.total
    return {
        "items": [_row_json(row) for row in plan.rows],
        "terms": _terms_json(plan),
        "total": {
            "operations": total.operations,
            "hours": _number(total.hours),
            "hours_freed": _number(total.freed),
            "compared": total.compared,
            "in_house": total.in_house,
            "outsourced": total.outsourced,
            "saving": total.saving,
        },
        "hand_over_next": [row.slug for row in plan.next],
    }


class PlanView(ApiView):
    """The plan of a store that the person directs."""

    def plan(self, store_id: int) -> Plan:
        return plan_of(directed_store(store_id, self.user, now()), now())

    def row(self, store_id: int, slug: str) -> Row:
        found = next((row for row in self.plan(store_id).rows if row.slug == slug), None)
        if found is None:
            raise Missing
        return found


class OperationsView(PlanView):
    scopes = {"POST": Scope.DIRECT, "PATCH": Scope.DIRECT}

    @operation(
        "operations",
        "The operations of a store with their figures for a month, all at once: fewer than 100, so no pages",
        {200: shapes.Plan},
    )
    def get(self, request: Request, store_id: int) -> HttpResponse:
        return answer(_plan_json(self.plan(store_id)))

    @operation(
        "add_operation", "Add an operation of the store's own", {201: shapes.StoreOperation}, takes=NEW
    )
    def post(self, request: Request, store_id: int) -> HttpResponse:
        directed_store(store_id, self.user, now())
        sent = _named(self.body.read(NEW))
        made = add_operation(store_id=store_id, raw=sent, by=self.user, now=now())
        return answer(_row_json(self.row(store_id, made.slug)), status=201)

    @operation(
        "change_plan_terms",
        "Change with what the plan reckons: the wage of an hour and the share of checking",
        {200: shapes.Terms},
        takes=TERMS,
    )
    def patch(self, request: Request, store_id: int) -> HttpResponse:
        terms = self.plan(store_id).terms
        sent = {"hourly_wage": terms.wage, "review_percent": terms.review, **self.body.read(TERMS)}
        set_terms(store_id=store_id, by=self.user, now=now(), **sent)
        return answer(_terms_json(self.plan(store_id)))


class OperationView(PlanView):
    scopes = {"PATCH": Scope.DIRECT}

    @operation("operation", "One operation of a store", {200: shapes.StoreOperation})
    def get(self, request: Request, store_id: int, slug: str) -> HttpResponse:
        return answer(_row_json(self.row(store_id, slug)))

    @operation(
        "change_operation",
        "Change what the store says of an operation; null takes it back",
        {200: shapes.StoreOperation},
        takes=CHANGES,
    )
    def patch(self, request: Request, store_id: int, slug: str) -> HttpResponse:
        directed_store(store_id, self.user, now())
        sent = _named(self.body.read(CHANGES))
        change_operation(store_id=store_id, slug=slug, changes=sent, by=self.user, now=now())
        return answer(_row_json(self.row(store_id, slug)))


def _named(sent: Json) -> Json:
    """As the domain names the fields: `class` is a word of the language."""
    return {("pii" if name == "class" else name): value for name, value in sent.items()}


ROUTES: dict[str, type[APIView]] = {
    "stores/<id:store_id>/operations": OperationsView,
    "stores/<id:store_id>/operations/<slug:slug>": OperationView,
}
