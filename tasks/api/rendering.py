"""Rows as JSON. Everything a function needs is loaded by its caller: none of these asks the database."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from accounts.models import Store, User
from exchange.errors import describe
from tasks import texts
from tasks.answers.checks import describe as describe_check
from tasks.answers.lists import Input
from tasks.domain import mappings
from tasks.domain.corrections import correction_of
from tasks.domain.versions import Known
from tasks.models import (
    Assignment,
    Batch,
    Correction,
    DraftAlternative,
    Import,
    ImportRefusal,
    Report,
    Review,
    Step,
    Submission,
    Template,
    TemplateVersion,
    Unit,
    Upload,
)
from tasks.models import Mapping as TableMapping

Json = dict[str, Any]


def moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def store_json(store: Store) -> Json:
    return {"id": store.pk, "name": store.name}


def person_json(user: User | None) -> Json | None:
    """No e-mail address: whoever meets somebody through work needs none."""
    return {"id": user.pk, "name": user.name} if user else None


def unit_json(unit: Unit) -> Json:
    return {"key": unit.key, "title": unit.title}


def template_json(template: Template, version: TemplateVersion) -> Json:
    return {
        "id": template.pk,
        "key": template.key,
        "title": {"ja": template.title_ja, "en": template.title_en},
        "summary": {"ja": template.summary_ja, "en": template.summary_en},
        "company": template.company_id,
        "version": version.number,
        "inputs": version.inputs,
        "form": version.form,
        "checks": version.checks,
        "checklist": version.checklist,
        "defaults": version.defaults,
        "manual": {"ja": version.manual_ja, "en": version.manual_en},
    }


# The desk of a store


def batch_json(batch: Batch, step: Step, counts: Mapping[str, int]) -> Json:
    """Needs `store`, and the step's template version with its template."""
    return {
        "id": batch.pk,
        "store": store_json(batch.store),
        "title": batch.title,
        "state": batch.state,
        "pause_reason": batch.pause_reason or None,
        **terms_json(step, batch),
        "created_at": moment(batch.created_at),
        "published_at": moment(batch.published_at),
        "ended_at": moment(batch.ended_at),
        "counts": dict(counts),
        "tasks": sum(counts.values()),
    }


def terms_json(step: Step, batch: Batch) -> Json:
    return {
        "template": template_ref(step.template_version),
        "audience": step.audience,
        "open_to_all": step.open_to_all,
        "reward": step.reward,
        "answers_per_task": step.answers_per_task,
        "lease_minutes": step.lease_minutes,
        "deadline": moment(batch.deadline),
        "per_worker_cap": step.per_worker_cap,
        "pilot_tasks": step.pilot_tasks,
    }


def template_ref(version: TemplateVersion) -> Json:
    return {"key": version.template.key, "version": version.number}


def import_json(source: Import, refused: Iterable[ImportRefusal], refused_next: str | None) -> Json:
    return {
        "id": source.pk,
        "batch": source.batch_id,
        "state": source.state,
        "name": source.name,
        "size": source.size,
        "format": source.format,
        "mapping": source.mapping_id,
        "row_filter": source.row_filter,
        "percent": source.percent,
        "rows": source.rows,
        "units": source.units_made,
        "units_known": source.units_known,
        "units_left_out": source.units_left_out,
        "refused_rows": source.refused_rows,
        "refused": [refusal_json(one) for one in refused],
        "refused_next": refused_next,
        "error": _import_error(source.error),
        "facts": source.facts,
        "created_at": moment(source.created_at),
        "finished_at": moment(source.finished_at),
    }


def mapping_json(mapping: TableMapping) -> Json:
    return {
        "id": mapping.pk,
        "store": mapping.store_id,
        "name": mapping.name,
        "number": mapping.number,
        "header": mapping.header,
        **mappings.as_json(mappings.table_of(mapping)),
        "created_at": moment(mapping.created_at),
    }


def refusal_json(refusal: ImportRefusal) -> Json:
    return {
        "row": refusal.row,
        "column": refusal.column or None,
        "code": refusal.code,
        "message": str(describe(refusal.code, refusal.params)),
    }


def _import_error(error: Json | None) -> Json | None:
    if error is None:
        return None
    return {
        "row": error["row"],
        "column": error["column"] or None,
        "code": error["code"],
        "message": texts.import_problem(error),
    }


# Work


def upload_json(upload: Upload) -> Json:
    return {
        "id": str(upload.pk),
        "width": upload.width,
        "height": upload.height,
        "content_type": upload.content_type,
        "size": upload.size,
        "url": f"/api/v1/uploads/{upload.pk}/file",
    }


def hold_json(assignment: Assignment) -> Json:
    left = assignment.lease_remaining
    return {
        "id": assignment.pk,
        "state": assignment.state,
        "fence": assignment.fence,
        "lease_expires_at": moment(assignment.lease_expires_at),
        "lease_remaining_seconds": int(left.total_seconds()) if left is not None else None,
    }


def assignment_row(assignment: Assignment, batch: Batch, unit: Unit) -> Json:
    return {
        **hold_json(assignment),
        "use": assignment.use or None,
        "batch": {
            "id": batch.pk,
            "title": batch.title,
            "state": batch.state,
            "deadline": moment(batch.deadline),
            "store": store_json(batch.store),
        },
        "task": assignment.task_id,
        "step": assignment.step_id,
        "unit": unit_json(unit),
        "reward": assignment.reward,
        "rounds": assignment.rounds,
        "claimed_at": moment(assignment.claimed_at),
        "submitted_at": moment(assignment.submitted_at),
        # Until the notice is handed over there is no end yet.
        "resubmit_by": None if assignment.clock_waits else moment(assignment.resubmit_by),
        "decided_at": moment(assignment.decided_at),
        "ended_at": moment(assignment.ended_at),
    }


