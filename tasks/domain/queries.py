"""What each person may see. Pages, API, socket, files and exports all start here."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from accounts.domain.queries import DESK, stores_of
from accounts.models import User
from tasks.models import (
    Assignment,
    Batch,
    Import,
    LaterCheck,
    LaterFinding,
    Release,
    Slot,
    Step,
    Submission,
    Task,
    Template,
    Upload,
)
from tasks.rules import STAFF_WORK_ROLES
from tasks.states import ON_TASK, UNDECIDED, AssignmentState, Audience, BatchState, JobState, SlotState
from workers.models import PoolMember, WorkerProfile


def visible_batches(user: User, now: datetime) -> QuerySet[Batch]:
    """Batches of the stores whose desk the person sits at (directors and reviewers)."""
    return Batch.objects.filter(store__in=stores_of(user, now, *DESK)).select_related("store")


def visible_tasks(user: User, now: datetime) -> QuerySet[Task]:
    """Tasks of those batches; a task whose import has not landed is not there yet."""
    return Task.objects.filter(
        batch__store__in=stores_of(user, now, *DESK), unit__source__state=JobState.DONE
    ).select_related("unit")


def visible_imports(user: User, now: datetime) -> QuerySet[Import]:
    rows = Import.objects.filter(batch__store__in=stores_of(user, now, *DESK))
    return rows.exclude(state=JobState.DISCARDED).select_related("batch__store")


def visible_releases(user: User, now: datetime) -> QuerySet[Release]:
    return Release.objects.filter(batch__store__in=stores_of(user, now, *DESK)).select_related(
        "batch__store", "created_by"
    )


def visible_later_checks(user: User, now: datetime) -> QuerySet[LaterCheck]:
    """Those whose answers are all of stores at whose desk the person sits: their counts tell of all."""
    desk = stores_of(user, now, *DESK)
    others = LaterCheck.stores.through.objects.filter(latercheck=OuterRef("pk")).exclude(store__in=desk)
    rows = LaterCheck.objects.filter(company__in=desk.values("company_id")).exclude(Exists(others))
    return rows.select_related("version__template", "created_by")


def visible_findings(later: LaterCheck) -> QuerySet[LaterFinding]:
    """What a check found, without work that was rejected since (rule 6)."""
    rows = LaterFinding.objects.filter(later_check=later)
    rows = rows.exclude(submission__assignment__state=AssignmentState.REJECTED)
    return rows.select_related("batch", "worker")


def visible_assignments(user: User) -> QuerySet[Assignment]:
    """One's own work."""
    return Assignment.objects.filter(worker=user).select_related(
        "task__unit", "step__batch__store__company", "template_version__template"
    )


def visible_submissions(user: User, now: datetime) -> QuerySet[Submission]:
    """At the desk: what was handed in to the store, without the content of rejected work (rule 6)."""
    desk = Q(assignment__store__in=stores_of(user, now, *DESK)) & ~Q(assignment__state="rejected")
    return Submission.objects.filter(desk | Q(assignment__worker=user))


def visible_uploads(user: User, now: datetime) -> QuerySet[Upload]:
    """One's own pictures and one's work's, those handed in to one's store, a store's for its workers."""
    desk = stores_of(user, now, *DESK)
    shops = Q(store__in=stores_of(user, now)) | Q(
        store__in=offered_steps(user, now).values("batch__store_id")
    )
    worked = Q(store__in=Assignment.objects.filter(worker=user).values("store_id"))
    at_desk = Q(assignment__store__in=desk) & ~Q(assignment__state=AssignmentState.REJECTED)
    # In a manual: for whoever may read one of the template's versions.
    manuals = Q(template__company__in=stores_of(user, now).values("company_id"))
    manuals |= Q(template__in=offered_steps(user, now).values("template_version__template_id"))
    done = Assignment.objects.filter(worker=user).values("template_version__template_id")
    manuals |= Q(template__in=done)
    own = Q(owner=user) | Q(assignment__worker=user)
    return Upload.objects.filter(own | shops | worked | at_desk | manuals)


def visible_templates(user: User, now: datetime) -> QuerySet[Template]:
    """The shipped ones, and those of the companies whose stores one belongs to."""
    return Template.objects.filter(Q(company=None) | Q(company__in=stores_of(user, now).values("company_id")))


def review_queue(user: User, now: datetime) -> QuerySet[Assignment]:
    """Work that waits for a decision of this person, the nearest clock first (`auto_approve_at`, id)."""
    # Named one by one: through a subquery the order of the index would be lost.
    stores = list(stores_of(user, now, *DESK).values_list("pk", flat=True))
    return (
        Assignment.objects.filter(store__in=stores, state__in=UNDECIDED)
        .select_related("task__unit", "step__batch__store", "worker", "reviewer", "template_version")
        .annotate(
            submission_id=Subquery(
                Submission.objects.filter(assignment=OuterRef("pk")).order_by("-number").values("pk")[:1]
            )
        )
    )


def offered_steps(user: User, now: datetime) -> QuerySet[Step]:
    """Steps of open and paused batches whose work is for this person."""
    staff = Q(audience=Audience.STAFF, batch__store__in=stores_of(user, now, *STAFF_WORK_ROLES))
    pools = PoolMember.objects.filter(user=user).values("company_id")
    crowd = Q(audience=Audience.CROWD) & (Q(open_to_all=True) | Q(batch__store__company__in=pools))
    crowd &= Q(Exists(WorkerProfile.objects.filter(user=user)))
    crowd &= ~Q(batch__store__company__in=stores_of(user, now).values("company_id"))
    return (
        Step.objects.filter(staff | crowd, batch__state__in=[BatchState.OPEN, BatchState.PAUSED])
        .select_related("batch__store__company", "template_version__template")
        .annotate(has_free=Exists(_free_for(user)))
    )


def _free_for(user: User) -> QuerySet[Slot]:
    mine = Assignment.objects.filter(task_id=OuterRef("task_id"), worker=user).filter(ON_TASK)
    return Slot.objects.filter(~Exists(mine), step_id=OuterRef("pk"), state=SlotState.OPEN)


def offered_tasks(user: User, step: Step) -> QuerySet[Task]:
    """Tasks of a step that this person could choose, in order."""
    mine = Assignment.objects.filter(task_id=OuterRef("pk"), worker=user).filter(ON_TASK)
    return Task.objects.filter(~Exists(mine), batch_id=step.batch_id, state="open").select_related("unit")
