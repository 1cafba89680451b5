"""The bench's own databases: one small, and a copy of it that is then grown: ids are the same in both."""

import contextlib
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

SMALL, LARGE = "tencho_bench_small", "tencho_bench"


def url_of(server_url: str, name: str) -> str:
    """The address of database `name` on the server of `server_url`."""
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))


@contextlib.contextmanager
def own(server_url: str) -> Iterator[None]:
    """An empty `SMALL` now; both databases are gone afterwards."""
    _drop(server_url)
    _run(server_url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(SMALL)))
    try:
        yield
    finally:
        _drop(server_url)


def copy_small(server_url: str) -> None:
    """Makes `LARGE` as it is in `SMALL`; nobody may be connected to that one."""
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    _run(server_url, statement.format(sql.Identifier(LARGE), sql.Identifier(SMALL)))


def vacuum(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _drop(server_url: str) -> None:
    for name in (SMALL, LARGE):
        _run(server_url, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _run(server_url: str, statement: sql.Composed) -> None:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(statement)
