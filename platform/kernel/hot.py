"""Database work of the hot paths: statements are built once a thread, and planned once a connection.

Building a query with Django's expressions takes several times as long as running it, and PostgreSQL plans
it anew each time. What runs with every claim and submission goes through here; the rows, fields and
constraints are those of the models all the same.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain, zip_longest
from typing import Any, Generic, TypeVar

from django.db import connection, models, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models.query import get_related_populators  # type: ignore[attr-defined]  # not in the stubs

from kernel.db import is_postgres

M = TypeVar("M", bound=models.Model)
Value = int | datetime | str

NOT_BY_ITSELF = 2**31 - 1
# Stand in for parameters while a statement is built; no row and no rule has such values.
_NUMBER = 2**61
_MOMENT = datetime(1901, 1, 1, tzinfo=UTC)


@contextmanager
def cursor() -> Iterator[CursorWrapper]:
    """A cursor whose statements PostgreSQL keeps planned; on SQLite an ordinary one."""
    if not is_postgres():
        with connection.cursor() as plain:
            yield plain
        return
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    driver: Any = connection.connection
    # Django switches the driver's prepared statements off; here they are asked for one by one.
    driver.prepare_threshold = NOT_BY_ITSELF
    raw = _planning_cursor()(driver)
    make = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with make(raw) as wrapped:
        yield wrapped


@cache
def _planning_cursor() -> type:
    # An installation on SQLite need not load the driver.
    from psycopg import Cursor
    from psycopg.types.numeric import Int8

    class PlanningCursor(Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
            # The driver would choose a type by the size of each number, and a plan is kept for each choice.
            wide = [Int8(one) if type(one) is int else one for one in params or ()]
            return super().execute(query, wide, prepare=True, **more)

    return PlanningCursor


class _Kept(threading.local):
    """Statements hold converters of the thread's own connection."""

    def __init__(self) -> None:
        self.statements: dict[Any, _Statement[Any]] = {}


class Prepared(Generic[M]):
    """A query built once by the ORM and then run with other values.

    `build` gets each value by name. Numbers, moments and texts are parameters; True and False choose between
    statements. `build` must use every parameter, and none in Python (no arithmetic, no comparison).
    """

    def __init__(self, build: Callable[..., "models.QuerySet[M, M]"]) -> None:
        self._build = build

    def all(self, **values: Value) -> list[M]:
        return self._statement(values).run(values)

    def number(self, **values: Value) -> int:
        """How many rows there are."""
        return self._statement(values).count(values)

    def _statement(self, values: dict[str, Value]) -> "_Statement[M]":
        flags = tuple((name, value) for name, value in values.items() if isinstance(value, bool))
        key = (self, connection.vendor, connection.alias, flags)
        statement = _kept.statements.get(key)
        if statement is None:
            statement = _kept.statements[key] = _Statement(self._build, values)
        return statement

    def first(self, **values: Value) -> M | None:
        """The first row; the query itself should be limited to one."""
        found = self.all(**values)
        return found[0] if found else None


class _Statement(Generic[M]):
    """SQL, where in its parameters each value goes, and how a row becomes an object."""

    def __init__(self, build: Callable[..., "models.QuerySet[M, M]"], values: dict[str, Value]) -> None:
        stand_ins = {name: _stand_in(number, value) for number, (name, value) in enumerate(values.items())}
        compiler: Any = build(**stand_ins).query.get_compiler(connection.alias)
        self._sql, params = compiler.as_sql()
        if self._sql.count("%s") != len(params):
            raise ValueError("the statement holds a percent sign of its own")
        known = {
            _adapted(stand_in): name for name, stand_in in stand_ins.items() if not isinstance(stand_in, bool)
        }
        self._params = [known[one] for one in params if _is_known(one, known)]
        if missing := set(known.values()) - set(self._params):
            raise ValueError(f"the statement does not use {sorted(missing)}")
        # Constants become part of the text: a plan that is kept finds a partial index only by them.
        marks = ["%s" if _is_known(one, known) else _literal(one) for one in params]
        self._sql = "".join(chain.from_iterable(zip_longest(self._sql.split("%s"), marks, fillvalue="")))
        info, select = compiler.klass_info, compiler.select
        fields = info["select_fields"]
        self._model: type[M] = info["model"]
        self._range = slice(fields[0], fields[-1] + 1)
        self._names = [column[0].target.attname for column in select[self._range]]
        self._related = get_related_populators(info, select, connection.alias)
        self._annotations = list((compiler.annotation_col_map or {}).items())
        self._converters = compiler.get_converters([column[0] for column in select])
        self._convert = compiler.apply_converters

    def count(self, values: dict[str, Value]) -> int:
        return int(self._rows(f"SELECT COUNT(*) FROM ({self._sql}) counted", values)[0][0])

    def _rows(self, sql: str, values: dict[str, Value]) -> list[Any]:
        params = [_adapted(values[name]) for name in self._params]
        with cursor() as found:
            found.execute(sql, params)
            rows: list[Any] = found.fetchall()
        return rows

    def run(self, values: dict[str, Value]) -> list[M]:
        rows = self._rows(self._sql, values)
        converted = self._convert(rows, self._converters) if self._converters else rows
        return [self._object(row) for row in converted]

    def _object(self, row: Any) -> M:
        made = self._model.from_db(connection.alias, self._names, row[self._range])
        for related in self._related:
            related.populate(row, made)
        for name, column in self._annotations:
            setattr(made, name, row[column])
        return made


_kept = _Kept()


def _stand_in(number: int, value: Value) -> Value:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return f"\ue000{number}"
    return _NUMBER + number if isinstance(value, int) else _MOMENT + timedelta(days=number)


def _adapted(value: Value) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value


def _is_known(param: Any, known: dict[Any, str]) -> bool:
    return isinstance(param, int | datetime | str) and param in known


def _literal(value: Any) -> str:
    """A constant as SQL text: only what models and rules hold in code."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(f"{value!r} cannot be part of a kept statement")
    return (
        str(int(value)) if isinstance(value, int) else "'" + value.replace("'", "''").replace("%", "%%") + "'"
    )


def insert(row: models.Model) -> None:
    """Writes a new row as `save(force_insert=True)` does, and sets its key. Signals are not sent."""
    meta = row._meta
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    names = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    sql = f'INSERT INTO "{meta.db_table}" ({names}) VALUES ({marks})'
    values = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
    # As the framework does: after a failure nothing more is asked in this transaction.
    with transaction.mark_for_rollback_on_error(), cursor() as made:
        if is_postgres():
            made.execute(f"{sql} RETURNING id", values)
            row.pk = made.fetchone()[0]
        else:
            made.execute(sql, values)
            row.pk = made.lastrowid
    row._state.adding, row._state.db = False, connection.alias


def update(row: models.Model, names: list[str], where: dict[str, Any]) -> bool:
    """Writes the named fields of the row with this key and the values `where`; whether there was one."""
    meta = row._meta
    fields = [meta.get_field(name) for name in names]
    changes = ", ".join(f'"{field.column}" = %s' for field in fields)  # type: ignore[union-attr]  # own columns
    conditions = " AND ".join(f'"{column}" = %s' for column in ("id", *where))
    values = [field.get_db_prep_save(field.pre_save(row, False), connection) for field in fields]  # type: ignore[union-attr]
    with transaction.mark_for_rollback_on_error(), cursor() as changed:
        changed.execute(
            f'UPDATE "{meta.db_table}" SET {changes} WHERE {conditions}', [*values, row.pk, *where.values()]
        )
        return bool(changed.rowcount)
