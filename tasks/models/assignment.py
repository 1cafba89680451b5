from django.db import models
from django.db.models import Q
from django_fsm import FSMField, transition

from kernel.transitions import MachineMixin
from tasks.states import HOLDING, ON_TASK, AssignmentState, ReportReason, Use

CHANGES_AT_MOST = 2


def _may_ask_again(assignment: "Assignment") -> bool:
    return assignment.rounds < CHANGES_AT_MOST


class Assignment(MachineMixin, models.Model):
    """One worker's hold on one slot: who, on which agreed terms, what became of it.

    `batch`, `store` and `step` repeat what the slot says, so that queues are one index deep.
    """

    slot = models.ForeignKey("tasks.Slot", on_delete=models.CASCADE, related_name="assignments")
    task = models.ForeignKey("tasks.Task", on_delete=models.CASCADE, related_name="assignments")
    step = models.ForeignKey("tasks.Step", on_delete=models.CASCADE, related_name="assignments")
    batch = models.ForeignKey(
        "tasks.Batch", on_delete=models.CASCADE, related_name="assignments", db_index=False
    )  # "assignment_of_batch" begins with it
    store = models.ForeignKey("accounts.Store", on_delete=models.PROTECT, related_name="assignments")
    worker = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="assignments")
    template_version = models.ForeignKey("tasks.TemplateVersion", on_delete=models.PROTECT, related_name="+")
    reward = models.PositiveIntegerField(help_text="yen, as agreed at the claim")
    state: "models.CharField[str, str]" = FSMField(
        default=AssignmentState.CLAIMED, choices=AssignmentState.choices, protected=True
    )
    use = models.CharField(max_length=10, choices=Use.choices, blank=True, default=Use.NONE)
    # Paid, but made by a manual that was wrong: not used, and its worker may do the task again.
    set_aside = models.BooleanField(default=False)
    # The version at the claim, if a held task was moved to a newer one.
    claimed_version = models.ForeignKey(
        "tasks.TemplateVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )

    claimed_at = models.DateTimeField()
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    lease_remaining = models.DurationField(null=True, blank=True, help_text="kept while the batch is paused")
    ended_at = models.DateTimeField(null=True, blank=True)
    # A director took the task from its holder, who is told why.
    freed_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    freed_reason = models.TextField(blank=True)
    report_due_at = models.DateTimeField(
        null=True, blank=True, help_text="a report nobody answered is settled"
    )

    draft = models.JSONField(default=dict)
    fence = models.PositiveIntegerField(default=0)
    draft_saved_at = models.DateTimeField(null=True, blank=True)
    # Staff work: the colleague whose draft this hold began with.
    started_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    submitted_at = models.DateTimeField(null=True, blank=True)
    auto_approve_at = models.DateTimeField(null=True, blank=True)
    reminded = models.PositiveSmallIntegerField(default=0, help_text="per cent of the window reminded of")
    resubmit_by = models.DateTimeField(null=True, blank=True)
    clock_waits = models.BooleanField(
        default=False, help_text="the notice of the running window is not handed over yet: it cannot ring"
    )
    rounds = models.PositiveSmallIntegerField(default=0)
    reviewer = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="reviewing"
    )
    review_lease_until = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["slot"],
                condition=Q(state__in=HOLDING) | Q(state="approved", use__in=["used", "unseen"]),
                name="assignment_one_live_per_slot",
            ),
            models.UniqueConstraint(
                fields=["worker", "task"],
                condition=ON_TASK,
                name="assignment_one_per_worker_and_task",
            ),
            models.UniqueConstraint(
                fields=["task"],
                condition=Q(state="approved", use="used"),
                name="assignment_one_used_per_task",
            ),
            models.CheckConstraint(
                condition=Q(state__in=AssignmentState.values), name="assignment_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state="approved", use__in=["used", "unseen", "unused"])
                | (~Q(state="approved") & Q(use="")),
                name="assignment_use_iff_approved",
            ),
            models.CheckConstraint(
                condition=~Q(state="claimed")
                | Q(lease_expires_at__isnull=False)
                | Q(lease_remaining__isnull=False),
                name="assignment_claimed_has_lease",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["submitted", "in_review", "surplus"])
                | Q(submitted_at__isnull=False, auto_approve_at__isnull=False),
                name="assignment_submitted_has_clock",
            ),
            models.CheckConstraint(
                condition=~Q(state="in_review") | Q(reviewer__isnull=False, review_lease_until__isnull=False),
                name="assignment_review_has_reviewer",
            ),
            models.CheckConstraint(
                condition=~Q(state="changes_requested") | Q(resubmit_by__isnull=False),
                name="assignment_returned_has_window",
            ),
            models.CheckConstraint(
                condition=Q(state="reported", report_due_at__isnull=False)
                | (~Q(state="reported") & Q(report_due_at=None)),
                name="assignment_reported_has_clock",
            ),
        ]
        indexes = [
            models.Index(fields=["worker", "state", "-id"], name="assignment_mine"),
            models.Index(fields=["task", "worker"], name="assignment_by_task"),
            models.Index(fields=["step", "worker"], name="assignment_cap"),
            models.Index(fields=["batch", "state", "id"], name="assignment_by_batch"),
            models.Index(fields=["batch", "id"], name="assignment_of_batch"),
            models.Index(
                fields=["store", "auto_approve_at", "id"],
                condition=Q(state__in=["submitted", "in_review", "surplus"]),
                name="assignment_review_queue",
            ),
            models.Index(fields=["lease_expires_at"], condition=Q(state="claimed"), name="assignment_leases"),
            models.Index(
                fields=["resubmit_by"], condition=Q(state="changes_requested"), name="assignment_windows"
            ),
            models.Index(
                fields=["auto_approve_at"],
                condition=Q(state__in=["submitted", "in_review", "surplus"]),
                name="assignment_silence",
            ),
            models.Index(fields=["report_due_at"], condition=Q(state="reported"), name="assignment_reports"),
            models.Index(
                fields=["review_lease_until"], condition=Q(state="in_review"), name="assignment_desks"
            ),
            models.Index(
                fields=["store", "decided_at"],
                condition=Q(state="approved", use="unseen"),
                name="assignment_unseen",
            ),
        ]

    def __str__(self) -> str:
        return f"assignment {self.pk}"

    @transition(
        field=state,
        source=[AssignmentState.CLAIMED, AssignmentState.CHANGES_REQUESTED],
        target=AssignmentState.SUBMITTED,
    )
    def submit(self) -> None: ...

    @transition(field=state, source=AssignmentState.CLAIMED, target=AssignmentState.RELEASED)
    def release(self) -> None: ...

    @transition(field=state, source=AssignmentState.CLAIMED, target=AssignmentState.REPORTED)
    def report(self) -> None: ...

    @transition(field=state, source=AssignmentState.REPORTED, target=AssignmentState.CLAIMED)
    def answer_report(self) -> None: ...

    @transition(field=state, source=AssignmentState.REPORTED, target=AssignmentState.SETTLED)
    def settle_report(self) -> None: ...

    @transition(field=state, source=AssignmentState.CLAIMED, target=AssignmentState.EXPIRED)
    def expire(self) -> None: ...

    @transition(
        field=state,
        source=[AssignmentState.EXPIRED, AssignmentState.RELEASED],
        target=AssignmentState.SURPLUS,
    )
    def submit_late(self) -> None: ...

    @transition(field=state, source=AssignmentState.SUBMITTED, target=AssignmentState.IN_REVIEW)
    def start_review(self) -> None: ...

    @transition(field=state, source=AssignmentState.IN_REVIEW, target=AssignmentState.SUBMITTED)
    def stop_review(self) -> None: ...

    @transition(
        field=state,
        source=[AssignmentState.SUBMITTED, AssignmentState.IN_REVIEW, AssignmentState.SURPLUS],
        target=AssignmentState.APPROVED,
    )
    def approve(self) -> None: ...

    @transition(field=state, source=AssignmentState.APPROVED, target=AssignmentState.IN_REVIEW)
    def undo(self) -> None: ...

    @transition(field=state, source=AssignmentState.APPROVED, target=AssignmentState.SURPLUS)
    def undo_late(self) -> None: ...

    @transition(
        field=state,
        source=[AssignmentState.SUBMITTED, AssignmentState.IN_REVIEW],
        target=AssignmentState.CHANGES_REQUESTED,
        conditions=[_may_ask_again],
    )
    def request_changes(self) -> None: ...

    @transition(field=state, source=AssignmentState.CHANGES_REQUESTED, target=AssignmentState.SUBMITTED)
    def end_window(self) -> None: ...

    @transition(
        field=state,
        source=[AssignmentState.SUBMITTED, AssignmentState.IN_REVIEW, AssignmentState.SURPLUS],
        target=AssignmentState.REJECTED,
    )
    def reject(self) -> None: ...

    @transition(
        field=state,
        source=[
            AssignmentState.SUBMITTED,
            AssignmentState.IN_REVIEW,
            AssignmentState.CHANGES_REQUESTED,
            AssignmentState.SURPLUS,
            AssignmentState.REJECTED,
            AssignmentState.APPROVED,
        ],
        target=AssignmentState.APPROVED,
    )
    def excuse(self) -> None: ...


class Report(models.Model):
    """A worker says that a held task cannot be done, and what the store made of it."""

    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="reports")
    batch = models.ForeignKey("tasks.Batch", on_delete=models.CASCADE, related_name="reports")
    reason = models.CharField(max_length=20, choices=ReportReason.choices)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    # Answered or settled, by a person or by the clock.
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assignment"], condition=Q(closed_at=None), name="report_one_open"
            ),
            models.CheckConstraint(condition=Q(reason__in=ReportReason.values), name="report_reason_known"),
        ]
        indexes = [
            models.Index(fields=["batch", "reason"], condition=Q(closed_at=None), name="report_alike"),
            models.Index(fields=["batch", "-id"], name="report_latest"),
        ]

    def __str__(self) -> str:
        return f"report {self.pk}"


class DraftAlternative(models.Model):
    """Text that a save brought too late; kept so that the worker can take from it."""

    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="alternatives")
    answer = models.JSONField()
    fence = models.PositiveIntegerField(help_text="the fence the save was based on")
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["assignment", "-id"], name="alternative_latest")]

    def __str__(self) -> str:
        return f"alternative {self.pk}"
