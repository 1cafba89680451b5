"""No page asks the database more than twenty times, sign-in included."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.tenants import Tenants, make_tenants
from tests.test_isolation import OFFER, OWN, PAGES, Visitor, address

AT_MOST = 20


@pytest.fixture
def tenants(db: None, settings: Any, tmp_path: Path) -> Tenants:
    settings.MEDIA_ROOT = tmp_path
    return make_tenants()


@pytest.mark.parametrize("name", ["aya", "dai", "ben", "chie"])
def test_every_page_of_a_person_asks_little(tenants: Tenants, name: str) -> None:
    visitor = Visitor(tenants, name)
    counted = {}
    for route, rule in PAGES.items():
        if rule != OWN and rule != OFFER and name not in rule:
            continue
        path = address(route, tenants.ids)
        with CaptureQueriesContext(connection) as asked:
            status = visitor.ask("GET", path).status_code
        if status == 200:
            # The two savepoints in which the visit is undone are not the page's.
            counted[path] = len(asked) - 2
    assert counted
    assert not {path: n for path, n in counted.items() if n > AT_MOST}
