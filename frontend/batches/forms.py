"""What a director fills in. The rules themselves are the domain's; here is only what the browser sends."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import Store
from kernel.errors import Invalid
from tasks.domain.batches import PILOT_MAX
from tasks.models import Template
from tasks.states import Audience

# Minutes a worker may hold a task.
LEASES = (15, 30, 60, 120, 240, 480, 1440, 4320, 10080)
ANSWERS = (1, 2, 3, 4, 5)
WHO = {"staff": (Audience.STAFF, False), "pool": (Audience.CROWD, False), "open": (Audience.CROWD, True)}


class NewBatchForm(forms.Form):
    store = forms.ModelChoiceField(Store.objects.none(), label=_("Store"), empty_label=None)
    template = forms.ModelChoiceField(
        Template.objects.none(), label=_("Work"), to_field_name="key", empty_label=None
    )
    title = forms.CharField(label=_("Name of the batch"), max_length=200, required=False)
    file = forms.FileField(label=_("Product file"))

    def __init__(self, *args: Any, stores: Any, templates: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (("store", stores), ("template", templates)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows


class FileForm(forms.Form):
    file = forms.FileField(label=_("Product file"))


class ChoiceForm(forms.Form):
    """Which products become tasks. `pick`: all, by hand, or the column that is blank."""

    answers_per_task = forms.TypedChoiceField(
        label=_("Answers per task"), coerce=int, choices=[(n, str(n)) for n in ANSWERS]
    )
    pick = forms.ChoiceField(label=_("Which products"))
    statuses = forms.MultipleChoiceField(label=_("Status"), required=False)
    keys = forms.MultipleChoiceField(label=_("Products"), required=False)
    handles = forms.CharField(label=_("More products"), required=False, strip=True)

    def __init__(self, *args: Any, facts: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        picks = ["all", "hand", *facts["missing"]]
        known = {
            "pick": picks,
            "statuses": list(facts.get("statuses", {})),
            "keys": [row["key"] for row in facts["sample"]],
        }
        for name, values in known.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [(value, value) for value in values]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("pick") == "hand" and not self.chosen_keys():
            self.add_error("handles", _("Tick at least one product or give its code."))
        return data

    def chosen_keys(self) -> list[str]:
        typed = (line.strip() for line in self.cleaned_data.get("handles", "").splitlines())
        return list(dict.fromkeys([*self.cleaned_data.get("keys", []), *filter(None, typed)]))

    def row_filter(self) -> dict[str, list[str]]:
        """The choice as `tasks.domain.selection.Selection` reads it."""
        pick = self.cleaned_data["pick"]
        return {
            "missing": [] if pick in ("all", "hand") else [pick],
            "keys": self.chosen_keys() if pick == "hand" else [],
            "statuses": self.cleaned_data["statuses"],
        }


class TermsForm(forms.Form):
    title = forms.CharField(label=_("Name of the batch"), max_length=200)
    who = forms.ChoiceField(label=_("Who does it"), choices=[(name, name) for name in WHO])
    reward = forms.IntegerField(label=_("Reward per answer"), min_value=0)
    lease_minutes = forms.TypedChoiceField(label=_("Time to work on one task"), coerce=int)
    deadline = forms.DateTimeField(
        label=_("Deadline"), required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
    )
    per_worker_cap = forms.IntegerField(label=_("Most tasks per person"), required=False, min_value=1)
    pilot_tasks = forms.IntegerField(label=_("Pilot"), required=False, min_value=1, max_value=PILOT_MAX)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lease = self.fields["lease_minutes"]
        assert isinstance(lease, forms.TypedChoiceField)
        own = self.initial.get("lease_minutes")
        lease.choices = [(n, duration(n)) for n in sorted({*LEASES, *([own] if own else [])})]

    def changes(self) -> dict[str, Any]:
        """The terms as `tasks.domain.batches.change_batch` takes them."""
        data = dict(self.cleaned_data)
        audience, open_to_all = WHO[data.pop("who")]
        return {**data, "audience": audience.value, "open_to_all": open_to_all}

    def add_problems(self, refused: Invalid) -> None:
        """Puts the domain's refusals beside the fields concerned."""
        for problem in refused.fields:
            field = {"audience": "who", "open_to_all": "who"}.get(problem.field, problem.field)
            self.add_error(field if field in self.fields else None, str(problem.message))


def who_of(audience: str, open_to_all: bool) -> str:
    return next(name for name, terms in WHO.items() if terms == (audience, open_to_all))


def duration(minutes: int) -> str:
    """ "30 minutes", "2 hours", "3 days"."""
    span = timedelta(minutes=minutes)
    if minutes % 1440 == 0:
        return ngettext("%(n)d day", "%(n)d days", span.days) % {"n": span.days}
    if minutes % 60 == 0:
        return ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


def local_input(value: Any) -> str:
    """A moment as a `datetime-local` control wants it, in the reader's zone."""
    return timezone.localtime(value).strftime("%Y-%m-%dT%H:%M") if value else ""
