"""Units, tasks and slots of an import that has not landed: written in chunks, removed in chunks."""

import re
import time
from typing import Any

from django.db import transaction

from exchange.products import Product
from exchange.table import Role, doubled
from kernel.db import allocate_ids, bulk_load, is_postgres
from tasks.models import Import, Mapping, Slot, Step, Task, Unit
from tasks.states import SlotState, TaskState

TARGET_SECONDS = 0.15
CLEAR_CHUNK = 500
IMAGES_AT_MOST = 50
# In a cell of a table: one picture or several, parted by spaces, commas or lines.
_ADDRESS = re.compile(r"https?://[^\s,、，|;\"'<>]+")
_pace = {"rows": 500}


def chunk_rows(most: int) -> int:
    """How many source rows the next transaction takes, so that it stays well under 200 ms."""
    return min(most, _pace["rows"])


def breathe(took: float) -> None:
    """Adapts the chunk to what the last one took, and leaves others time to write."""
    if took > TARGET_SECONDS:
        _pace["rows"] = max(50, _pace["rows"] // 2)
    elif took < TARGET_SECONDS / 2:
        _pace["rows"] = min(1000, _pace["rows"] * 2)
    # SQLite has one writer, and waiting writers look again only every few milliseconds.
    time.sleep(0 if is_postgres() else max(0.02, took / 2))


def add(source: Import, products: list[Product], *, first_position: int) -> int:
    """Stages products as units with their task and slots; returns how many were new to the batch."""
    if not products:
        return 0
    keys = [product.key for product in products]
    known = set(Unit.objects.filter(batch_id=source.batch_id, key__in=keys).values_list("key", flat=True))
    new = [product for product in products if product.key not in known]
    step = Step.objects.get(batch_id=source.batch_id, position=1)
    unit_ids, task_ids = allocate_ids(Unit, len(new)), allocate_ids(Task, len(new))
    numbered = list(enumerate(zip(new, unit_ids, task_ids, strict=True), start=first_position))
    bulk_load(
        Unit,
        ["id", "batch", "source", "key", "position", "title", "values", "first_row"],
        (
            (
                unit,
                source.batch_id,
                source.pk,
                p.key,
                at,
                p.title[:500],
                values_of(p, source),
                p.first_row,
            )
            for at, (p, unit, _task) in numbered
        ),
    )
    bulk_load(
        Task,
        ["id", "batch", "step", "unit", "position", "state"],
        (
            (task, source.batch_id, step.pk, unit, at, TaskState.OPEN.value)
            for at, (_p, unit, task) in numbered
        ),
    )
    bulk_load(
        Slot,
        ["task", "step", "number", "position", "state"],
        (
            (task, step.pk, number, at, SlotState.OPEN.value)
            for at, (_p, _unit, task) in numbered
            for number in range(1, step.answers_per_task + 1)
        ),
    )
    return len(new)


def values_of(product: Product, source: Import) -> dict[str, Any]:
    """What the worker may see of a unit, blank cells left out."""
    values: dict[str, Any] = {name: text for name, text in product.values.items() if text}
    values["variants"] = [
        {"sku": v.sku, "price": v.price, "options": [list(option) for option in v.options]}
        for v in product.variants[:200]
    ]
    values["images"] = [{"url": i.url, "alt": i.alt} for i in product.images[:IMAGES_AT_MOST]]
    if source.mapping is not None:
        addresses = _ADDRESS.findall(product.values.get("images", ""))[:IMAGES_AT_MOST]
        values["images"] = [{"url": address, "alt": product.title} for address in addresses]
        values["columns"] = _shown(product, source.mapping)
    return values


def _shown(product: Product, mapping: Mapping) -> list[dict[str, Any]]:
    """The columns that the worker sees as they stand; `number` parts headers that repeat."""
    texts = dict(product.shown)
    twice = doubled(mapping.header)
    return [
        {
            "name": raw["name"],
            "label": raw["header"],
            "number": raw["index"] + 1 if raw["header"] in twice or not raw["header"].strip() else None,
            "text": product.values.get(raw["name"], texts.get(raw["index"], "")),
        }
        for raw in mapping.columns
        if Role.INPUT in raw["roles"]
    ]


def clear(source: Import) -> None:
    """Removes everything that an unfinished run of this import has staged."""
    while _clear_chunk(source.pk):
        time.sleep(0)


@transaction.atomic
def _clear_chunk(import_id: int) -> bool:
    units = list(Unit.objects.filter(source_id=import_id).values_list("pk", flat=True)[:CLEAR_CHUNK])
    if units:
        Unit.objects.filter(pk__in=units).delete()
    return bool(units)
