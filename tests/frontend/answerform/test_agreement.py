"""Renderer, browser and server agree on a thousand made forms and answers, with and without JavaScript."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

from frontend.answerform.post import answer_from_post, input_name
from frontend.answerform.render import render_form
from frontend.work.drafts import _typed as answer_from_autosave
from frontend.work.page import shown_fields
from tasks.answers.form import FieldKind
from tasks.answers.normalise import normalise_answer
from tests.frontend.answerform.agreement import ODD_DATES, Case, cases
from tests.frontend.answerform.browsing import (
    SuccessfulControls,
    all_problems,
    answer_of,
    form_problems,
    hidden_of,
    posted,
)
from tools import chromium

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
COUNT = 1_000
A_PAGE = 50
REALLY_SUBMITTED = 100
FOLDER = Path(__file__).resolve().parent
STATIC = FOLDER.parents[2] / "frontend/static"
ORIGIN = "http://tencho.test"
POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; connect-src 'self'; "
    "form-action 'self'"
)


@cache
def all_cases() -> list[Case]:
    return cases(COUNT)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    assert path is not None, "There is no Chromium: `make test` installs one."
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(chromium.LAUNCH_FLAGS))
        yield running
        running.close()


def test_the_made_cases_are_of_every_sort() -> None:
    fields = [field for case in all_cases() for field in case.form.fields]
    assert {field.kind for field in fields} == set(FieldKind)
    verdicts = [bool(all_problems(case, answer_of(case))) for case in all_cases()]
    assert min(verdicts.count(True), verdicts.count(False)) > COUNT / 20
    assert sum(bool(hidden_of(case, answer_of(case))) for case in all_cases()) > COUNT / 20
    codes = {
        code
        for case in all_cases()
        for found in all_problems(case, answer_of(case)).values()
        for code in found
    }
    assert codes >= {
        "required", "too_short", "too_long", "control_character", "not_a_whole_number", "not_a_number",
        "too_small", "too_big", "not_an_option", "too_few_options", "too_many_options", "not_a_date",
        "too_few_rows", "pairs_missing", "check_length", "check_regex", "check_bytes_cp932",
        "check_banned", "check_allowed",
    }  # fmt: skip


def test_form_sent_without_javascript_says_what_was_rendered() -> None:
    for case in all_cases():
        answer = answer_of(case)
        html = render_form(
            case.form, case.checks, values=answer, errors=[], mode="edit", unit_values=case.unit
        )
        again = answer_from_post(case.form, posted(SuccessfulControls(html).pairs))
        assert again == answer, case.number
        assert form_problems(case, again) == form_problems(case, answer), case.number


# ---- in Chromium


def task_form(shown: list[tuple[Case, dict[str, Any]]], language: str) -> str:
    """The task page's own form with the fields of several cases, drawn as that page draws them."""
    with translation.override(language):
        fields = [
            field
            for case, values in shown
            for field in shown_fields(case.form, case.checks, values=values, edit=True, unit_values=case.unit)
        ]
        assignment = SimpleNamespace(
            pk=1, state="claimed", fence=0, draft_saved_at=None, lease_expires_at=None
        )
        user = SimpleNamespace(pk=1, time_zone="Asia/Tokyo")
        context = {"assignment": assignment, "user": user, "fields": fields, "csrf_token": "x", "beat": 600}
        body = render_to_string("work/_form.html", context)
    scripts = "".join(f'<script src="/{name}.js" defer></script>' for name in ("answerform", "work"))
    return f'<!doctype html><html lang="{language}"><title>x</title>{scripts}<main><h1>x</h1>{body}</main>'


class Desk:
    """One page, served from memory, and what it sends."""

    def __init__(self, context: BrowserContext) -> None:
        self.html = ""
        self.sent: list[Any] = []
        self.complaints: list[str] = []
        context.route("**/*", self._answer)
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _answer(self, route: Route) -> None:
        request = route.request
        headers = {"Content-Security-Policy": POLICY}
        if request.method == "POST":
            self.sent.append((request.headers.get("content-type", ""), request.post_data_buffer))
            route.fulfill(body='{"fence": 1}', content_type="application/json")
        elif request.url.endswith(".js"):
            script = (STATIC / request.url.rpartition("/")[2]).read_text("utf-8")
            route.fulfill(body=script, content_type="text/javascript", headers=headers)
        else:
            route.fulfill(body=self.html, content_type="text/html; charset=utf-8", headers=headers)


