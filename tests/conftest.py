"""What every test shares: quick passwords, static files without a manifest, an empty cache."""

import os

import pytest
from django.conf import settings
from django.core.cache import cache
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis

# On a busy machine the tables of Unicode alone take seconds; what is too slow, pytest-timeout says.
BUSY = [HealthCheck.too_slow]
# New examples are for the desk; a merge is judged by the same ones each time.
hypothesis.register_profile("desk", suppress_health_check=BUSY)
hypothesis.register_profile("ci", derandomize=True, suppress_health_check=BUSY)
hypothesis.load_profile("ci" if os.environ.get("CI") else "desk")


def pytest_configure() -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # The hashed names exist only after `collectstatic`.
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A quick run by hand on SQLite leaves out what needs PostgreSQL, and says so; `make test` runs it."""
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        return
    for item in items:
        if item.get_closest_marker("postgres"):
            item.add_marker(pytest.mark.skip(reason="needs PostgreSQL: set DATABASE_URL"))


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Rate limits and stored answers of one test must not reach the next."""
    cache.clear()
