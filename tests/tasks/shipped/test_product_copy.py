from typing import Any

import pytest
from django.utils import translation

from tasks.answers.checks import CheckResult, blocking_failures, parse_checks, run_checks
from tasks.answers.lists import parse_checklist, parse_inputs
from tasks.answers.manual import render_manual
from tasks.answers.schema import parse_form
from tasks.answers.validate import validate_answer
from tasks.shipped import load_shipped

TEMPLATE = load_shipped()[0]
FORM = parse_form(TEMPLATE.form)
CHECKS = parse_checks(TEMPLATE.checks, FORM)
GOOD: dict[str, Any] = {
    "title": "日向窯 マグカップ 陶器 300ml 電子レンジ対応",
    "description": (
        "<p>朝のコーヒーにちょうどよい、300mlの陶器のマグカップです。</p>\n"
        "<p>持ち手は指が3本入る大きさで、たっぷり注いでも安定して持てます。"
        "電子レンジと食洗機に対応しているので、毎日気軽に使えます。サイズNo.10の箱でお届けします。</p>"
    ),
    "seo_title": "陶器のマグカップ 300ml 電子レンジ対応｜日向窯",
    "seo_description": (
        "300mlの陶器のマグカップです。指が3本入る持ち手で持ちやすく、電子レンジと食洗機に対応しています。"
    ),
    "tags": "マグカップ, 陶器, ギフト",
}


def run(answer: dict[str, Any], taken: bool = False) -> list[CheckResult]:
    return run_checks(CHECKS, answer, is_taken=lambda field, value: taken)


def failed(change: dict[str, Any]) -> set[str]:
    return {result.id for result in run(GOOD | change) if not result.passed}


def test_good_answer_passes_everything() -> None:
    assert validate_answer(FORM, GOOD, upload_exists=lambda upload: False) == []
    assert [result.id for result in run(GOOD) if not result.passed] == []


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"title": "マグ"}, "title-length"),
        ({"title": "マグカップ" * 60}, "title-length"),
        ({"title": "<b>マグカップ</b> 陶器"}, "title-plain"),
        ({"title": "最安のマグカップ"}, "title-banned"),
        ({"description": "短い説明"}, "description-length"),
        ({"description": GOOD["description"] + "<script>alert(1)</script>"}, "description-html"),
        ({"description": GOOD["description"] + "売上Ｎｏ．１！"}, "description-banned"),
        ({"description": GOOD["description"] + "飲めば必ず効くお茶に。"}, "description-banned"),
        ({"description": GOOD["description"] + "最高の一杯を。"}, "description-careful"),
        ({"seo_title": "あ" * 71}, "seo-title-length"),
        ({"seo_description": "あ" * 161}, "seo-description-length"),
        ({"seo_description": GOOD["seo_description"] + "\n続き"}, "seo-description-plain"),
        ({"tags": "マグカップ、陶器"}, "tags-form"),
        ({"tags": "a,,b"}, "tags-form"),
        ({"tags": ",".join("abcdefghijklmnopqrstu")}, "tags-form"),
    ],
)
def test_each_check_finds_its_fault(change: dict[str, Any], check: str) -> None:
    assert check in failed(change)


def test_same_title_and_careful_words_only_warn() -> None:
    results = run(GOOD | {"description": GOOD["description"] + "最高の一杯を。"}, taken=True)
    assert {result.id for result in results if not result.passed} == {"title-unique", "description-careful"}
    assert blocking_failures(results) == []


def test_every_field_fills_a_column_and_is_explained_in_both_languages() -> None:
    assert set(FORM.columns().values()) == {"title", "description", "seo_title", "seo_description", "tags"}
    for field in FORM.fields:
        assert field.required
        assert all([field.label.ja, field.label.en, field.help.ja, field.help.en])
    assert all(check.label.ja and check.label.en for check in CHECKS)


def test_inputs_and_checklist() -> None:
    assert {entry.name for entry in parse_inputs(TEMPLATE.inputs)} >= {
        "title",
        "images",
        "price",
        "description",
    }
    items = parse_checklist(TEMPLATE.checklist)
    assert 4 <= len(items) <= 6
    assert all(item.label.ja and item.label.en for item in items)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_manual_is_shown_in_each_language(language: str) -> None:
    with translation.override(language):
        html = render_manual(str(TEMPLATE.manual))
    assert html.count("<h3>") >= 5
    assert "<table" in html


def test_every_blocked_word_is_really_found() -> None:
    for check in CHECKS:
        for word in check.words:
            results = run(GOOD | {check.field: f"{GOOD[check.field]} {word}"})
            found = next(result for result in results if result.id == check.id)
            assert word in found.params["words"]
