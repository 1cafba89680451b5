"""What every test shares: quick passwords, static files without a manifest, a cache of its own."""

import pytest
from django.conf import settings
from django.core.cache import cache


def pytest_configure() -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # The hashed names exist only after `collectstatic`.
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Rate limits and stored answers of one test must not reach the next."""
    cache.clear()
