"""Periodic functions: whoever moves the slot on runs it."""

import logging
from collections.abc import Collection

from django.db import transaction

from jobs.define import PERIODIC, Periodic
from jobs.models import PeriodicSlot
from kernel import clock
from kernel.loops import Loop

logger = logging.getLogger("tencho.jobs")


def run_due(names: Collection[str] | None = None) -> int:
    """Runs what is due (of `names`, or all) and not taken by another runner; returns how many ran well."""
    entries = [entry for name, entry in PERIODIC.items() if names is None or name in names]
    return sum(_run(entry) for entry in _due(entries) if _take(entry))


def _due(entries: list[Periodic]) -> list[Periodic]:
    now = clock.now()
    slots = dict(PeriodicSlot.objects.values_list("name", "next_at"))
    for entry in entries:
        if entry.name not in slots:
            PeriodicSlot.objects.get_or_create(name=entry.name, defaults={"next_at": now})
    return [entry for entry in entries if slots.get(entry.name, now) <= now]


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

    def __init__(self, label: str, names: Collection[str]) -> None:
        super().__init__(label, interval=0.5)
        self._names = names

    def step(self) -> bool:
        run_due(self._names)
        return False


def periodic_threads() -> list[PeriodicThread]:
    """One for all periodic functions that only look at the database, and one for each of the others."""
    together = [name for name, entry in PERIODIC.items() if not entry.alone]
    alone = [(name.rsplit(".", 1)[1], [name]) for name, entry in PERIODIC.items() if entry.alone]
    return [PeriodicThread(label, names) for label, names in [("periodic", together), *alone]]
