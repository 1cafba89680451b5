"""Files that no row names go after a day; all others stay."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from jobs.define import PERIODIC
from kernel.clock import now
from tasks.domain import orphans
from tasks.models import Import, Release
from tests.factories import Cast, make_approved, make_batch, products, shop_file
from tests.tasks.domain.world import release

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def aged(media: Path, name: str, at: datetime) -> Path:
    path = media / default_storage.save(name, ContentFile(b"x"))
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def test_only_old_files_that_nothing_names_are_removed(cast: Cast, media: Path) -> None:
    batch = make_batch(cast, count=2)
    make_approved(batch, cast.ben, cast.dai)
    made, _data = release(batch, "source", fresh=ContentFile(shop_file(products(2)), "now.csv"))
    yesterday = now() - timedelta(hours=25)
    lost = [aged(media, f"{folder}/lost.csv", yesterday) for folder in ("results", "sources")]
    young = aged(media, "results/young.csv", now() - timedelta(hours=23))
    other = aged(media, "uploads/picture.png", yesterday)
    named = [made.file.path, made.fresh.path, *(one.file.path for one in Import.objects.all())]
    for path in named:
        os.utime(path, (yesterday.timestamp(), yesterday.timestamp()))
    assert orphans.remove_orphans(now=now()) == 2
    assert not [path for path in lost if path.exists()]
    assert young.exists()
    assert other.exists()
    assert all(Path(path).exists() for path in named)
    assert orphans.remove_orphans(now=now()) == 0


def test_nothing_stored_yet_is_nothing_to_remove(db: None) -> None:
    assert orphans.remove_orphans(now=now()) == 0
    assert not Release.objects.exists()


def test_it_is_done_by_itself() -> None:
    assert "tasks.jobs.remove_orphans" in PERIODIC
