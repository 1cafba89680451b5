"""What runs later. Each calls one domain function and may be run twice."""

from datetime import timedelta

from jobs import job, periodic, stopping
from kernel.clock import now


@job()
def cancel_free_slots(batch_id: int) -> None:
    """Cancels the unclaimed slots of an ended batch, at most 1,000 a transaction."""
    # Domain modules enqueue these jobs, so the jobs load the domain when they run.
    from tasks.domain.ending import cancel_chunk

    while cancel_chunk(batch_id=batch_id, now=now()):
        stopping()


@job()
def set_pilot_up(batch_id: int) -> None:
    from tasks.domain import pilot  # as above

    pilot.set_up(batch_id=batch_id, now=now())


@job()
def offer_waiting(batch_id: int) -> None:
    from tasks.domain import pilot  # as above

    pilot.offer_rest(batch_id=batch_id, now=now())


def _repair_gave_up(repair_id: int) -> None:
    from tasks.domain import repair  # as above

    repair.give_up(repair_id=repair_id, now=now())


@job(on_failed=_repair_gave_up)
def run_repair(repair_id: int) -> None:
    from tasks.domain import repair  # as above

    repair.run(repair_id=repair_id)


def _later_check_gave_up(later_check_id: int) -> None:
    from tasks.domain import later_checks  # as above

    later_checks.give_up(later_check_id=later_check_id, now=now())


@job(on_failed=_later_check_gave_up)
def run_later_check(later_check_id: int) -> None:
    from tasks.domain import later_checks  # as above

    later_checks.run(later_check_id=later_check_id)


@job()
def refresh_places(release_id: int) -> None:
    """Where the answers stand that later checks found, after a file of their batch has changed."""
    from tasks.domain import later_places  # as above

    later_places.refresh(release_id=release_id)


def _plan_gave_up(plan_id: int) -> None:
    from tasks.domain import repair_plans  # as above

    repair_plans.give_up(plan_id=plan_id, now=now())


@job(on_failed=_plan_gave_up)
def count_repair(plan_id: int) -> None:
    from tasks.domain import repair_plans  # as above

    repair_plans.run(plan_id=plan_id)


def _import_gave_up(import_id: int) -> None:
    from tasks.domain.imports import give_up  # as above

    give_up(import_id=import_id, now=now())


@job(on_failed=_import_gave_up)
def read_source(import_id: int) -> None:
    from tasks.domain.imports import run_import  # as above

    run_import(import_id=import_id)


@job()
def remove_discarded(batch_id: int) -> None:
    from tasks.domain import imports  # as above

    imports.remove_discarded(batch_id=batch_id)


def _release_gave_up(release_id: int) -> None:
    from tasks.domain.releases import give_up  # as above

    give_up(release_id=release_id, now=now())


@job(on_failed=_release_gave_up)
def write_release(release_id: int) -> None:
    from tasks.domain.releases import run_release  # as above

    run_release(release_id=release_id)


@job()
def clear_release(release_id: int) -> None:
    """Removes what a release that failed for good had staged."""
    from tasks.domain.release_cells import clear  # as above

    clear(release_id)


@periodic(every=timedelta(seconds=5))
def sweep_clocks() -> None:
    from tasks.domain.clocks import sweep  # as above

    sweep(now=now())


@periodic(every=timedelta(seconds=2))
def fold_counts() -> None:
    from tasks.domain.counts import fold  # as above

    while fold() == 5000:
        stopping()


@periodic(every=timedelta(hours=6))
def remove_orphans() -> None:
    from tasks.domain import orphans  # as above

    orphans.remove_orphans(now=now())
