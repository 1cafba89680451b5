from django.db import models
from django_fsm import FSMField, transition

from kernel.transitions import MachineMixin
from tasks.states import JobState


class JobMachine(MachineMixin, models.Model):
    """The state of a row whose work a job does."""

    state: "models.CharField[str, str]" = FSMField(
        default=JobState.QUEUED,
        choices=[choice for choice in JobState.choices if choice[0] != JobState.DISCARDED],
        protected=True,
    )

    class Meta:
        abstract = True

    @transition(field=state, source=[JobState.QUEUED, JobState.RUNNING], target=JobState.RUNNING)
    def start(self) -> None: ...

    @transition(field=state, source=JobState.RUNNING, target=JobState.DONE)
    def finish(self) -> None: ...

    @transition(field=state, source=[JobState.QUEUED, JobState.RUNNING], target=JobState.FAILED)
    def fail(self) -> None: ...
