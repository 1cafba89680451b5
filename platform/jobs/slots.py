"""Periodic functions: whoever moves the slot on runs it."""

import logging

from django.db import transaction

from jobs.define import PERIODIC, Periodic
from jobs.models import PeriodicSlot
from kernel import clock
from kernel.loops import Loop

logger = logging.getLogger("tencho.jobs")


def run_due() -> int:
    """Runs what is due and not taken by another runner; returns how many ran without an error."""
    return sum(_run(entry) for entry in _due() if _take(entry))


def _due() -> list[Periodic]:
    now = clock.now()
    slots = dict(PeriodicSlot.objects.values_list("name", "next_at"))
    for name in PERIODIC.keys() - slots.keys():
        PeriodicSlot.objects.get_or_create(name=name, defaults={"next_at": now})
    return [entry for name, entry in PERIODIC.items() if slots.get(name, now) <= now]


def _take(entry: Periodic) -> bool:
    with transaction.atomic():
        now = clock.now()
        due = PeriodicSlot.objects.select_for_update(skip_locked=True)
        slot = due.filter(name=entry.name, next_at__lte=now).first()
        if slot is None:
            return False
        slot.next_at = now + entry.every
        slot.save(update_fields=["next_at"])
        return True


def _run(entry: Periodic) -> bool:
    try:
        entry.function()
    except Exception:
        logger.exception("%s failed", entry.name)
        return False
    return True


class PeriodicThread(Loop):
    """Has a thread of its own, so that an hour-long job delays no deadline."""

    def __init__(self) -> None:
        super().__init__("periodic", interval=0.5)

    def step(self) -> bool:
        run_due()
        return False
