"""The files that a result file is made from: the batch's own, or a fresh export of the shop."""

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db.models.fields.files import FieldFile

from exchange.merge import Lookup, write_whole
from exchange.opening import Opened
from tasks.domain import mappings, uploaded
from tasks.models import Batch, Import, Release
from tasks.states import JobState


def source_of(batch: Batch) -> Import:
    """The import that made the batch's tasks; if several did, they read the same file."""
    landed = Import.objects.filter(batch=batch, state=JobState.DONE, inspect_only=False, units_made__gt=0)
    found = landed.select_related("mapping").order_by("pk").first()
    assert found is not None, "a published batch has units"
    return found


def uploaded_at(batch: Batch) -> datetime | None:
    """When the file was uploaded that the tasks were made from; it may have been read several times."""
    landed = batch.imports.filter(state=JobState.DONE, inspect_only=False, units_made__gt=0)
    same_file = batch.imports.filter(sha256__in=landed.values("sha256")).order_by("pk")
    return same_file.values_list("created_at", flat=True).first()


@contextmanager
def own_file_of(batch: Batch) -> Iterator[Opened]:
    with _opened(batch, source_of(batch).file) as opened:
        yield opened


@contextmanager
def fresh_of(release: Release) -> Iterator[Opened]:
    """The fresh export given along with a request. Raises `FileRefused`."""
    with _opened(release.batch, release.fresh) as opened:
        yield opened


@contextmanager
def shop_now(batch: Batch, also: Release | None = None) -> Iterator[Opened]:
    """The shop's file as it should be by now: the latest export known, and what was uploaded since.

    A file made from it brings no older value back beside the cells it is for. `also`: a release that counts
    as uploaded last, whether it was ticked or not.
    """
    latest = _latest_fresh(batch)
    since = uploaded.in_order(batch.pk, after=latest.created_at if latest else None)
    written = [*(pk for pk in since if also is None or pk != also.pk), *([also.pk] if also else [])]
    base_file = latest.fresh if latest else source_of(batch).file
    with _opened(batch, base_file) as base, tempfile.TemporaryFile() as out:
        write_whole(base.file, base.plain, _overlay(written), out)
        with mappings.opened_as(source_of(batch), out) as opened:
            yield opened


def _latest_fresh(batch: Batch) -> Release | None:
    return batch.releases.filter(state=JobState.DONE).exclude(fresh="").order_by("-pk").first()


def _overlay(written: list[int]) -> Lookup:
    def find(keys: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        found: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for (key, logical), text in uploaded.shop_values(written, keys).items():
            found[key][logical] = text
        return found

    return find


@contextmanager
def _opened(batch: Batch, stored: FieldFile) -> Iterator[Opened]:
    file: Any = stored.open("rb")
    with file, mappings.opened_as(source_of(batch), file) as opened:
        yield opened
