"""Result files for people and programs: all answers as a table, or one JSON object each."""

from collections.abc import Sequence
from typing import Any, BinaryIO

from django.utils import timezone
from django.utils.translation import gettext as translate
from django.utils.translation import override

from exchange.people import write_jsonl, write_people_csv
from tasks.answers.schema import parse_form
from tasks.domain.corrections import correction_of, final_answer
from tasks.domain.release_answers import Answers, cell_text
from tasks.models import Release, Submission


def write_lines(answers: Answers, out: BinaryIO) -> int:
    """One answer a line. Returns the lines written."""
    return write_jsonl((_as_line(submission) for submission in answers.rows()), out)


def write_table(release: Release, answers: Answers, out: BinaryIO) -> int:
    """A CSV in the language of whoever asked. Returns the rows written."""
    step = release.batch.steps.select_related("template_version").get(position=1)
    form = parse_form(step.template_version.form)
    with override(release.created_by.language), timezone.override(release.created_by.zone):
        header = [
            translate("Key"),
            translate("Product"),
            *(str(field.label) for field in form.fields),
            translate("Worker"),
            translate("Submitted at"),
        ]
        rows = (_as_row(submission, [field.name for field in form.fields]) for submission in answers.rows())
        return write_people_csv(rows, header, out)


def _as_row(submission: Submission, names: Sequence[str]) -> list[str]:
    unit = submission.assignment.task.unit
    answer = final_answer(submission)
    cells = [cell_text(answer.get(name, "")) for name in names]
    at = timezone.localtime(submission.created_at).strftime("%Y-%m-%d %H:%M")
    return [unit.key, unit.title, *cells, str(submission.assignment.worker), at]


def _as_line(submission: Submission) -> dict[str, Any]:
    assignment = submission.assignment
    return {
        "key": assignment.task.unit.key,
        "task": assignment.task_id,
        "submission": submission.pk,
        "worker": assignment.worker_id,
        "submitted_at": submission.created_at.isoformat(),
        "answer": final_answer(submission),
        "corrected": correction_of(submission) is not None,
    }
