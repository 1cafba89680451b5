"""Tables of the log. No foreign keys into the rest: the audit outlives what it speaks of."""

from django.db import models
from django.db.models import Q


class Event(models.Model):
    """Something that happened. Never updated, never deleted; ids are not commit order."""

    name = models.CharField(max_length=60)
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=60, blank=True)
    payload = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.name} #{self.pk}"


class EventAudience(models.Model):
    """Who may hear of an event: one row per topic; `position` comes from the dispatcher."""

    pk = models.CompositePrimaryKey("event_id", "topic")
    # Written in the same statement as its event, so the constraint would only cost the hot path.
    event = models.ForeignKey(
        Event, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="audience"
    )
    topic = models.CharField(max_length=80)
    position = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["topic", "position"], name="audience_topic_position"),
            models.Index(fields=["event"], name="audience_pending", condition=Q(position=None)),
        ]


class Position(models.Model):
    """The dense, commit-safe order of events: the only number from which reading may resume."""

    position = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(
        Event, on_delete=models.DO_NOTHING, db_constraint=False, related_name="place"
    )


class ReaderCursor(models.Model):
    """How far one handler has read; `tries` counts failures of the event right behind `position`."""

    name = models.CharField(max_length=40, primary_key=True)
    position = models.BigIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)


class ParkedEvent(models.Model):
    """An event a handler gave up on, kept for a person to look at."""

    reader = models.CharField(max_length=40)
    position = models.BigIntegerField()
    event_id = models.BigIntegerField()
    error = models.TextField()
    parked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reader", "position"], name="parked_event_once")]
