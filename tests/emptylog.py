"""An event log that begins empty: installing the shipped templates has written to it."""

import pytest

from events.models import Event, EventAudience, Position


@pytest.fixture(autouse=True)
def empty_log(request: pytest.FixtureRequest) -> None:
    mark = request.node.get_closest_marker("django_db")
    if mark is not None:
        request.getfixturevalue("transactional_db" if mark.kwargs.get("transaction") else "db")
        for model in (EventAudience, Position, Event):
            model.objects.all().delete()
