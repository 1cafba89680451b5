"""The four steps of making a batch: where one is, and where one can go."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tasks.models import Batch

STEPS: tuple[tuple[str, Promise], ...] = (
    ("file", _("File")),
    ("choice", _("Products")),
    ("terms", _("Terms")),
    ("preview", _("Check and publish")),
)
_PAGES = {
    "file": "batch_source",
    "choice": "batch_source",
    "terms": "batch_terms",
    "preview": "batch_preview",
}


@dataclass(frozen=True)
class Stage:
    number: int
    label: str
    url: str
    state: str


def stepper(current: str, batch: Batch | None = None, *, tasks: int = 0) -> list[Stage]:
    """`tasks`: how many the draft has; terms and preview open once it has some."""
    names = [name for name, _label in STEPS]
    here = names.index(current)
    stages = []
    for number, (name, label) in enumerate(STEPS):
        reachable = batch is not None and name != current and (number < here or tasks > 0)
        url = reverse(_PAGES[name], args=[batch.pk]) if batch is not None and reachable else ""
        state = "current" if number == here else "done" if number < here else "ahead"
        stages.append(Stage(number + 1, str(label), url, state))
    return stages
