"""What a director fills in when the manual was wrong, and what stands on that form."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from frontend.batches.forms import TermsForm, local_input
from frontend.batches.wording import version_name
from kernel.clock import now
from kernel.errors import FieldProblem, Invalid
from tasks.domain import manuals, repair_scope
from tasks.domain.template_diff import differences
from tasks.models import Batch, Repair, TemplateVersion
from tasks.states import ENDED_BATCH, JobState

VERSIONS_SHOWN = 20
# A new deadline is proposed for the evening of the day after so long.
PROPOSED_AFTER = timedelta(days=7)
EVENING = 18


class Offer:
    """What there is to choose from for one batch."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.step = manuals.step_of(batch.pk)
        self.own = self.step.template_version

    @cached_property
    def newer(self) -> list[TemplateVersion]:
        return list(manuals.newer_versions(self.step)[:VERSIONS_SHOWN])

    @cached_property
    def newest(self) -> TemplateVersion | None:
        return manuals.newest(self.step)

    @cached_property
    def base(self) -> TemplateVersion:
        """Whose manual is corrected, unless the director asks for the batch's own."""
        return self.newest or self.own

    @cached_property
    def failed(self) -> Repair | None:
        """The last repair, if it broke off."""
        last = last_repair(self.batch)
        return last if last is not None and last.state == JobState.FAILED else None

    @property
    def own_name(self) -> str:
        return version_name(self.own, beside=self.base)

    @property
    def newest_name(self) -> str:
        return version_name(self.base, beside=self.own)

    @property
    def ended(self) -> bool:
        return self.batch.state in ENDED_BATCH

    @property
    def is_over(self) -> bool:
        return self.batch.deadline is not None and self.batch.deadline <= now()

    def proposed_deadline(self) -> str:
        if not self.is_over:
            return local_input(self.batch.deadline)
        return local_input(localtime(now() + PROPOSED_AFTER).replace(hour=EVENING, minute=0))


@dataclass(frozen=True)
class Card:
    """One of the ways to say what is right now. `how` is its value, `version` the one it goes on with."""

    how: str
    icon: str
    title: str
    hint: str = ""
    version: TemplateVersion | None = None


def cards(offer: Offer) -> list[Card]:
    found = []
    if offer.failed is not None:
        title = _("Go on where the last correction broke off")
        found.append(Card(f"v{offer.failed.after_id}", "refresh", title))
    for one in offer.newer:
        title = f"{one.template.title} {version_name(one, beside=offer.own)}"
        found.append(Card(f"v{one.pk}", "versions", title, version=one))
    if offer.newest is None:
        title, hint = (
            _("Correct the manual here"),
            _("It becomes a new version; form and checks stay as they are."),
        )
        return [*found, Card("text", "pencil", title, hint)]
    names = {"own": offer.own_name, "newer": offer.newest_name}
    on_newest = Card(
        "text",
        "pencil",
        _("Correct the manual of %(newer)s here") % names,
        _("It becomes a new version, with the form and checks of %(newer)s.") % names,
    )
    on_own = Card(
        "own",
        "pencil",
        _("Correct the manual of %(own)s, which the batch has") % names,
        _("What %(newer)s changed is left out, also in later batches.") % names,
    )
    return [*found, on_newest, on_own]


def last_repair(batch: Batch) -> Repair | None:
    rows = Repair.objects.filter(batch=batch).select_related("before", "after__template", "created_by")
    return rows.order_by("-pk").first()


@dataclass(frozen=True)
class Typed:
    """`how`: "text" for the corrected manual of the version `base`, "own" for that of the batch's own version
    where there is a newer one, else "v" and the number of a version to go on with as it is."""

    how: str
    base: str
    manual_ja: str
    manual_en: str
    own_ja: str
    own_en: str
    scope: str
    note: str
    deadline: str

    @classmethod
    def of(cls, posted: Mapping[str, str], offer: Offer) -> "Typed":
        def text(name: str, default: str) -> str:
            return posted.get(name, default).replace("\r\n", "\n")

        return cls(
            how=posted.get("how") or _usual(offer),
            base=posted.get("base", str(offer.base.pk)),
            manual_ja=text("manual_ja", offer.base.manual_ja),
            manual_en=text("manual_en", offer.base.manual_en),
            own_ja=text("own_ja", offer.own.manual_ja),
            own_en=text("own_en", offer.own.manual_en),
            scope=posted.get("scope", Repair.Scope.ALL),
            note=text("note", ""),
            deadline=posted.get("deadline", offer.proposed_deadline()),
        )

    def choice(self, offer: Offer) -> dict[str, Any]:
        """As `tasks.domain.repair.start` takes it. Raises `Invalid` for a deadline that is no moment."""
        return {
            "scope": self.scope,
            "note": self.note,
            "deadline": self._deadline(offer.batch),
            **self._version(offer),
        }

    def _version(self, offer: Offer) -> dict[str, Any]:
        if self.how == "own":
            return {"version_id": offer.own.pk, "manual_ja": self.own_ja, "manual_en": self.own_en}
        if self.how == "text":
            return {
                "version_id": number_of(self.base),
                "manual_ja": self.manual_ja,
                "manual_en": self.manual_en,
            }
        return {"version_id": number_of(self.how.removeprefix("v"))}

    def _deadline(self, batch: Batch) -> datetime | None:
        """None where it stays as it is: the control knows no seconds."""
        if self.deadline == local_input(batch.deadline):
            return None
        try:
            found: datetime | None = TermsForm.base_fields["deadline"].clean(self.deadline)
        except ValidationError as wrong:
            problem = FieldProblem("deadline", "not_a_moment", " ".join(wrong.messages))
            raise Invalid(
                "repair_invalid", _("The manual could not be corrected."), fields=[problem]
            ) from wrong
        return found


def _usual(offer: Offer) -> str:
    if offer.failed is not None:
        return f"v{offer.failed.after_id}"
    return f"v{offer.newest.pk}" if offer.newest is not None else "text"


def number_of(text: str) -> int:
    """0, which no version has, for what is no number."""
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def context_of(offer: Offer, typed: Typed, problems: Invalid | None) -> dict[str, Any]:
    return {
        "batch": offer.batch,
        "step": offer.step,
        "offer": offer,
        "typed": typed,
        "cards": cards(offer),
        "newest_changes": differences(offer.own, offer.newest) if offer.newest is not None else None,
        "plan": repair_scope.plan(offer.step),
        "earliest": local_input(now()),
        "errors": {one.field: one.message for one in problems.fields} if problems else {},
        "problem": problems.message if problems else "",
        "shown_at_own": typed.how == "own",
        "shown_at_base": typed.how != "own",
    }
