from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from kernel.transitions import MachineMixin
from tasks.states import ENDED_BATCH, Audience, BatchState, PauseReason


class Batch(MachineMixin, models.Model):
    """One posting of work by a store: the offer."""

    store = models.ForeignKey("accounts.Store", on_delete=models.PROTECT, related_name="batches")
    title = models.CharField(_("title"), max_length=200)
    state: "models.CharField[str, str]" = FSMField(
        default=BatchState.DRAFT, choices=BatchState.choices, protected=True
    )
    created_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True)
    deadline = models.DateTimeField(_("deadline"), null=True, blank=True)
    deadline_reminded = models.BooleanField(default=False)
    unseen_reminded_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=20, choices=PauseReason.choices, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["store", "-id"], name="batch_by_store"),
            models.Index(fields=["deadline"], condition=Q(state__in=["open", "paused"]), name="batch_due"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=BatchState.values), name="batch_state_known"),
            models.CheckConstraint(
                condition=Q(state="paused", paused_at__isnull=False)
                | (~Q(state="paused") & Q(paused_at=None)),
                name="batch_paused_has_time",
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=False) | Q(state__in=["draft", "cancelled"]),
                name="batch_published_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @transition(field=state, source=BatchState.DRAFT, target=BatchState.OPEN)
    def publish(self) -> None: ...

    @transition(field=state, source=BatchState.OPEN, target=BatchState.PAUSED)
    def pause(self) -> None: ...

    @transition(field=state, source=BatchState.PAUSED, target=BatchState.OPEN)
    def resume(self) -> None: ...

    @transition(field=state, source=[BatchState.OPEN, BatchState.PAUSED], target=BatchState.CLOSED)
    def close(self) -> None: ...

    @transition(field=state, source=ENDED_BATCH, target=BatchState.PAUSED)
    def reopen(self) -> None: ...

    @transition(field=state, source=[BatchState.OPEN, BatchState.CLOSED], target=BatchState.COMPLETED)
    def complete(self) -> None: ...

    @transition(
        field=state,
        source=[BatchState.DRAFT, BatchState.OPEN, BatchState.PAUSED],
        target=BatchState.CANCELLED,
    )
    def cancel(self) -> None: ...


class Step(models.Model):
    """One template version with its terms inside a batch. A plain batch has exactly one."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField(default=1)
    template_version = models.ForeignKey(
        "tasks.TemplateVersion", on_delete=models.PROTECT, related_name="steps"
    )
    audience = models.CharField(_("who does it"), max_length=10, choices=Audience.choices)
    open_to_all = models.BooleanField(_("open to every freelancer"), default=False)
    reward = models.PositiveIntegerField(_("reward"), default=0, help_text=_("yen per answer"))
    answers_per_task = models.PositiveSmallIntegerField(_("answers per task"), default=1)
    lease_minutes = models.PositiveIntegerField(_("time to work"), default=60)
    per_worker_cap = models.PositiveIntegerField(_("most per worker"), null=True, blank=True)
    auto_approve_days = models.PositiveSmallIntegerField(default=7)
    resubmit_days = models.PositiveSmallIntegerField(default=3)
    impossible_share = models.PositiveSmallIntegerField(
        _("share for what cannot be done"), default=20, help_text=_("per cent of the reward")
    )
    pilot_tasks = models.PositiveIntegerField(_("pilot"), null=True, blank=True)
    pilot_ended_at = models.DateTimeField(null=True, blank=True)
    # Every answer of the pilot is decided, and the directors were told.
    pilot_decided_at = models.DateTimeField(null=True, blank=True)
    # Checks of a mapped table's columns, on top of the template's.
    checks = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "position"], name="step_position_once"),
            models.CheckConstraint(condition=Q(audience__in=Audience.values), name="step_audience_known"),
            models.CheckConstraint(
                condition=Q(answers_per_task__gte=1, answers_per_task__lte=5), name="step_answers_1_to_5"
            ),
            models.CheckConstraint(
                condition=Q(lease_minutes__gte=1, lease_minutes__lte=43_200), name="step_lease_in_bounds"
            ),
            models.CheckConstraint(
                condition=Q(per_worker_cap=None) | Q(per_worker_cap__gte=1), name="step_cap_positive"
            ),
            models.CheckConstraint(
                condition=Q(open_to_all=False) | Q(audience="crowd"), name="step_only_crowd_is_open"
            ),
            models.CheckConstraint(condition=Q(impossible_share__lte=100), name="step_share_per_cent"),
            models.CheckConstraint(
                condition=Q(pilot_tasks=None) | Q(pilot_tasks__gte=1), name="step_pilot_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}/{self.position}"
