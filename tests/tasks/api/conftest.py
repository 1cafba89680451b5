from pathlib import Path
from typing import Any

import pytest

from tests.factories import Cast, make_cast


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()
