"""Shapes of a store's plan, for the description of the API."""

from typing import Any

from rest_framework import serializers as s

from tasks.api.shapes import LocalText, choice
from tasks.domain.planner import Source, Why
from tasks.operations import Area, DataClass, Group, WorkForm
from tasks.operations.sums import Advice


def _values(kind: Any, **more: Any) -> s.ChoiceField:
    return s.ChoiceField(choices=[one.value for one in kind], **more)


def _number(text: str = "") -> s.FloatField:
    return s.FloatField(allow_null=True, help_text=text)


class PlanFigure(s.Serializer[Any]):
    value = _number("what the plan reckons with")
    source = _values(Source)  # type: ignore[assignment]  # a serializer has an attribute of this name
    own = _number("what the store gave")


class MeasuredFigures(s.Serializer[Any]):
    """From the store's own batches."""

    done = s.IntegerField(help_text="tasks in the last 30 days")
    whole_month = s.BooleanField(help_text="the first batch began at least 30 days ago")
    minutes = s.IntegerField(allow_null=True, help_text="that a task typically takes")
    price = _number("yen paid to freelancers per task done")
    approved_percent = s.IntegerField(allow_null=True, help_text="of the latest decided answers")


StoreOperation = type(
    "StoreOperation",
    (s.Serializer,),
    {
        "slug": s.CharField(),
        "number": s.IntegerField(allow_null=True, help_text="in the catalogue"),
        "own": s.BooleanField(help_text="added by the store"),
        "name": LocalText(),
        "group": choice(Group),
        "area": _values(Area, allow_null=True),
        "core": s.BooleanField(),
        "class": choice(DataClass),
        "forms": s.ListField(child=choice(WorkForm)),
        "hidden": s.BooleanField(),
        "advice": _values(Advice, help_text="hand over to freelancers, to own staff, or keep"),
        "reason": _values(Why, allow_null=True, help_text="why freelancers cannot do it"),
        "keep": LocalText(allow_null=True, help_text="why a core operation stays"),
        "template": s.CharField(allow_null=True, help_text="key of the template that does it"),
        "volume": PlanFigure(help_text="units a month"),
        "minutes": PlanFigure(help_text="of work per unit"),
        "price": PlanFigure(help_text="yen per unit"),
        "hours": s.FloatField(help_text="a month"),
        "hours_freed": s.FloatField(help_text="a month, without the time to check"),
        "in_house": s.IntegerField(help_text="yen a month"),
        "outsourced": s.IntegerField(allow_null=True, help_text="yen a month, with the time to check"),
        "saving": s.IntegerField(allow_null=True, help_text="yen a month"),
        "break_even": _number("yen per unit at which both cost the same"),
        "measured": MeasuredFigures(allow_null=True),
    },
)


class Terms(s.Serializer[Any]):
    hourly_wage = s.IntegerField(help_text="yen")
    review_percent = s.IntegerField()
    estimate = s.BooleanField(help_text="the store has not said it yet")


class PlanTotal(s.Serializer[Any]):
    operations = s.IntegerField(help_text="that can be handed over")
    hours = s.FloatField()
    hours_freed = s.FloatField()
    compared = s.IntegerField(help_text="of these, how many freelancers may do: the costs are theirs")
    in_house = s.IntegerField()
    outsourced = s.IntegerField()
    saving = s.IntegerField()


class Plan(s.Serializer[Any]):
    items = StoreOperation(many=True)
    terms = Terms()
    total = PlanTotal()
    hand_over_next = s.ListField(child=s.CharField(), help_text="slugs, at most three")
