"""Each stage of the test run really uses the database and cache that its heading names."""

import os
from functools import partial

import pytest
from channels.layers import get_channel_layer
from django.core.cache import cache, caches
from django.db import connection

from tests import servers
from tools.common import SetupError


@pytest.mark.both
@pytest.mark.django_db
def test_the_database_is_the_one_that_was_asked_for():
    asked = os.environ.get("DATABASE_URL", "")
    assert connection.vendor == ("postgresql" if asked.startswith("postgres") else "sqlite")


@pytest.mark.both
def test_cache_and_channel_layer_are_the_ones_that_were_asked_for():
    where = "redis" if os.environ.get("REDIS_URL") else "memory"
    names = {
        "redis": ("RedisCache", "RedisPubSubChannelLayer"),
        "memory": ("LocMemCache", "InMemoryChannelLayer"),
    }
    assert (type(caches["default"]).__name__, type(get_channel_layer()).__name__) == names[where]
    cache.set("stage", where)
    assert cache.get("stage") == where


@pytest.mark.postgres
@pytest.mark.django_db
def test_postgres_is_new_enough():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int")
        assert cursor.fetchone()[0] >= 150000


def test_a_named_server_that_does_not_answer_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://someone:secret@127.0.0.1:9/none")
    with pytest.raises(SetupError, match=r"does not answer there: 127\.0\.0\.1:9$"), servers.resolve():
        pass


@pytest.mark.slow
def test_own_servers_answer_and_are_gone_afterwards():
    with servers.resolve(own=True) as own:
        assert "127.0.0.1" in own.described
    assert not servers._answers(partial(servers._postgres_version, own.database_url))
    assert not servers._answers(partial(servers._redis_version, own.redis_url))
