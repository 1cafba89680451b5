"""What follows when a batch ends: its free slots are cancelled, chunk by chunk."""

from datetime import datetime

from django.db import transaction

from events import record
from tasks import topics
from tasks.domain import batches, needs
from tasks.models import Batch
from tasks.states import BatchState

CHUNK = 1000


@transaction.atomic
def cancel_chunk(*, batch_id: int, now: datetime) -> bool:
    """Cancels up to 1,000 free slots of an ended batch; False when none was left."""
    batch = Batch.objects.get(pk=batch_id)
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