def test_form_really_submitted_without_javascript_says_the_same(browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, service_workers="block")
    desk = Desk(context)
    for start in range(0, REALLY_SUBMITTED, 20):
        some = [(case, answer_of(case)) for case in all_cases()[start : start + 20]]
        desk.html = task_form(some, "ja")
        desk.page.goto(f"{ORIGIN}/")
        desk.page.locator("button[name=then][value=stay]").first.click()
        content_type, body = desk.sent.pop()
        request = RequestFactory().generic("POST", "/", body, content_type=content_type)
        for case, answer in some:
            assert answer_from_post(case.form, request.POST) == answer, case.number
    context.close()


FILL = (FOLDER / "filling.js").read_text("utf-8")
JUDGE = (FOLDER / "judging.js").read_text("utf-8")


def left_to_browser(problems: dict[str, set[str]], case: Case) -> dict[str, set[str]]:
    """Without patterns on U+2028, which the dot takes in RE2 alone: the browser says nothing there."""
    if "\u2028" not in json.dumps(case.typed, ensure_ascii=False):
        return problems
    left = {path: codes - {"check_regex"} for path, codes in problems.items()}
    return {path: codes for path, codes in left.items() if codes}


def typeable(case: Case) -> Case:
    """The case as somebody can fill it in from nothing: no text in a date control, only offered options."""
    return replace(case, typed={name: _typeable(value) for name, value in case.typed.items()})


def _typeable(value: str | list[str]) -> str | list[str]:
    if isinstance(value, list):
        return [text for text in value if text != "gone"]
    return "" if value in (*ODD_DATES, "gone") else value


def judged_by_browser(case: Case, found: dict[str, str], rows_as_stored: bool) -> dict[str, set[str]]:
    """Path → codes. Rows left blank are not numbered by the server, and must be without a finding."""
    judged: dict[str, set[str]] = {}
    for control, text in found.items():
        name, *parts = control.removeprefix("answer-").split("-")
        codes = set(text.split()) - {"advice"}
        field = case.form.field(name)
        if field is None or not codes:
            continue
        if parts and field.kind is FieldKind.ROWS:
            number = int(parts[0]) if rows_as_stored else _stored_number(case, name, int(parts[0]))
            judged[f"{name}.{number}.{parts[1]}"] = codes
        else:
            judged[name] = codes
    return judged


def _stored_number(case: Case, rows: str, number: int) -> int | str:
    """The number of a typed row among those that are stored; “blank” for one that is not."""
    stored = -1
    for one in range(number + 1):
        prefix = f"{input_name(rows)}-{one}-"
        typed = {name.rpartition("-")[2]: v for name, v in case.typed.items() if name.startswith(prefix)}
        filled = bool(normalise_answer(case.form, {rows: [typed]}))
        stored += filled
    return stored if filled else "blank"


def test_browser_and_server_judge_alike_and_autosave_carries_the_answer(browser: Browser) -> None:
    context = browser.new_context(service_workers="block")
    desk = Desk(context)
    for start in range(0, COUNT, A_PAGE):
        some = [case if case.number % 2 else typeable(case) for case in all_cases()[start : start + A_PAGE]]
        answers = {case.number: answer_of(case) for case in some}
        # Half of them come from the server as drafts, the others are filled in here.
        given = [(case, answers[case.number] if case.number % 2 else {}) for case in some]
        desk.html = task_form(given, "en" if start % 100 else "ja")
        desk.page.goto(f"{ORIGIN}/")
        desk.sent.clear()
        typed = {name: text for case in some if case.number % 2 == 0 for name, text in case.typed.items()}
        with desk.page.expect_response(lambda answer: answer.request.method == "POST"):
            # Filling in takes one turn of the browser: every save has all of it.
            desk.page.evaluate(FILL, typed)
            judged = desk.page.evaluate(JUDGE)
        assert desk.complaints == []
        saved = json.loads(desk.sent[-1][1])
        for case in some:
            answer = answers[case.number]
            names = {field.name for field in case.form.fields}
            hidden = hidden_of(case, answer)
            assert {name for name in judged["hidden"] if name in names} == hidden, case.number
            browser_says = judged_by_browser(case, judged["found"], rows_as_stored=bool(case.number % 2))
            asked = {p: c for p, c in browser_says.items() if p.partition(".")[0] not in hidden}
            asked = left_to_browser(asked, case)
            assert asked == left_to_browser(all_problems(case, answer), case), (case.number, case.typed)
            mine = {name: text for name, text in saved["answer"].items() if name.split("-")[0] in names}
            sent = json.dumps({"answer": mine, "fence": 0}).encode()
            assert answer_from_autosave(sent, case.form)[0] == answer, case.number
    context.close()
