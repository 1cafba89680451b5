"""The cast of the product's documents and the shop they work in, made through the domain functions.

Aya directs, Dai reviews and Ben works for "Minato"; Chie and Fumi are freelancers in its company's pool;
Emi is a freelancer whom the company does not know; Gen directs a shop of another company.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from allauth.account.models import EmailAddress
from django.core.files.base import ContentFile
from PIL import Image

from accounts.domain.api_keys import create_key
from accounts.models import Company, Membership, Store, User
from accounts.states import Role, Scope
from exchange.layout import product_layouts
from jobs.runner import run_pending
from kernel.clock import now
from tasks.domain import batches, claim, imports, review, submit, uploads
from tasks.models import Assignment, Batch, Import, Submission, Upload
from tasks.shipped import load_shipped
from workers.models import PoolMember, WorkerProfile

LAYOUTS = {layout.dialect: layout for layout in product_layouts()}

# Keys of the templates that every installation has.
SHIPPED = {template.key for template in load_shipped()}

Row = dict[str, str]


@dataclass(frozen=True)
class Cast:
    company: Company
    store: Store
    aya: User
    ben: User
    chie: User
    dai: User
    emi: User
    fumi: User
    other_store: Store
    gen: User

    def people(self) -> dict[str, User]:
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in found.items() if isinstance(value, User)}


def make_user(name: str, language: str = "en", **more: Any) -> User:
    email = more.pop("email", f"{name.lower()}@example.jp")
    user = User.objects.create_user(email, "a long password", name=name, language=language, **more)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def make_store(name: str, company: Company | None = None) -> Store:
    return Store.objects.create(company=company or Company.objects.create(name=name), name=name)


def make_member(user: User, store: Store, role: Role) -> User:
    Membership.objects.create(user=user, store=store, role=role)
    return user


def make_freelancer(name: str, pool: Company | None = None) -> User:
    user = make_user(name)
    WorkerProfile.objects.create(user=user)
    if pool:
        PoolMember.objects.create(user=user, company=pool)
    return user


def make_cast() -> Cast:
    store, other_store = make_store("Minato"), make_store("Yama")
    return Cast(
        company=store.company,
        store=store,
        aya=make_member(make_user("Aya"), store, Role.DIRECTOR),
        ben=make_member(make_user("Ben"), store, Role.STAFF),
        chie=make_freelancer("Chie", store.company),
        dai=make_member(make_user("Dai"), store, Role.REVIEWER),
        emi=make_freelancer("Emi"),
        fumi=make_freelancer("Fumi", store.company),
        other_store=other_store,
        gen=make_member(make_user("Gen"), other_store, Role.DIRECTOR),
    )


def make_key(user: User, *scopes: str) -> str:
    """The secret of a new API key; every scope unless some are named."""
    _key, secret = create_key(user=user, name="test", scopes=scopes or Scope.values, by=user, now=now())
    return secret


def products(count: int) -> list[Row]:
    """Source rows by logical column; every second product lacks its description."""
    return [
        {
            "title": f"マグカップ {number}",
            "handle": f"mug-{number}",
            "description": "" if number % 2 else f"<p>説明 {number}</p>",
            "vendor": "港工房",
            "type": "マグ",
            "tags": "食器, ギフト",
            "status": "active",
            "sku": f"M-{number}",
            "option1_name": "色",
            "option1_value": "白",
            "price": "1500",
            "inventory_quantity": "7",
        }
        for number in range(1, count + 1)
    ]


def shop_file(
    rows: Sequence[Row], *, dialect: str = "current", end: str = "\r\n", bom: bool = False
) -> bytes:
    """A product file with all columns of its dialect, one record for each row."""
    layout = LAYOUTS[dialect]
    logical = {name: key for key, name in layout.columns.items()}
    lines: list[Iterable[str]] = [layout.header]
    lines += [[row.get(logical.get(name, ""), "") for name in layout.header] for row in rows]
    text = "".join(",".join(map(_cell, line)) + end for line in lines)
    return text.encode("utf-8-sig" if bom else "utf-8")


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\r\n') else text


def make_batch(
    cast: Cast, *, count: int = 3, audience: str = "staff", publish: bool = True, **terms: Any
) -> Batch:
    """A batch over `count` products, read and (unless told otherwise) published by Aya."""
    filled = {"title": "Spring", "template": "product-copy", "audience": audience, "reward": 150, **terms}
    batch = batches.create_batch(
        store_id=cast.store.pk, terms=batches.Terms(**filled), by=cast.aya, now=now()
    )
    read_file(batch, shop_file(products(count)), by=cast.aya)
    if publish:
        batch = batches.publish(batch_id=batch.pk, by=cast.aya, now=now())
    return batch


def read_file(
    batch: Batch, data: bytes, *, by: User, name: str = "products.csv", row_filter: Any = None
) -> Import:
    """Uploads a file into a draft and runs the job that reads it."""
    made = imports.start_import(
        batch_id=batch.pk,
        file=ContentFile(data, name),
        name=name,
        row_filter=row_filter or {},
        by=by,
        now=now(),
    )
    run_pending()
    return Import.objects.get(pk=made.pk)


def good_answer(number: int = 1) -> dict[str, str]:
    """An answer that passes every check of the shipped template."""
    text = f"毎日の食卓になじむ、手ざわりのよいマグカップです。電子レンジで温められます。その{number}。"
    return {
        "title": f"港工房 マグカップ 白 {number}",
        "description": text + "\n\n" + text,
        "seo_title": f"マグカップ 白 {number}",
        "seo_description": "港工房の白いマグカップ。毎日使える手ざわりのよさで、電子レンジでも温め直せます。",
        "tags": "マグカップ,陶器,ギフト",
    }


def make_submission(batch: Batch, worker: User, answer: dict[str, Any] | None = None) -> Submission:
    """Claims the next task of a batch and hands in an answer that no other task has."""
    held = claim.claim_next(batch_id=batch.pk, by=worker, now=now())
    return hand_in(held, answer)


def hand_in(held: Assignment, answer: dict[str, Any] | None = None) -> Submission:
    return submit.submit(
        assignment_id=held.pk,
        answer=answer or good_answer(held.pk),
        fence=held.fence,
        by=held.worker,
        now=now(),
    )


def make_approved(
    batch: Batch, worker: User, reviewer: User, answer: dict[str, Any] | None = None
) -> Submission:
    submission = make_submission(batch, worker, answer)
    review.approve(submission_id=submission.pk, by=reviewer, now=now())
    return submission


def make_upload(owner: User, assignment: Assignment | None = None) -> Upload:
    """A picture; with `assignment` one that was handed in with it."""
    kept = uploads.keep_image(file=ContentFile(picture(), "a.png"), name="a.png", by=owner, now=now())
    kept.assignment = assignment
    kept.save(update_fields=["assignment"])
    return kept


def picture(form: str = "PNG", size: tuple[int, int] = (8, 6)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, form)
    return out.getvalue()
