"""What happened in a batch, in words."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from events.models import Event, EventAudience
from tasks.models import Task

SHOWN = 20
# Among so many of the latest events there are nearly always enough that are told.
LOOKED_AT = 60


@dataclass(frozen=True)
class Line:
    id: int
    at: datetime
    icon: str
    text: str
    task_id: int | None


_CLOCK = _("The clock")
_SOMEBODY = _("Somebody")
# Event name → icon, sentence.
TOLD: dict[str, tuple[str, Promise]] = {
    "batch.published": ("send", _("%(who)s published the batch.")),
    "batch.paused": ("player-pause", _("%(who)s paused the batch.")),
    "batch.resumed": ("player-play", _("%(who)s resumed the batch.")),
    "batch.closed": ("lock", _("%(who)s closed the batch.")),
    "batch.reopened": ("lock-open", _("%(who)s opened the batch again, to correct its manual.")),
    "batch.cancelled": ("ban", _("%(who)s cancelled the batch.")),
    "batch.completed": ("circle-check", _("The batch is complete.")),
    "batch.deadline_near": ("alarm", _("The deadline is less than a day away.")),
    "batch.slots_cancelled": ("ban", _("Tasks that nobody had taken were withdrawn.")),
    "assignment.claimed": ("hand-grab", _("%(who)s took “%(what)s”.")),
    "assignment.released": ("arrow-back-up", _("%(who)s gave “%(what)s” back.")),
    "assignment.freed": ("arrow-back-up", _("%(who)s took “%(what)s” back from its holder.")),
    "assignment.reported": ("hand-stop", _("%(who)s says that “%(what)s” cannot be done.")),
    "assignment.report_answered": ("message", _("%(who)s answered the report on “%(what)s”.")),
    "assignment.settled": ("circle-off", _("%(who)s agreed that “%(what)s” cannot be done.")),
    "assignment.approval_undone": ("arrow-back-up", _("%(who)s took the approval of “%(what)s” back.")),
    "assignment.expired": ("clock-x", _("The time for “%(what)s” ran out; it is on offer again.")),
    "assignment.submitted": ("inbox", _("%(who)s handed in “%(what)s”.")),
    "assignment.approved": ("check", _("%(who)s approved “%(what)s”.")),
    "assignment.accepted": ("checks", _("%(who)s accepted “%(what)s” for use.")),
    "assignment.changes_requested": ("message-2", _("%(who)s returned “%(what)s” with comments.")),
    "assignment.window_ended": (
        "clock-x",
        _("The time to change “%(what)s” is over; it is decided as it stands."),
    ),
    "assignment.rejected": ("x", _("%(who)s rejected “%(what)s”.")),
    "batch.pilot_ended": ("player-play", _("%(who)s offered the rest after the pilot.")),
    "repair.started": ("book", _("%(who)s began to correct the manual.")),
    "repair.done": ("book", _("The manual is corrected; the tasks concerned are open again.")),
    "repair.failed": ("alert-triangle", _("Correcting the manual broke off.")),
    "question.into_manual": ("book-upload", _("%(who)s put an answer into the manual.")),
    "release.queued": ("file-export", _("%(who)s asked for a result file.")),
    "release.done": ("file-check", _("A result file is ready.")),
    "release.failed": ("file-alert", _("A result file could not be written.")),
}
# What nobody did: the clock.
BY_ITSELF: dict[str, tuple[str, Promise]] = {
    "batch.closed": ("lock", _("The batch was closed by the clock.")),
    "assignment.settled": (
        "clock-check",
        _("Nobody answered the report on “%(what)s”; it counts as agreed."),
    ),
    "batch.paused": ("player-pause", _("The batch paused by itself.")),
    "assignment.approved": ("clock-check", _("“%(what)s” was approved by silence.")),
}


def latest(batch_id: int) -> list[Line]:
    """The newest lines first. Three queries, however much has happened."""
    heard = EventAudience.objects.filter(topic=f"batch.{batch_id}", position__isnull=False)
    rows = heard.select_related("event").order_by("-position")[:LOOKED_AT]
    told = [row.event for row in rows if row.event.name in TOLD][:SHOWN]
    names = {
        user.pk: str(user) for user in User.objects.filter(pk__in={e.actor_id for e in told if e.actor_id})
    }
    tasks = {event.payload["task"] for event in told if "task" in event.payload}
    titles = dict(Task.objects.filter(pk__in=tasks).values_list("pk", "unit__title"))
    return [_line(event, names, titles) for event in told]


def _line(event: Event, names: dict[int, str], titles: dict[int, str]) -> Line:
    icon, sentence = TOLD[event.name]
    if event.actor_id is None:
        icon, sentence = BY_ITSELF.get(event.name, (icon, sentence))
    task_id = event.payload.get("task")
    who = names.get(event.actor_id, _SOMEBODY) if event.actor_id else _CLOCK
    words = {"who": str(who), "what": titles.get(task_id or 0, "")}
    return Line(event.pk, event.at, icon, str(sentence) % words, task_id)
