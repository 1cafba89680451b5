"""Reading a product file, against a staged COPY of the same rows into tables of the same shape."""

import csv
import io
import json
import time

import psycopg
from django.db import connection

from accounts.models import Store, User
from tasks.models import Batch
from tests.bench.catalogue import Catalogue, make_batch
from tests.bench.report import Figure, Report, median_ratio, percentile
from tests.bench.scale import Scale
from tests.bench.shopfile import VARIANTS, read_into, rows_of, shop_file

TARGET = 1 / 3
CHUNK = 1000

# Staging holds the file as it is; grouping, numbering and the JSON of a unit are the database's work.
_TABLES = """
    CREATE TEMPORARY TABLE staged (row integer, handle text, title text, cells jsonb);
    CREATE TEMPORARY SEQUENCE unit_number;
    DROP TABLE IF EXISTS floor_import_slot, floor_import_task, floor_import_unit, floor_import_event;
    CREATE TABLE floor_import_unit (LIKE tasks_unit INCLUDING ALL);
    CREATE TABLE floor_import_task (LIKE tasks_task INCLUDING ALL);
    CREATE TABLE floor_import_slot (LIKE tasks_slot INCLUDING ALL);
    CREATE TABLE floor_import_event (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz, payload jsonb
    );
"""
_UNITS = """
    INSERT INTO floor_import_unit (batch_id, source_id, key, position, title, values, first_row)
    SELECT 1, 1, handle, nextval('unit_number'), (array_agg(title ORDER BY row))[1],
        (array_agg(cells ORDER BY row))[1] || jsonb_build_object('variants', jsonb_agg(cells ORDER BY row)),
        MIN(row) FROM staged GROUP BY handle ORDER BY MIN(row)
"""
_TASKS = """
    INSERT INTO floor_import_task (batch_id, step_id, unit_id, position, state)
    SELECT 1, 1, id, position, 'open' FROM floor_import_unit
    WHERE id > (SELECT COALESCE(MAX(unit_id), 0) FROM floor_import_task) ORDER BY id
"""
_SLOTS = """
    INSERT INTO floor_import_slot (task_id, step_id, number, position, state)
    SELECT id, 1, 1, position, 'open' FROM floor_import_task
    WHERE id > (SELECT COALESCE(MAX(task_id), 0) FROM floor_import_slot) ORDER BY id
"""
_EVENT = "INSERT INTO floor_import_event (at, payload) VALUES (now(), jsonb_build_object('rows', %s::int))"


def measure(report: Report, scale: Scale, found: Catalogue) -> None:
    """Rows a second, both in turn, each into empty tables or a new batch."""
    per_product = sum(VARIANTS) / len(VARIANTS)
    file = shop_file(int(scale.import_rows / per_product))
    store, director = Store.objects.get(pk=found.store_id), User.objects.get(pk=found.director_id)
    ours, theirs = [], []
    for _turn in range(scale.rounds):
        batch = make_batch(store, director, products=0)
        ours.append(rows_of(file) / _read(batch, file, director))
        theirs.append(rows_of(file) / _stage(file))
    ratio = median_ratio(ours, theirs)
    report.add(
        Figure(
            what=f"import of {rows_of(file):,} rows",
            product=f"{percentile(ours, 0.5):,.0f} rows/s",
            peer=f"{percentile(theirs, 0.5):,.0f} rows/s",
            ratio=f"{ratio:.2f}",
            target=">= 0.33",
            met=ratio >= TARGET,
        )
    )


def _read(batch: Batch, file: bytes, by: User) -> float:
    began = time.monotonic()
    read_into(batch, file, by=by)
    return time.monotonic() - began


def _stage(file: bytes) -> float:
    with psycopg.connect(str(_own_url())) as floor:
        floor.execute(_TABLES)
        floor.commit()
        began = time.monotonic()
        reader = csv.reader(io.TextIOWrapper(io.BytesIO(file), encoding="utf-8", newline=""))
        header = next(reader)
        handle, title = header.index("URL handle"), header.index("Title")
        staged: list[tuple[int, str, str, str]] = []
        for number, row in enumerate(reader, start=2):
            if len(staged) >= CHUNK and row[handle] != staged[-1][1]:
                _write(floor, staged)
            cells = {name: cell for name, cell in zip(header, row, strict=True) if cell}
            staged.append((number, row[handle], row[title], json.dumps(cells, ensure_ascii=False)))
        _write(floor, staged)
        return time.monotonic() - began


def _write(floor: "psycopg.Connection[tuple[object, ...]]", staged: list[tuple[int, str, str, str]]) -> None:
    """One chunk and its audit row, in a transaction of its own."""
    with floor.cursor() as cursor:
        with cursor.copy("COPY staged (row, handle, title, cells) FROM STDIN") as copy:
            for row in staged:
                copy.write_row(row)
        for statement in (_UNITS, _TASKS, _SLOTS):
            cursor.execute(statement)
        cursor.execute(_EVENT, [len(staged)])
        cursor.execute("TRUNCATE staged")
    floor.commit()
    staged.clear()


def _own_url() -> str:
    config = connection.settings_dict
    parts = {
        "dbname": config["NAME"],
        "host": config["HOST"],
        "port": config["PORT"],
        "user": config["USER"],
        "password": config["PASSWORD"],
    }
    return psycopg.conninfo.make_conninfo("", **{name: value for name, value in parts.items() if value})
