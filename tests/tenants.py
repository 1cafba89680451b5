"""Two companies in full swing: everything of Minato that a stranger could ask for, and Yama beside it."""

import contextlib
from dataclasses import dataclass, replace
from typing import Any

from allauth.mfa.models import Authenticator

from accounts.domain import invitations
from accounts.domain.api_keys import create_key
from accounts.models import Membership, User
from events.dispatcher import dispatch_once
from events.readers import run_readers
from jobs.runner import run_pending
from kernel.clock import now
from notify import links
from notify.models import Notice
from tasks.domain import batches, claim, draft, later_checks, questions, releases, review
from tasks.domain.draft import DraftOutdated
from tasks.domain.reports import report_impossible
from tasks.domain.template_draft import current, publish_draft, save_template_draft
from tasks.domain.template_make import create_template
from tasks.models import (
    Assignment,
    Batch,
    DraftAlternative,
    Import,
    Repair,
    Submission,
    Task,
    TemplateVersion,
)
from tests.factories import (
    Cast,
    good_answer,
    hand_in,
    make_approved,
    make_batch,
    make_cast,
    make_upload,
    products,
    read_file,
    shop_file,
)
from workers.domain.pool_links import make_link
from workers.models import PoolMember


@dataclass(frozen=True)
class Tenants:
    """`ids`: for each parameter of a route, the object of Minato to ask for, Chie's where it has an owner."""

    cast: Cast
    crowd: Batch
    staff: Batch
    draft: Batch
    strange: Batch
    held: Assignment
    ids: dict[str, Any]

    def people(self) -> dict[str, User]:
        return self.cast.people()

    def batches_of_minato(self) -> list[Batch]:
        return [self.crowd, self.staff, self.draft]


def make_tenants() -> Tenants:
    """Minato: work for the pool and for the staff, a draft, a result file. Yama: work for its staff."""
    cast = make_cast()
    crowd = make_batch(cast, count=5, audience="crowd", title="Minato crowd")
    staff = make_batch(cast, count=3, audience="staff", title="Minato staff")
    unpublished = make_batch(cast, count=2, audience="staff", title="Minato draft", publish=False)
    make_approved(crowd, cast.fumi, cast.dai)
    waiting = hand_in(claim.claim_next(batch_id=crowd.pk, by=cast.chie, now=now()))
    held = _held_with_a_kept_text(crowd, cast.chie)
    back = hand_in(claim.claim_next(batch_id=staff.pk, by=cast.ben, now=now()))
    review.request_changes(submission_id=back.pk, comments={"title": "Ben alone"}, by=cast.dai, now=now())
    unclear = claim.claim_next(batch_id=staff.pk, by=cast.ben, now=now())
    report = report_impossible(assignment_id=unclear.pk, reason="source_missing", by=cast.ben, now=now())
    result = releases.request_release(batch_id=crowd.pk, format="update", by=cast.aya, now=now())
    run_pending()
    returned = hand_in(claim.claim_next(batch_id=crowd.pk, by=cast.chie, now=now()))
    review.approve(submission_id=returned.pk, by=cast.dai, now=now())
    strange = _yama(cast)
    while dispatch_once():
        pass
    while run_readers():
        pass
    invited = invitations.invite(
        store_id=cast.store.pk, email="x@example.jp", role="staff", until=None, by=cast.aya, now=now()
    )
    link = make_link(company_id=cast.company.pk, name="Minato link", most=5, days=7, by=cast.aya, now=now())
    manual = _template(cast)
    ids = {
        "template_id": manual.template_id,
        "version_id": manual.pk,
        "company_id": cast.company.pk,
        "membership_id": Membership.objects.get(user=cast.ben).pk,
        "invitation_id": invited.invitation.pk,
        "link_id": link.link.pk,
        "pool_member_id": PoolMember.objects.get(user=cast.fumi).pk,
        "key": "nothing",
        "pk": Authenticator.objects.create(
            user=cast.chie, type="webauthn", data={"name": "Chie's", "credential": {}}
        ).pk,
        "token": invited.path.split("/")[2],
        "store_id": cast.store.pk,
        "slug": "new-listing",
        "question_id": _asked(crowd, cast),
        "repair_id": _repair_of(unpublished, cast),
        "later_check_id": _looked_through(waiting, cast),
        "batch_id": crowd.pk,
        "verb": "pause",
        "task_id": Task.objects.filter(batch=crowd, state="open").values_list("pk", flat=True)[0],
        "assignment_id": held.pk,
        "alternative_id": DraftAlternative.objects.get(assignment=held).pk,
        "submission_id": waiting.pk,
        "report_id": report.pk,
        "release_id": result.pk,
        "result_id": result.pk,
        "import_id": Import.objects.get(batch=crowd).pk,
        "upload_id": make_upload(cast.chie, waiting.assignment).pk,
        "notice_id": Notice.objects.filter(user=cast.chie)[0].pk,
        "notice_link": links.to_notice(Notice.objects.filter(user=cast.chie)[0].pk).split("/")[2],
        "stop_link": links.to_stop(links.Stop(kind="approved", user=cast.chie.pk)).split("/")[3],
        "key_id": create_key(user=cast.chie, name="Chie's", scopes=["read"], by=cast.chie, now=now())[0].pk,
    }
    return Tenants(cast, crowd, staff, unpublished, strange, held, ids)


