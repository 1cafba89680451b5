"""What a browser sends of a rendered form, and what the server says of one answer, cell by cell."""

import datetime
from html.parser import HTMLParser
from typing import Any

from django.http import QueryDict

from frontend.answerform.post import answer_from_post
from tasks.answers.checks import run_checks
from tasks.answers.form import FieldKind
from tasks.answers.normalise import hidden_fields, without_hidden
from tasks.answers.validate import validate_answer
from tests.frontend.answerform.agreement import UPLOADS, Case

Problems = dict[str, set[str]]


class SuccessfulControls(HTMLParser):
    """The name-value pairs of a form as HTML's form submission makes them in a browser without JavaScript."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.pairs: list[tuple[str, str]] = []
        self.templates = 0  # what stands in <template> is no part of the document
        self.select: str | None = None
        self.options: list[tuple[str, bool]] = []
        self.textarea: str | None = None
        self.written = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "template":
            self.templates += 1
        if self.templates or "disabled" in given:
            return
        if tag == "input" and given.get("name"):
            self._input(given)
        elif tag == "select":
            self.select, self.options = given["name"], []
        elif tag == "option":
            self.options.append((given["value"], "selected" in given))
        elif tag == "textarea":
            self.textarea, self.written = given["name"], ""

    def _input(self, given: dict[str, str]) -> None:
        kind, value = given.get("type", "text"), given.get("value", "on")
        if kind == "file" or (kind in ("checkbox", "radio") and "checked" not in given):
            return
        if kind == "text":
            value = value.replace("\r", "").replace("\n", "")
        if kind == "date" and not _is_date(value):
            value = ""
        self.pairs.append((given["name"], value))

    def handle_data(self, data: str) -> None:
        if self.textarea is not None:
            self.written += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self.templates -= 1
        elif tag == "select" and self.select is not None:
            chosen = [value for value, selected in self.options if selected]
            self.pairs.append((self.select, (chosen or [self.options[0][0]])[-1]))
            self.select = None
        elif tag == "textarea" and self.textarea is not None:
            text = self.written.removeprefix("\n").replace("\n", "\r\n")
            self.pairs.append((self.textarea, text))
            self.textarea = None


def _is_date(value: str) -> bool:
    try:
        return datetime.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def posted(pairs: list[tuple[str, str]]) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in pairs:
        data.appendlist(name, value)
    return data


def answer_of(case: Case) -> dict[str, Any]:
    """The answer that the texts of a case mean."""
    lists = {name: value if isinstance(value, list) else [value] for name, value in case.typed.items()}
    return answer_from_post(
        case.form, posted([(name, text) for name, all_ in lists.items() for text in all_])
    )


def form_problems(case: Case, answer: dict[str, Any]) -> Problems:
    """Path → codes of what the form refuses."""
    found: Problems = {}
    unit = case.unit
    for problem in validate_answer(case.form, answer, upload_exists=UPLOADS.__contains__, unit_values=unit):
        found.setdefault(problem.field, set()).add(problem.code)
    return found


def all_problems(case: Case, answer: dict[str, Any]) -> Problems:
    """The same with what blocking machine checks refuse, of rows each row and not only the first."""
    found = form_problems(case, answer)
    asked = without_hidden(case.form, answer)
    for path, one in _one_row_each(case, asked):
        results = run_checks(case.checks, one, is_taken=lambda name, value: False, form=case.form)
        for result in results:
            at = result.path if path is None else f"{path}.{result.field.partition('.')[2]}"
            in_rows = "." in result.field
            if result.blocking and not result.passed and in_rows is (path is not None):
                code = "required" if result.kind == "required" else f"check_{result.kind}"
                if path is None or result.field.startswith(f"{path.partition('.')[0]}."):
                    found.setdefault(at, set()).add(code)
    return found


def _one_row_each(case: Case, answer: dict[str, Any]) -> list[tuple[str | None, dict[str, Any]]]:
    found: list[tuple[str | None, dict[str, Any]]] = [(None, answer)]
    for field in case.form.fields:
        if field.kind is FieldKind.ROWS:
            rows = answer.get(field.name, [])
            found += [(f"{field.name}.{n}", answer | {field.name: [row]}) for n, row in enumerate(rows)]
    return found


def hidden_of(case: Case, answer: dict[str, Any]) -> set[str]:
    return set(hidden_fields(case.form, answer))
