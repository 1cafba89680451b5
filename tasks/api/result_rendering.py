"""Result files, their cells and traces as JSON."""

from collections.abc import Iterable
from typing import Any

from tasks import texts
from tasks.api.rendering import Json, moment, person_json, review_json, unit_json
from tasks.domain.corrections import correction_of
from tasks.domain.traces import WentInto
from tasks.models import Drift, Release, ReleaseCell, Submission
from tasks.states import JobState

PLACE = ("key", "row", "column", "characters")


def release_json(release: Release) -> Json:
    """Needs `created_by` and `uploaded_by` loaded."""
    done = release.state == JobState.DONE
    return {
        "id": release.pk,
        "batch": release.batch_id,
        "state": release.state,
        "format": release.format,
        "answers": release.answers,
        "cells": release.cells,
        "columns": release.facts.get("columns", []),
        "warnings": [{"code": one["code"], "message": texts.warning(one)} for one in release.warnings],
        "error": _error_json(release.error) if release.error else None,
        "name": release.name or None,
        "size": release.size,
        "url": f"/api/v1/results/{release.pk}/file" if done else None,
        "restores": release.restores_id,
        "answers_only": release.answers_only,
        "later_check": release.later_check_id,
        "since_uploaded": release.since_uploaded,
        "new": release.facts.get("new"),
        "fresh": release.fresh_name or None,
        "overwrite": release.overwrite,
        "drift": release.facts.get("drift"),
        "uploaded_at": moment(release.uploaded_at),
        "uploaded_by": person_json(release.uploaded_by),
        "created_by": person_json(release.created_by),
        "created_at": moment(release.created_at),
        "finished_at": moment(release.finished_at),
    }


def _error_json(error: Json) -> Json:
    places = error["params"].get("places", [])
    return {
        "code": error["code"],
        "message": texts.release_problem(error),
        "row": error.get("row"),
        "column": error.get("column") or None,
        "places": [{name: place[name] for name in PLACE} for place in places],
    }


def cell_json(cell: ReleaseCell) -> Json:
    return {
        "id": cell.pk,
        "key": cell.key,
        "row": cell.row,
        "column": cell.column,
        "logical": cell.logical,
        "before": cell.before,
        "after": cell.after,
        "submission": cell.submission_id,
    }


def drift_json(drift: Drift) -> Json:
    return {
        "id": drift.pk,
        "key": drift.key,
        "kind": drift.kind,
        "column": drift.column or None,
        "then": drift.then,
        "now": drift.now,
        "answered": drift.answered,
    }


def trace_json(
    submission: Submission, went: Iterable[WentInto], others: Iterable[Any], more: str | None
) -> Json:
    assignment = submission.assignment
    return {
        "submission": submission.pk,
        "batch": assignment.batch_id,
        "unit": unit_json(assignment.task.unit),
        "worker": person_json(assignment.worker),
        "state": assignment.state,
        "use": assignment.use or None,
        "reviews": [review_json(one) for one in submission.reviews.all()],
        "correction": _correction_json(submission),
        "results": [_went_json(one) for one in went],
        "items": [_other_json(one) for one in others],
        "next": more,
    }


def _correction_json(submission: Submission) -> Json | None:
    correction = correction_of(submission)
    if correction is None:
        return None
    return {
        "answer": correction.answer,
        "fields": correction.fields,
        "note": correction.note,
        "corrected_by": person_json(correction.corrected_by),
        "created_at": moment(correction.created_at),
    }


def _went_json(went: WentInto) -> Json:
    release = went.release
    return {
        "result": release.pk,
        "format": release.format,
        "created_at": moment(release.created_at),
        "uploaded_at": moment(release.uploaded_at),
        "restored_by": [one.pk for one in went.taken_back],
        "cells": [{"column": cell.column, "before": cell.before, "after": cell.after} for cell in went.cells],
    }


def _other_json(assignment: Any) -> Json:
    return {
        "submission": assignment.last_submission,
        "assignment": assignment.pk,
        "batch": {"id": assignment.batch_id, "name": assignment.batch.title},
        "unit": unit_json(assignment.task.unit),
        "state": assignment.state,
        "use": assignment.use or None,
        "submitted_at": moment(assignment.submitted_at),
    }