def _asked(batch: Batch, cast: Cast) -> int:
    asked = questions.ask(batch_id=batch.pk, text="Which title?", by=cast.chie, now=now())
    questions.reply(question_id=asked.pk, text="The short one", by=cast.dai, now=now())
    return asked.pk


def _looked_through(answer: Submission, cast: Cast) -> int:
    check = {"kind": "length", "field": "title", "max": 1}
    made = later_checks.start(submission_id=answer.pk, check=check, by=cast.aya, now=now())
    run_pending()
    return made.pk


def _repair_of(batch: Batch, cast: Cast) -> int:
    """A row to ask for; no job runs it."""
    step = batch.steps.get(position=1)
    version = step.template_version
    made = Repair.objects.create(
        batch=batch, step=step, before=version, after=version, scope="all", note="-", created_by=cast.aya,
        created_at=now(),
    )  # fmt: skip
    return made.pk


def _held_with_a_kept_text(batch: Batch, worker: User) -> Assignment:
    held = claim.claim_next(batch_id=batch.pk, by=worker, now=now())
    for text in ("one", "two"):
        # The second one still has the first fence: it is kept beside the draft.
        with contextlib.suppress(DraftOutdated):
            draft.save_draft(
                assignment_id=held.pk, answer={"title": text}, fence=held.fence, by=worker, now=now()
            )
    return Assignment.objects.get(pk=held.pk)


def _template(cast: Cast) -> TemplateVersion:
    """A template of Minato's own, published and being changed again."""
    made = create_template(store_id=cast.store.pk, title="Minato work", by=cast.aya, now=now())
    version = publish_draft(template_id=made.pk, fence=1, note="", by=cast.aya, now=now())
    content, fence, _draft = current(made)
    save_template_draft(template_id=made.pk, content=content, fence=fence, by=cast.aya, now=now())
    return version


def _yama(cast: Cast) -> Batch:
    """A published batch of the other company with one answer waiting; its own director does the work."""
    shop = replace(cast, company=cast.other_store.company, store=cast.other_store, aya=cast.gen)
    batch = batches.create_batch(
        store_id=shop.store.pk,
        terms=batches.Terms(title="Yama staff", template="product-copy", audience="staff", reward=10),
        by=cast.gen,
        now=now(),
    )
    rows = [{**row, "title": f"山の皿 {n}", "handle": f"yama-{n}"} for n, row in enumerate(products(2))]
    read_file(batch, shop_file(rows), by=cast.gen)
    batch = batches.publish(batch_id=batch.pk, by=cast.gen, now=now())
    hand_in(claim.claim_next(batch_id=batch.pk, by=cast.gen, now=now()), good_answer(999))
    return batch
