"""Staff work passes on: what a colleague had begun goes to whoever takes the task next.

Work of freelancers never does: their drafts are their own.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.models import User
from kernel import hot
from tasks.answers.pictures import uploads_in
from tasks.answers.schema import FieldKind, Form
from tasks.domain.versions import known
from tasks.models import Assignment, DraftAlternative, Slot, Step, Upload
from tasks.states import OFF_TASK, Audience

Draft = dict[str, Any]

# The rows of one slot are few: which of them hold a draft is seen in Python.
_ENDED = hot.Prepared(
    lambda slot: (
        Assignment.objects.filter(slot_id=slot, state__in=OFF_TASK).order_by("-pk").only("draft", "worker")
    )
)


def left_by_a_colleague(slot: Slot, step: Step, by: User) -> Assignment | None:
    """The last ended hold of a slot of staff work in which something was typed, if it was not one's own."""
    if step.audience != Audience.STAFF:
        return None
    last = next((one for one in _ENDED.all(slot=slot.pk) if one.draft), None)
    return last if last is not None and last.worker_id != by.pk else None


def passed_on(left: Assignment, step: Step, by: User) -> Draft:
    """The draft for its new holder, with copies of its pictures: each answer hands in its own."""
    form = known(step.template_version_id).form
    draft: Draft = left.draft
    wanted = [
        int(one) for one in uploads_in(form, draft) if one.isascii() and one.isdigit() and len(one) < 19
    ]
    if not wanted:
        return draft
    copies: dict[str, str] = {}
    for upload in Upload.objects.filter(pk__in=wanted, owner_id=left.worker_id):
        old = upload.pk
        upload.pk, upload.assignment, upload.owner = None, None, by
        upload._state.adding = True
        upload.save()
        copies[str(old)] = str(upload.pk)
    return _with_pictures(form, draft, copies)


def _with_pictures(form: Form, draft: Draft, copies: Mapping[str, str]) -> Draft:
    found = dict(draft)
    for field in form.fields:
        value = found.get(field.name)
        if field.kind is FieldKind.IMAGE:
            found[field.name] = copies.get(str(value), value)
        elif isinstance(value, list):
            names = {column.name for column in field.fields if column.kind is FieldKind.IMAGE}
            if field.kind is FieldKind.IMAGE_PAIRS:
                names = {"after"}
            found[field.name] = [_part(one, names, copies) for one in value]
    return {name: value for name, value in found.items() if value is not None}


def _part(one: Any, names: set[str], copies: Mapping[str, str]) -> Any:
    if not isinstance(one, Mapping):
        return one
    return {name: copies.get(str(v), v) if name in names else v for name, v in one.items()}


def keep_own_beside(assignment: Assignment, own: Assignment | None, now: datetime) -> None:
    """What one had typed oneself, before a colleague went on with the task, stays within reach."""
    if own is not None and own.draft and own.draft != assignment.draft:
        DraftAlternative.objects.create(
            assignment=assignment, answer=own.draft, fence=own.fence, created_at=now
        )
