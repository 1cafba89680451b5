"""A working day of the demo shop, played through the same domain functions as the pages."""

from datetime import datetime, timedelta

from django.core.files.base import ContentFile

from accounts.models import Store, User
from frontend.demo.pictures import picture
from frontend.demo.products import answer_for, products
from jobs.runner import run_pending
from kernel.clock import now as present
from tasks.domain import batches, claim, draft, imports, operations, review, submit, uploads
from tasks.domain.batches import Terms
from tasks.models import Assignment, Batch

BY_HANDLE = {product.handle: product for product in products()}
People = dict[str, User]


# What the director has entered in the plan so far: slug → units a month, minutes and yen per unit.
PLANNED: dict[str, dict[str, object]] = {
    "new-listing": {"volume": 48, "minutes": 9, "price": 130},
    "title-rewrite": {"volume": 120, "minutes": 5},
    "description-copy": {"volume": 96},
    "background-removal": {"volume": 260, "minutes": 5},
    "price-update": {"volume": 350},
    "order-check": {"volume": 740, "minutes": "2.5"},
    "shipping-file": {"volume": 740},
    "first-reply": {"volume": 180, "minutes": 7},
    "review-reply": {"volume": 65},
    "port-listing": {"hidden": True},
    "listing-translation": {"hidden": True},
    "general-management": {"volume": 45},
}

OWN = "のし・ギフト対応の確認"


def plan(store: Store, director: User) -> None:
    """The planner as a director leaves it after a first look, with one operation of the shop's own."""
    now = present()
    operations.set_terms(store_id=store.pk, hourly_wage=1_600, review_percent=20, by=director, now=now)
    operations.change_operations(store_id=store.pk, changes=PLANNED, by=director, now=now)
    own = {
        "name": "のし・ギフト対応の確認",
        "group": "orders",
        "pii": "P1",
        "volume": 90,
        "minutes": 2,
        "price": 25,
    }
    operations.add_operation(store_id=store.pk, raw=own, by=director, now=now)


def hang_pictures(store: Store, director: User) -> dict[str, str]:
    """Draws and keeps a picture for each product; handle → its address."""
    addresses = {}
    for product in products():
        content = ContentFile(picture(product.kind, product.colour), name=f"{product.handle}.jpg")
        kept = uploads.keep_image(
            file=content, name=content.name or "", by=director, now=present(), store_id=store.pk
        )
        addresses[product.handle] = f"/uploads/{kept.pk}/"
    return addresses


def play(store: Store, people: People, source: bytes) -> None:
    """One crowd batch in full swing, one for the staff, one draft that waits for its terms."""
    start = present() - timedelta(hours=5)
    crowd = _batch(
        store, people, source, start, title="商品説明の追加（秋の新商品）", audience="crowd", reward=150,
        deadline=present() + timedelta(days=4), row_filter={"missing": ["description"]},
    )  # fmt: skip
    _work(crowd, people, start)
    _batch(
        store, people, source, start, title="商品文の見直し（定番のうつわ）", audience="staff", reward=0,
        deadline=present() + timedelta(days=10),
        row_filter={"keys": [p.handle for p in products() if p.kind in ("kyusu", "osara", "chawan")]},
    )  # fmt: skip


def _batch(
    store: Store,
    people: People,
    source: bytes,
    start: datetime,
    *,
    title: str,
    audience: str,
    reward: int,
    deadline: datetime,
    row_filter: dict[str, list[str]],
) -> Batch:
    director = people["aya"]
    terms = Terms(
        title=title,
        template="product-copy",
        audience=audience,
        reward=reward,
        deadline=deadline,
        lease_minutes=120,
    )
    batch = batches.create_batch(store_id=store.pk, terms=terms, by=director, now=start)
    imports.start_import(
        batch_id=batch.pk,
        file=ContentFile(source, name="products_export.csv"),
        name="products_export.csv",
        row_filter=row_filter,
        by=director,
        now=start,
    )
    run_pending()
    return batches.publish(batch_id=batch.pk, by=director, now=start)


def _work(batch: Batch, people: People, start: datetime) -> None:
    """Fourteen tasks taken: six approved, one returned, five waiting, two being written."""
    at = start + timedelta(minutes=20)
    for n in range(12):
        worker = people[("chie", "fumi", "goro")[n % 3]]
        held = claim.claim_next(batch_id=batch.pk, by=worker, now=at)
        answer = answer_for(BY_HANDLE[held.task.unit.key])
        handed_in = submit.submit(
            assignment_id=held.pk, answer=answer, fence=held.fence, by=worker, now=at + timedelta(minutes=9)
        )
        reviewer = people["dai" if n % 2 else "megumi"]
        decided = at + timedelta(minutes=25)
        if n < 6:
            review.approve(submission_id=handed_in.pk, by=reviewer, now=decided)
        elif n == 6:
            comment = {
                "title": "素材（磁器・陶器など）を商品名に入れてください。",
                "tags": "「ギフト」を足してください。",
            }
            review.request_changes(submission_id=handed_in.pk, comments=comment, by=reviewer, now=decided)
        at += timedelta(minutes=12)
    for short in ("fumi", "goro"):
        _begin(batch, people[short])


def _begin(batch: Batch, worker: User) -> Assignment:
    held = claim.claim_next(batch_id=batch.pk, by=worker, now=present() - timedelta(minutes=15))
    text = answer_for(BY_HANDLE[held.task.unit.key])
    started = {"title": text["title"], "description": text["description"][:40]}
    return draft.save_draft(assignment_id=held.pk, answer=started, fence=held.fence, by=worker, now=present())