def assignment_json(
    assignment: Assignment,
    unit: Unit,
    version: Known,
    *,
    submissions: Iterable[Submission] = (),
    alternatives: Iterable[DraftAlternative] = (),
    reports: Iterable[Report] = (),
) -> Json:
    """Everything that is needed to do the work. Needs `step.batch.store` and `started_by` loaded."""
    return {
        **assignment_row(assignment, assignment.step.batch, unit),
        "template": template_ref(version.row),
        "inputs": version.row.inputs,
        "input": {one.name: input_value(one, unit.values) for one in version.inputs},
        **version.as_json(),
        "manual": {
            "ja": version.row.manual_ja,
            "en": version.row.manual_en,
            "html": str(version.manual_html()),
        },
        "started_by": person_json(assignment.started_by),
        "freed_reason": assignment.freed_reason or None,
        "impossible_share": assignment.step.impossible_share,
        "report_due_at": moment(assignment.report_due_at),
        "reports": [report_json(one) for one in reports],
        "draft": assignment.draft,
        "draft_saved_at": moment(assignment.draft_saved_at),
        "alternatives": [_alternative_json(one) for one in alternatives],
        "submissions": [submission_json(one, assignment) for one in submissions],
    }


def input_value(wanted: Input, values: Mapping[str, Any]) -> Any:
    """A text, or a list for the kinds list, images and options."""
    match wanted.kind:
        case "images":
            return values.get("images", [])
        case "options":
            return _options(values.get("variants", []))
        case "list":
            parts = str(values.get(wanted.name, "")).split(",")
            return [part.strip() for part in parts if part.strip()]
    return str(values.get(wanted.name, ""))


def _options(variants: Iterable[Mapping[str, Any]]) -> list[Json]:
    found: dict[str, dict[str, None]] = {}
    for variant in variants:
        for name, value in variant["options"]:
            found.setdefault(name, {})[value] = None
    return [{"name": name, "values": list(values)} for name, values in found.items()]


def _alternative_json(one: DraftAlternative) -> Json:
    return {"id": one.pk, "answer": one.answer, "fence": one.fence, "created_at": moment(one.created_at)}


# Answers and decisions


def submission_json(
    submission: Submission, assignment: Assignment, reviews: Iterable[Review] | None = None
) -> Json:
    """`reviews`: those of a submission just made; None if they are prefetched, with `correction` selected."""
    found = submission.reviews.all() if reviews is None else reviews
    correction = correction_of(submission) if reviews is None else None
    return {
        "id": submission.pk,
        "assignment": assignment.pk,
        "task": assignment.task_id,
        "batch": assignment.batch_id,
        "number": submission.number,
        "state": assignment.state,
        "use": assignment.use or None,
        "late": submission.late,
        "answer": submission.answer,
        "correction": correction_json(correction) if correction else None,
        "checks": [check_json(result) for result in submission.checks],
        "reviews": [review_json(one) for one in found],
        "created_at": moment(submission.created_at),
    }


def correction_json(correction: Correction) -> Json:
    """What is used in place of the answer, and in which fields it differs."""
    return {
        "answer": correction.answer,
        "fields": correction.fields,
        "note": correction.note,
        "second_person": correction.second_person,
        "created_at": moment(correction.created_at),
    }


def report_json(report: Report) -> Json:
    state = "open" if report.closed_at is None else "answered" if report.answer else "agreed"
    return {
        "id": report.pk,
        "assignment": report.assignment_id,
        "state": state,
        "reason": report.reason,
        "note": report.note,
        "answer": report.answer or None,
        "created_at": moment(report.created_at),
        "closed_at": moment(report.closed_at),
    }


def submission_row(submission: Submission, assignment: Assignment) -> Json:
    """Needs the assignment's `worker` and `task.unit`, and the submission's reviews."""
    return {
        **submission_json(submission, assignment),
        "unit": unit_json(assignment.task.unit),
        "worker": person_json(assignment.worker),
    }


def check_json(result: Json) -> Json:
    return {
        "id": result["id"],
        "kind": result["kind"],
        "field": result["field"],
        "passed": result["passed"],
        "blocking": result["blocking"],
        "message": str(describe_check(result)),
    }


def review_json(review: Review) -> Json:
    return {
        "decision": review.decision,
        "comments": review.comments,
        "reasons": review.reasons,
        "note": review.note,
        "created_at": moment(review.created_at),
    }


def decision_json(review: Review, assignment: Assignment) -> Json:
    return {
        "submission": review.submission_id,
        "assignment": assignment.pk,
        "state": assignment.state,
        "use": assignment.use or None,
        **review_json(review),
    }


def waiting_json(assignment: Assignment, submissions: list[Submission], *, reader: User) -> Json:
    """One entry of the review queue; `submissions` oldest first, all with their reviews."""
    last, earlier = submissions[-1], submissions[-2] if len(submissions) > 1 else None
    return {
        **submission_row(last, assignment),
        "source": assignment.task.unit.values,
        "previous": submission_json(earlier, assignment) if earlier else None,
        "rounds": assignment.rounds,
        "own_work": assignment.worker_id == reader.pk,
        "deadline": moment(assignment.auto_approve_at),
        "leased_to": person_json(assignment.reviewer) if assignment.review_lease_until else None,
        "lease_until": moment(assignment.review_lease_until),
    }
