"""Which result files went into the shop: somebody ticks them off. What is new since follows from that."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.domain.queries import has_role
from accounts.models import User
from events import record
from exchange.rendering import unify_line_ends
from kernel.errors import Conflict
from tasks import jobs, rules, topics
from tasks.domain.queries import visible_releases
from tasks.domain.release_cells import Cell
from tasks.errors import Missing, RoleMissing
from tasks.models import Release, ReleaseCell
from tasks.states import JobState

# What a shop imports; the others are for people and programs.
FOR_THE_SHOP = (Release.Format.UPDATE, Release.Format.SOURCE, Release.Format.RESTORE)


def mark_uploaded(*, release_id: int, by: User, now: datetime) -> Release:
    """Notes that the file was uploaded to the shop; doing it again changes nothing.

    Raises `Missing`, `RoleMissing`, and `Conflict` for a file that is not written or not for the shop.
    """
    return _mark(release_id, by, now, uploaded=True)


def mark_not_uploaded(*, release_id: int, by: User, now: datetime) -> Release:
    """Takes the tick back. Raises like `mark_uploaded`."""
    return _mark(release_id, by, now, uploaded=False)


@transaction.atomic
def _mark(release_id: int, by: User, now: datetime, *, uploaded: bool) -> Release:
    release = _lock(release_id, by, now)
    if (release.uploaded_at is not None) == uploaded:
        return release
    release.uploaded_at, release.uploaded_by = (now, by) if uploaded else (None, None)
    release.save(update_fields=["state", "uploaded_at", "uploaded_by"])
    told: dict[str, Any] = {"batch": release.batch_id, "release": release.pk}
    name = "release.uploaded" if uploaded else "release.not_uploaded"
    record(name, topics=topics.of_batch(release.batch), actor=by.pk, **told)
    jobs.refresh_places.enqueue(release.pk)
    return release


def _lock(release_id: int, by: User, now: datetime) -> Release:
    if not visible_releases(by, now).filter(pk=release_id).exists():
        raise Missing
    rows = Release.objects.select_for_update(of=("self",)).select_related("batch__store", "created_by")
    release = rows.get(pk=release_id)
    if not has_role(by, release.batch.store_id, now, *rules.DIRECT_ROLES):
        raise RoleMissing
    if release.state != JobState.DONE:
        raise Conflict("result_not_ready", _("This file is not written yet."), state=release.state)
    if release.format not in FOR_THE_SHOP:
        raise Conflict("not_for_the_shop", _("This file is not one that a shop imports."))
    return release


def in_order(batch_id: int, *, after: datetime | None = None) -> list[int]:
    """The releases of a batch that were uploaded (later than `after`), the latest upload last."""
    rows = Release.objects.filter(batch_id=batch_id, state=JobState.DONE, uploaded_at__isnull=False)
    if after is not None:
        rows = rows.filter(uploaded_at__gt=after)
    return list(rows.order_by("uploaded_at", "pk").values_list("pk", flat=True))


def shop_values(uploaded: Collection[int], keys: Collection[str]) -> Mapping[Cell, str]:
    """What the uploaded files (in order) left in the shop, for the cells they wrote of these units."""
    place = {pk: number for number, pk in enumerate(uploaded)}
    rows = ReleaseCell.objects.filter(release_id__in=uploaded, key__in=keys)
    found = list(rows.values_list("release_id", "key", "logical", "after"))
    found.sort(key=lambda row: place[row[0]])
    return {(key, logical): after for _release, key, logical, after in found}


def values_written(batch_id: int, keys: Collection[str]) -> Mapping[Cell, set[str]]:
    """Every text that any finished file of the batch has put into the cells of these units, as a shop may
    give it back: with its line ends unified."""
    done = Release.objects.filter(batch_id=batch_id, state=JobState.DONE, format__in=FOR_THE_SHOP)
    rows = ReleaseCell.objects.filter(release__in=done, key__in=keys)
    found: defaultdict[Cell, set[str]] = defaultdict(set)
    for key, logical, after in rows.values_list("key", "logical", "after"):
        found[key, logical].add(unify_line_ends(after))
    return found
