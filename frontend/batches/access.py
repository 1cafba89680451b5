"""Fetching what a director's page shows, for whoever may see it; the rest is 404."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import User
from frontend.context import roles_in
from kernel.clock import now
from tasks.domain import counts
from tasks.domain.queries import visible_batches
from tasks.errors import Missing, RoleMissing
from tasks.models import Batch
from tasks.rules import DIRECT_ROLES
from tasks.states import BatchState, TaskState

BatchView = Callable[..., HttpResponse]


def person(request: HttpRequest) -> User:
    """The signed-in person, behind `login_required`."""
    user: Any = request.user
    assert isinstance(user, User)
    return user


def batch_of(request: HttpRequest, batch_id: int) -> Batch:
    """A batch of a store at whose desk the reader sits. Raises `Missing`."""
    batch = visible_batches(person(request), now()).filter(pk=batch_id).first()
    if batch is None:
        raise Missing
    return batch


def directs(request: HttpRequest, batch: Batch) -> bool:
    return not roles_in(request).get(batch.store_id, frozenset()).isdisjoint(DIRECT_ROLES)


def draft_page(view: BatchView) -> BatchView:
    """A page of the wizard: for a director, and only while the batch is a draft."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, batch_id: int) -> HttpResponse:
        batch = batch_of(request, batch_id)
        if not directs(request, batch):
            raise RoleMissing
        if batch.state != BatchState.DRAFT:
            return redirect("batch", batch.pk)
        return view(request, batch)

    return guarded


def board_page(view: BatchView) -> BatchView:
    """A page of a published batch; a draft is sent to where its making was left."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, batch_id: int) -> HttpResponse:
        batch = batch_of(request, batch_id)
        if batch.state == BatchState.DRAFT:
            made = counts.of_batch(batch.pk)[TaskState.OPEN]
            return redirect("batch_terms" if made else "batch_source", batch.pk)
        return view(request, batch)

    return guarded
