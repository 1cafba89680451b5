"""Every shipped template: whole in both languages, and its checks find what they are for.

A new template needs its data files and its samples in `samples.py`.
"""

from typing import Any

import pytest
from django.utils import translation

from exchange.layout import product_layouts
from tasks.answers.checks import blocking_failures, parse_checks, run_checks
from tasks.answers.form import Field
from tasks.answers.lists import parse_checklist, parse_inputs
from tasks.answers.manual import render_manual
from tasks.answers.schema import parse_form
from tasks.answers.texts import LocalText
from tasks.answers.validate import validate_answer
from tasks.domain.template_content import DEFAULTS
from tasks.shipped import ShippedTemplate, load_shipped
from tests.tasks.shipped.samples import SAMPLES, Answer

TEMPLATES = {template.key: template for template in load_shipped()}
KEYS = list(TEMPLATES)
# What the columns of the malls' files are called inside Tencho.
LOGICAL = {logical for layout in product_layouts() for logical in layout.columns}


def caught(template: ShippedTemplate, answer: Answer, *, also_warnings: bool = False) -> set[str]:
    """What refuses an answer: ids of checks, and `form:<place>` for the form's own rules."""
    form = parse_form(template.form)
    results = run_checks(parse_checks(template.checks, form), answer, form=form)
    failed = (
        [result for result in results if not result.passed] if also_warnings else blocking_failures(results)
    )
    problems = validate_answer(
        form, answer, upload_exists=lambda _id: True, unit_values=SAMPLES[template.key].unit
    )
    return {f"form:{problem.field}" for problem in problems} | {result.id for result in failed}


def without_blank(answer: Answer, change: dict[str, Any]) -> Answer:
    return {key: value for key, value in (answer | change).items() if value is not None}


def test_each_has_samples() -> None:
    assert list(SAMPLES) == KEYS


@pytest.mark.parametrize(("key", "number"), [(key, n) for key in KEYS for n in range(len(SAMPLES[key].good))])
def test_a_good_answer_passes_everything(key: str, number: int) -> None:
    assert caught(TEMPLATES[key], SAMPLES[key].good[number], also_warnings=True) == set()


@pytest.mark.parametrize(
    ("key", "change", "by"), [(key, change, by) for key in KEYS for change, by in SAMPLES[key].bad]
)
def test_a_bad_answer_is_refused_by(key: str, change: dict[str, Any], by: str) -> None:
    assert by in caught(TEMPLATES[key], without_blank(SAMPLES[key].good[0], change))


@pytest.mark.parametrize(
    ("key", "change", "by"), [(key, change, by) for key in KEYS for change, by in SAMPLES[key].warned]
)
def test_a_doubtful_answer_is_only_warned_of(key: str, change: dict[str, Any], by: str) -> None:
    answer = SAMPLES[key].good[0] | change
    assert by in caught(TEMPLATES[key], answer, also_warnings=True)
    assert caught(TEMPLATES[key], answer) == set()


@pytest.mark.parametrize("key", [key for key in KEYS if key != "product-copy"])
def test_every_blocking_check_has_a_bad_sample(key: str) -> None:
    blocking = {check["id"] for check in TEMPLATES[key].checks if check.get("blocking", True)}
    shown = {by for _change, by in SAMPLES[key].bad}
    # The same rule for a second field needs no second sample.
    twins = {"rakuten-short", "headline-short", "value-length"}
    assert blocking - shown <= twins


@pytest.mark.parametrize("key", KEYS)
def test_everything_is_worded_in_both_languages(key: str) -> None:
    template = TEMPLATES[key]
    form = parse_form(template.form)
    texts: dict[str, LocalText] = {"title": template.title, "summary": template.summary}
    for one in form.fields:
        texts |= _texts_of(one.name, one)
        for column in one.fields:
            texts |= _texts_of(f"{one.name}.{column.name}", column)
    texts |= {f"check {one.id}": one.label for one in parse_checks(template.checks, form)}
    texts |= {f"input {one.name}": one.label for one in parse_inputs(template.inputs)}
    texts |= {f"checklist {one.id}": one.label for one in parse_checklist(template.checklist)}
    assert not [name for name, text in texts.items() if not (text.ja and text.en)]
    # A help in one language only would leave the other's reader without.
    helped = [one for field in form.fields for one in (field, *field.fields) if one.help]
    assert all(one.help.ja and one.help.en for one in helped)


def _texts_of(name: str, one: Field) -> dict[str, LocalText]:
    return {name: one.label} | {f"{name}={option.value}": option.label for option in one.options}


@pytest.mark.parametrize("key", KEYS)
def test_manuals_have_the_same_parts_in_both_languages(key: str) -> None:
    manual = TEMPLATES[key].manual
    parts = {}
    for language in ("ja", "en"):
        with translation.override(language):
            html = render_manual(str(manual))
        # Marks that Markdown did not understand, for example ** outside a bracket.
        assert "**" not in html
        assert "`" not in html
        parts[language] = [html.count(tag) for tag in ("<h2>", "<h3>", "<table")]
    assert parts["ja"] == parts["en"]
    whole, sections, tables = parts["ja"]
    assert whole == 1
    assert sections >= 5
    assert tables >= 1
    assert "この作業はできません" in manual.ja or key == "product-copy"
    assert "This cannot be done" in manual.en or key == "product-copy"


@pytest.mark.parametrize("key", KEYS)
def test_the_usual_terms_fit_the_operation(key: str) -> None:
    terms = TEMPLATES[key].defaults
    assert set(terms) == set(DEFAULTS)
    assert all(low <= terms[name] <= high for name, (low, high) in DEFAULTS.items())
    low, high = SAMPLES[key].reward
    assert low <= terms["reward"] <= high
    assert terms["typical_minutes"] < terms["lease_minutes"]


@pytest.mark.parametrize("key", KEYS)
def test_fields_fill_columns_that_exist(key: str) -> None:
    assert set(parse_form(TEMPLATES[key].form).columns().values()) <= LOGICAL


@pytest.mark.parametrize("key", KEYS)
def test_a_reviewer_has_something_to_look_for(key: str) -> None:
    assert 4 <= len(parse_checklist(TEMPLATES[key].checklist)) <= 6


@pytest.mark.parametrize("key", KEYS)
def test_shared_words_are_written_out(key: str) -> None:
    words = [word for check in TEMPLATES[key].checks for word in check.get("words", [])]
    assert not [word for word in words if word.startswith("@")]


def test_keys_and_titles_are_told_apart() -> None:
    assert len(TEMPLATES) == len(load_shipped())
    assert len({template.title.ja for template in load_shipped()}) == len(TEMPLATES)
    assert len({template.title.en for template in load_shipped()}) == len(TEMPLATES)


@pytest.mark.parametrize("key", ["price-update", "sale-period", "stock-update"])
def test_money_and_stock_need_a_second_person(key: str) -> None:
    numbers = [one for one in parse_form(TEMPLATES[key].form).fields if one.kind.value == "integer"]
    assert numbers
    assert all(one.second_person for one in numbers)
