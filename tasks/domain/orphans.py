"""Files that no row names: a killed process had stored one and not come to write it down."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.files.storage import Storage, default_storage

from jobs import stopping
from tasks.models import Import, Release

logger = logging.getLogger("tencho.files")
# A file is stored before the transaction that names it commits; no upload or job takes this long.
OLD_ENOUGH = timedelta(days=1)
LOOKED_AT_ONCE = 500


def remove_orphans(*, now: datetime, storage: Storage = default_storage) -> int:
    """Removes results, sources and fresh exports older than a day that no row names; returns how many."""
    return sum(
        _remove(storage, names, now)
        for folder in ("results", "sources")
        for names in _chunks(storage, folder)
    )


def _chunks(storage: Storage, folder: str) -> Iterator[list[str]]:
    try:
        _folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    names = [f"{folder}/{file}" for file in files]
    for start in range(0, len(names), LOOKED_AT_ONCE):
        stopping()
        yield names[start : start + LOOKED_AT_ONCE]


def _remove(storage: Storage, names: list[str], now: datetime) -> int:
    named = set(Import.objects.filter(file__in=names).values_list("file", flat=True))
    named |= set(Release.objects.filter(file__in=names).values_list("file", flat=True))
    named |= set(Release.objects.filter(fresh__in=names).values_list("fresh", flat=True))
    return sum(_remove_one(storage, name, now) for name in names if name not in named)


def _remove_one(storage: Storage, name: str, now: datetime) -> bool:
    try:
        if storage.get_modified_time(name) > now - OLD_ENOUGH:
            return False
        storage.delete(name)
    except FileNotFoundError:
        return False
    logger.info("removed %s, which nothing names", name)
    return True
