"""A newcomer's first steps, each ticked off by what is in the database; gone when all are done or hidden."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, User
from kernel.clock import now
from kernel.errors import Text
from tasks.models import Assignment, Batch, Release, Review
from tasks.states import BatchState, JobState
from workers.models import PoolMember

HIDDEN_COOKIE = "first_steps_hidden"
HIDDEN_FOR_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True)
class FirstStep:
    title: Text
    text: Text
    url: str
    done: bool


def of_director(request: HttpRequest, user: User, stores: Iterable[int]) -> list[FirstStep]:
    """From an empty shop to a file that comes back. `stores`: those the reader directs."""
    if _hidden(request):
        return []
    directed = list(stores)
    posted = Batch.objects.filter(store__in=directed)
    colleagues = Membership.objects.active(now()).filter(store__in=directed).exclude(user=user)
    found = User.objects.filter(pk=user.pk).values(
        posted=Exists(posted.exclude(state__in=[BatchState.DRAFT, BatchState.CANCELLED])),
        together=Exists(colleagues) | Exists(PoolMember.objects.filter(company__stores__in=directed)),
        decided=Exists(Assignment.objects.filter(store__in=directed, decided_at__isnull=False)),
        released=Exists(Release.objects.filter(batch__store__in=directed, state=JobState.DONE)),
    )[0]
    return _unless_done(
        [
            FirstStep(
                _("Post a first batch"),
                _("Try it with the sample file, or upload the product file of your shop."),
                reverse("batch_new"),
                found["posted"],
            ),
            FirstStep(
                _("Bring the people in"),
                _("Your own staff and reviewers, or freelancers whom you know."),
                reverse("people"),
                found["together"],
            ),
            FirstStep(
                _("Decide on a first answer"),
                _("Approve it, ask for changes, or reject it: a key is enough."),
                reverse("review"),
                found["decided"],
            ),
            FirstStep(
                _("Take the result back to the shop"),
                _("A file with nothing but the approved cells, ready to upload."),
                reverse("batches"),
                found["released"],
            ),
        ]
    )


def of_reviewer(request: HttpRequest, user: User) -> list[FirstStep]:
    if _hidden(request):
        return []
    return _unless_done(
        [
            FirstStep(
                _("Decide on a first answer"),
                _("The queue shows first what is due first. Press ? there to see the keys."),
                reverse("review"),
                Review.objects.filter(reviewer=user).exists(),
            )
        ]
    )


def of_worker(request: HttpRequest, user: User) -> list[FirstStep]:
    """From the list of work to the first approval."""
    if _hidden(request):
        return []
    mine = Assignment.objects.filter(worker=user)
    found = User.objects.filter(pk=user.pk).values(
        taken=Exists(mine),
        handed_in=Exists(mine.filter(submitted_at__isnull=False)),
        approved=Exists(mine.filter(state="approved")),
    )[0]
    return _unless_done(
        [
            FirstStep(
                _("Take a first task"),
                _("The manual stands beside it. What you hold is yours until its time runs out."),
                reverse("work"),
                found["taken"],
            ),
            FirstStep(
                _("Hand it in"),
                _("Everything you type is kept. The checks tell you what is missing."),
                reverse("my_work"),
                found["handed_in"],
            ),
            FirstStep(
                _("See it approved"),
                _("If something comes back, the comment stands at the field it is about."),
                f"{reverse('my_work')}?tab=waiting",
                found["approved"],
            ),
        ]
    )


def _unless_done(steps: list[FirstStep]) -> list[FirstStep]:
    return [] if all(step.done for step in steps) else steps


def _hidden(request: HttpRequest) -> bool:
    return HIDDEN_COOKIE in request.COOKIES
