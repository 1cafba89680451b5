from collections.abc import Iterator
from typing import Any

import pytest

from tests.notify.mailserver import MailServer


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    started = MailServer(settings).start()
    yield started
    started.stop()
