"""The used answers of a batch as they were at one moment, by the keys of the shop's file."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import F, Max

from exchange.merge import Change
from jobs import stopping
from tasks.answers.schema import parse_form
from tasks.domain import mappings
from tasks.domain.corrections import final_answer
from tasks.models import Assignment, Submission
from tasks.states import Use

READ_AT_ONCE = 500

Cells = Mapping[str, str]  # logical column → text


def used(batch_id: int) -> Any:
    """Assignments whose answer is used: neither silent approvals nor the others of several answers."""
    return Assignment.objects.filter(batch_id=batch_id, use=Use.USED)


class Answers:
    """Unit key → submission. The ids are read once, the answers when asked for; neither changes any more."""

    def __init__(self, batch_id: int) -> None:
        last = used(batch_id).annotate(last=Max("submissions__number"))
        rows = last.filter(submissions__number=F("last")).order_by("task__position")
        self.ids: dict[str, int] = dict(rows.values_list("task__unit__key", "submissions__pk"))
        self._mapped = mappings.is_mapped(batch_id)
        self._columns: dict[int, dict[str, str]] = {}

    def __call__(self, keys: Sequence[str]) -> Mapping[str, Cells]:
        """Unit key → logical column → text, for those of `keys` that have a used answer."""
        stopping()
        by_id = {self.ids[key]: key for key in keys if key in self.ids}
        found = Submission.objects.filter(pk__in=by_id)
        found = found.select_related("assignment__template_version", "correction")
        return {by_id[submission.pk]: self._cells(submission) for submission in found}

    def _cells(self, submission: Submission) -> Cells:
        version = submission.assignment.template_version
        if version.pk not in self._columns:
            self._columns[version.pk] = mappings.targets(parse_form(version.form), mapped=self._mapped)
        columns = self._columns[version.pk]
        texts = {
            columns[name]: cell_text(v) for name, v in final_answer(submission).items() if name in columns
        }
        return {logical: text for logical, text in texts.items() if text}

    def submissions(self, changes: Iterable[Change]) -> list[int | None]:
        """Which submission each change is from."""
        return [self.ids[change.key] for change in changes]

    def rows(self) -> Iterator[Submission]:
        """The submissions in the order of the file, with task, unit and worker."""
        ids = list(self.ids.values())
        for start in range(0, len(ids), READ_AT_ONCE):
            chunk = ids[start : start + READ_AT_ONCE]
            related = ("assignment__task__unit", "assignment__worker", "correction")
            found = Submission.objects.select_related(*related).in_bulk(chunk)
            yield from (found[pk] for pk in chunk)
            stopping()


class KnownColumns:
    """Answers without those for columns that the file does not have; counts them by column."""

    def __init__(self, answers: Answers, columns: Collection[str]) -> None:
        self.answers = answers
        self.columns = columns
        self.left_out: Counter[str] = Counter()
        self.found = 0

    def __call__(self, keys: Sequence[str]) -> Mapping[str, Cells]:
        found = self.answers(keys)
        self.found += len(found)
        for cells in found.values():
            self.left_out.update(logical for logical in cells if logical not in self.columns)
        return {
            key: {logical: text for logical, text in cells.items() if logical in self.columns}
            for key, cells in found.items()
        }

    def submissions(self, changes: Iterable[Change]) -> list[int | None]:
        return self.answers.submissions(changes)


def cell_text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
