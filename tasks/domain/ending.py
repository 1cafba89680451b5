"""What follows when a batch ends: its free slots are cancelled, chunk by chunk."""

from datetime import datetime, timedelta

from django.db import transaction

from events import record
from tasks import topics
from tasks.domain import batches, needs
from tasks.domain.one_by_one import one_by_one
from tasks.models import Batch, Slot
from tasks.states import BatchState

CHUNK = 1000
# How long after its end a batch is looked at again.
LEFTOVERS = timedelta(days=7)


@transaction.atomic
def cancel_chunk(*, batch_id: int, now: datetime) -> bool:
    """Cancels up to 1,000 free slots of an ended batch; False when none was left."""
    # Locked: what a repair opens again must not be taken for what is left over.
    batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch_id)
    if batch.state not in (BatchState.CLOSED, BatchState.CANCELLED):
        return False
    slots = needs.cancel_free_slots(batch_id, now=now, limit=CHUNK)
    if slots:
        record(
            "batch.slots_cancelled", topics=topics.of_batch(batch), actor=None, batch=batch_id, slots=slots
        )
        return True
    batches.complete_if_done(batch, now=now)
    return False


def cancel_leftovers(*, now: datetime) -> int:
    """Cancels slots that were given back in the same moment in which their batch ended; returns batches."""
    ended = Batch.objects.filter(
        state__in=[BatchState.CLOSED, BatchState.CANCELLED], ended_at__gt=now - LEFTOVERS
    )
    ids = list(ended.values_list("pk", flat=True))
    free = Slot.objects.filter(step__batch_id__in=ids, state__in=needs.FREE)
    found = free.order_by().values_list("step__batch_id", flat=True).distinct()
    return one_by_one(list(found), lambda batch_id: cancel_chunk(batch_id=batch_id, now=now))
