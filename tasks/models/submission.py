from typing import Any

from django.db import models
from django.db.models import Q

from tasks.states import Decision


class SubmissionIsFrozen(Exception):
    """A submission was about to be changed."""


class Submission(models.Model):
    """One numbered revision of an answer; never changed afterwards."""

    assignment = models.ForeignKey("tasks.Assignment", on_delete=models.CASCADE, related_name="submissions")
    number = models.PositiveSmallIntegerField()
    answer = models.JSONField()
    checks = models.JSONField(default=list)
    late = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment", "number"], name="submission_number_once")
        ]

    def __str__(self) -> str:
        return f"submission {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise SubmissionIsFrozen(f"{self} cannot change")
        super().save(*args, **kwargs)


class Correction(models.Model):
    """A reviewer's own small change on top of an unchanged submission: the answer that is used."""

    submission = models.OneToOneField(Submission, on_delete=models.CASCADE, related_name="correction")
    # The whole answer as corrected, and the names of the fields that differ.
    answer = models.JSONField()
    fields = models.JSONField()
    note = models.TextField(blank=True)
    corrected_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="corrections")
    # Prices and addresses are used only after somebody else has looked (`review.accept`).
    second_person = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(fields=[]), name="correction_changes")]

    def __str__(self) -> str:
        return f"correction of {self.submission_id}"


class Review(models.Model):
    """One decision on one submission at one stage (decision, acceptance for use)."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="reviews")
    stage = models.PositiveSmallIntegerField(default=1)
    decision = models.CharField(max_length=20, choices=Decision.choices)
    reviewer = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="reviews")
    # Field name → comment.
    comments = models.JSONField(default=dict)
    # Ids of checklist items and failed checks that a rejection cites.
    reasons = models.JSONField(default=list)
    note = models.TextField(blank=True)
    own_work = models.BooleanField(default=False, help_text="a director accepted their own staff work")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            # A request that the worker let pass leaves the submission to be decided as it stands, and so does
            # an approval that was taken back.
            models.UniqueConstraint(
                fields=["submission"],
                condition=Q(stage=1) & ~Q(decision__in=["changes_requested", "undone"]),
                name="review_one_decision",
            ),
            models.CheckConstraint(
                condition=~Q(decision="rejected") | ~Q(reasons=[]), name="review_rejection_cites"
            ),
            models.CheckConstraint(
                condition=Q(reviewer__isnull=False) | Q(decision="silence"), name="review_has_reviewer"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decision} of {self.submission_id}"
