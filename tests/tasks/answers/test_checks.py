import json
import time
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from tasks.answers.check_kinds import as_json
from tasks.answers.checks import (
    CheckResult,
    ChecksRefused,
    blocking_failures,
    describe,
    limit_of,
    parse_checks,
    run_checks,
    unique_key,
)
from tests.tasks.answers.forms import ALL_KINDS, form

FORM = form(ALL_KINDS)


def declare(kind: str, field: str = "body", **more: Any) -> dict[str, Any]:
    return {"id": "check", "kind": kind, "field": field, **more}


def refused(*raw: Any) -> list[tuple[str, str]]:
    with pytest.raises(ChecksRefused) as caught:
        parse_checks(list(raw), FORM)
    assert caught.value.code == "checks_invalid"
    named = [problem for problem in caught.value.fields if problem.field != "checks"]
    assert all(problem.field in str(problem.message) for problem in named)
    return [(problem.field, problem.code) for problem in caught.value.fields]


def run(value: Any, kind: str, field: str = "body", taken: bool = False, **more: Any) -> CheckResult:
    checks = parse_checks([declare(kind, field, **more)], FORM)
    return run_checks(checks, {field: value}, is_taken=lambda name, text: taken)[0]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (declare("spelling"), "unknown_kind"),
        (declare("required", "price"), "unknown_field"),
        (declare("length", "count", max=3), "wrong_field"),
        (declare("length"), "no_limit"),
        (declare("length", min=5, max=4), "limits_crossed"),
        (declare("length", max="9"), "bad_limit"),
        (declare("length", max=-1), "bad_limit"),
        (declare("bytes_cp932", min=3), "unknown_key"),
        (declare("required", blocking="yes"), "wrong_value"),
        (declare("required", label={"ja": "あ" * 201}), "bad_label"),
        (declare("required", label="x"), "bad_label"),
        (declare("banned", words=[]), "no_words"),
        (declare("banned", words=["　"]), "bad_word"),
        (declare("banned", words=["\u200b"]), "bad_word"),
        (declare("banned", words=["a"] * 2001), "too_many_words"),
        (declare("allowed", values=[1]), "bad_word"),
        (declare("regex"), "pattern_missing"),
        (declare("regex", pattern="a" * 1001), "pattern_too_long"),
        (declare("regex", pattern="\ud800"), "pattern_missing"),
        (declare("regex", pattern="a", mode="match"), "wrong_value"),
        (declare("regex", pattern=r"(a)\1"), "pattern_unsupported"),
        (declare("regex", pattern=r"(?=a)b"), "pattern_unsupported"),
        (declare("regex", pattern=r"(?<!a)b"), "pattern_unsupported"),
        (declare("regex", pattern="("), "pattern_unsupported"),
        (declare("regex", pattern="((a{100}){100}){100}"), "pattern_too_large"),
        (declare("regex", pattern=r"\pL{1000}" * 40), "pattern_too_large"),
    ],
)
def test_bad_definition_is_refused_by_name(raw: dict[str, Any], code: str) -> None:
    assert ("check", code) in refused(raw)


@pytest.mark.parametrize("raw", ["required", {"kind": "required"}, {"id": "A b", "kind": "required"}])
def test_check_without_id_is_named_by_its_place(raw: Any) -> None:
    assert refused(declare("required"), raw)[0][0] == "2"


def test_ids_are_unique() -> None:
    assert refused(declare("required"), declare("required")) == [("check", "id_doubled")]


def test_list_is_limited() -> None:
    assert refused(*[declare("required")] * 201) == [("checks", "too_many_checks")]
    assert refused(*[declare("regex", pattern="a")] * 21) == [("checks", "too_many_regexes")]
    with pytest.raises(ChecksRefused):
        parse_checks({}, FORM)


def test_refusal_of_a_pattern_is_told_in_japanese() -> None:
    with pytest.raises(ChecksRefused) as caught, translation.override("ja"):
        parse_checks([declare("regex", pattern="(?=a)")], FORM)
    with translation.override("ja"):
        assert "チェック「check」：この正規表現は使えません" in str(caught.value.fields[0].message)


def test_definition_survives_its_own_json() -> None:
    raw = [
        declare("regex", pattern="[0-9]+", mode="search", negate=True) | {"id": "a"},
        declare("length", min=1, max=9, blocking=False, label={"ja": "長さ", "en": "Length"}) | {"id": "b"},
        declare("banned", words=["最安"]) | {"id": "c"},
        declare("allowed", "colour", values=["red"]) | {"id": "d"},
    ]
    checks = parse_checks(raw, FORM)
    assert parse_checks([as_json(check) for check in checks], FORM) == checks


@pytest.mark.parametrize("value", [None, "", " \n", []])
def test_blank_field_fails_required_and_passes_all_else(value: Any) -> None:
    assert run(value, "required").code == "missing"
    assert run(value, "length", min=5).code == "empty"
    assert run(value, "regex", pattern="x").passed
    assert run(value, "unique_in_batch", taken=True).passed


@pytest.mark.parametrize("value", ["a", 0, ["gift"], False])
def test_filled_field_passes_required(value: Any) -> None:
    assert run(value, "required").passed


@pytest.mark.parametrize(
    ("text", "length"),
    [("あいう", 3), ("か\u3099", 1), ("𠮷", 1), ("a\r\nb", 3), ("👨‍👩‍👧", 5)],
)
def test_length_counts_code_points_after_nfc(text: str, length: int) -> None:
    assert run(text, "length", max=100).measured == length


def test_length_names_measure_and_limit() -> None:
    assert run("abc", "length", min=4).as_json()["params"] == {"length": 3, "min": 4}
    assert run("abc", "length", max=2).as_json()["params"] == {"length": 3, "max": 2}
    assert run("abc", "length", min=3, max=3).passed


@pytest.mark.parametrize(
    ("text", "size"), [("abc", 3), ("あ", 2), ("ｱｲｳ", 3), ("①㈱髙", 6), ("a\r\nb", 3), ("～〜", 4)]
)
def test_bytes_in_cp932(text: str, size: int) -> None:
    assert run(text, "bytes_cp932", max=size).measured == size
    assert run(text, "bytes_cp932", max=size).passed
    assert run(text, "bytes_cp932", max=size - 1).code == "too_many_bytes"


def test_characters_that_cp932_lacks_are_named_never_replaced() -> None:
    result = run("𠮷野家 café\u0080", "bytes_cp932", max=100)
    assert result.params == {"characters": ["𠮷 (U+20BB7)", "é (U+00E9)", "U+0080"]}
    assert not result.passed


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_bytes_in_cp932_agree_with_the_codec(text: str) -> None:
    result = run(text, "bytes_cp932", max=10**5)
    plain = text.replace("\r\n", "\n")
    if result.code == "measured_bytes":
        assert result.measured == len(plain.encode("cp932"))
        assert plain.encode("cp932").decode("cp932").encode("cp932") == plain.encode("cp932")


def test_regex_matches_the_whole_or_a_part_and_can_forbid() -> None:
    assert run("12", "regex", pattern="[0-9]+").passed
    assert run("a12", "regex", pattern="[0-9]+").code == "unmatched"
    assert run("a12", "regex", pattern="[0-9]+", mode="search").passed
    assert run("a12", "regex", pattern="[0-9]+", mode="search", negate=True).code == "matched"
    assert run("日本語", "regex", pattern=r"\p{Han}+").passed
    assert run("\ud800", "regex", pattern="x").code == "unmatched"


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|aa)+$", "(a*)*b", "(.*a){12}b", "[ab]*a[ab]{400}c", "(x?){500}y", r"(\w+\s?)+$"]
)
def test_catastrophic_regex_is_harmless(pattern: str) -> None:
    checks = parse_checks([declare("regex", pattern=pattern, mode="search")], FORM)
    answer = {"body": "a" * 50_000 + "!"}
    start = time.perf_counter()
    run_checks(checks, answer, is_taken=lambda name, text: False)
    assert time.perf_counter() - start < 1


def test_allowed_values() -> None:
    assert run(" red ", "allowed", "title", values=["red"]).passed
    assert run("Red", "allowed", "title", values=["red"]).measured == ["Red"]
    assert run(["gift", "car"], "allowed", "uses", values=["gift"]).params == {"values": ["car"]}


@pytest.mark.parametrize(
    "text",
    [
        "業界No.1の実績",
        "業界Ｎｏ．１の実績",
        "業界ｎＯ．１の実績",
        "N\u200bo.1です",
        "No<b>.1</b>です",
        "No&#46;1です",
        "5 < 6 No.1 > 3",
    ],
)
def test_banned_word_is_found_however_it_is_written(text: str) -> None:
    assert run(text, "banned", words=["最安", "No.1"]).measured == ["No.1"]


@pytest.mark.parametrize("text", ["最ﾔｽ", "ﾅﾝﾊﾞｰﾜﾝ", "ナンバーワン"])
def test_banned_kana_in_half_width(text: str) -> None:
    assert run(text, "banned", words=["ナンバーワン", "最ヤス"]).code == "banned"


@pytest.mark.parametrize("text", ["サイズはNo.10です", "piano.1", "<li>日本</li><li>一番</li>", "最大の安心"])
def test_other_words_are_not_taken_for_banned_ones(text: str) -> None:
    assert run(text, "banned", words=["No.1", "日本一", "最安"]).passed


def test_unique_in_batch_asks_the_caller() -> None:
    asked: list[tuple[str, str]] = []
    checks = parse_checks([declare("unique_in_batch", "count")], FORM)

    def is_taken(field: str, value: str) -> bool:
        asked.append((field, value))
        return True

    assert run_checks(checks, {"count": 5}, is_taken=is_taken)[0].code == "taken"
    assert asked == [("count", "5")]
    assert unique_key(" Ｍｕｇ　 cup\n") == unique_key("mug CUP")


@pytest.mark.parametrize(
    "text",
    [
        "plain, 5 < 7 & <3",
        "<p>a<p>b",
        "<p>a</p><br><br/>",
        "<ul><li>a<li>b</ul>",
        "<ol><li><strong>a</strong> <em>b</em> <b>c</b> <i>d</i></li></ol>",
        '<a href="https://example.jp/?a=1&amp;b=2">x</a>',
        "<A HREF='http://example.jp'>x</A>",
        "<h2>a</h2><h3>b</h3><h4>c</h4>",
        "<table><tr><th scope=col>a</th><td colspan='2'>b</td></tr></table>",
        "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table>",
    ],
)
def test_allowed_html_passes(text: str) -> None:
    assert run(text, "allowed_html").passed


@pytest.mark.parametrize(
    ("text", "code", "tag"),
    [
        ("<script>alert(1)</script>", "html_tag", "script"),
        ("<SCRIPT >x", "html_tag", "script"),
        ("a<img src=x onerror=alert(1)>", "html_tag", "img"),
        ("<svg/onload=alert(1)>", "html_tag", "svg"),
        ("<iframe src=//x></iframe>", "html_tag", "iframe"),
        ("<!-- x -->", "html_tag", "!-- x --"),
        ("<?php ?>", "html_tag", "?php ?"),
        ("</style>", "html_tag", "style"),
        ("<h1>a</h1>", "html_tag", "h1"),
        ("<p onclick=alert(1)>a", "html_attribute", "p"),
        ("<p style='x'>a", "html_attribute", "p"),
        ("<a target=_blank>a</a>", "html_attribute", "a"),
        ("<a href='javascript:alert(1)'>x</a>", "html_link", "a"),
        ("<a href='java&#115;cript:alert(1)'>x</a>", "html_link", "a"),
        ("<a href='//example.jp'>x</a>", "html_link", "a"),
        ("<a href='http://a\nb'>x</a>", "html_link", "a"),
        ("<a href>x</a>", "html_link", "a"),
        ("<b>a", "html_unclosed", "b"),
        ("<ul><li>a</li>", "html_unclosed", "ul"),
        ("<b><i>a</b></i>", "html_nesting", "b"),
        ("a</strong>", "html_nesting", "strong"),
        ("<td>a</td>", "html_nesting", "td"),
        ("<p><ul><li>a</li></ul></p>", "html_nesting", "p"),
        ('<a href="https://x.jp>x</a>', "html_nesting", "a"),
        ("<p", "html_nesting", "p"),
    ],
)
def test_html_that_is_not_allowed_is_named(text: str, code: str, tag: str) -> None:
    result = run(text, "allowed_html")
    assert (result.code, result.params["tag"]) == (code, tag)


@pytest.mark.parametrize(
    "part", ["<", "<p ", "<a href='", "<!", "</", "<b>", "<p a=", "<table>", "&lt;", "<p><b>"]
)
def test_hostile_html_takes_no_time(part: str) -> None:
    start = time.perf_counter()
    run(part * (100_000 // len(part)), "allowed_html")
    assert time.perf_counter() - start < 2


@given(
    st.lists(
        st.sampled_from(["<", ">", "</", "p", "b", "ul", "li", " ", "'", '"', "=", "href", "&", "/", "!"])
    )
)
def test_odd_html_never_raises(parts: list[str]) -> None:
    result = run("".join(parts), "allowed_html")
    assert result.message


def test_result_is_stored_as_json_and_told_in_the_readers_language() -> None:
    result = run("ABC最安", "banned", words=["最安", "abc"], label={"ja": "禁止語", "en": "Banned"})
    stored = json.loads(json.dumps(result.as_json()))
    lazy = describe(stored)
    with translation.override("ja"):
        assert str(lazy) == "使えない言葉が含まれています：最安、abc"
    with translation.override("en"):
        assert str(lazy) == "This holds words that must not be used: 最安, abc."
    assert stored["label"] == {"ja": "禁止語", "en": "Banned"}


def test_result_of_an_older_program_is_still_told() -> None:
    assert str(describe({"code": "gone", "params": {}})) == "gone"
    assert str(describe({"code": "too_long"})) == "too_long"


def test_only_blocking_failures_block() -> None:
    checks = parse_checks(
        [
            declare("length", max=1) | {"id": "a"},
            declare("length", max=1, blocking=False) | {"id": "b"},
            declare("length", max=9) | {"id": "c"},
        ],
        FORM,
    )
    results = run_checks(checks, {"body": "abc"}, is_taken=lambda name, text: False)
    assert [result.id for result in blocking_failures(results)] == ["a"]


def test_tightest_limit_is_for_the_counter() -> None:
    checks = parse_checks([declare("length", max=9), declare("length", max=5) | {"id": "b"}], FORM)
    assert limit_of(checks, checks[0].kind, "body") == 5
    assert limit_of(checks, checks[0].kind, "title") is None


_odd = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.lists(st.text())
)


@given(_odd)
def test_odd_value_never_raises(value: Any) -> None:
    kinds: list[dict[str, Any]] = [
        declare("required") | {"id": "a"},
        declare("length", min=1, max=5) | {"id": "b"},
        declare("bytes_cp932", max=5) | {"id": "c"},
        declare("regex", pattern=".+") | {"id": "d"},
        declare("allowed", values=["x"]) | {"id": "e"},
        declare("banned", words=["x"]) | {"id": "f"},
        declare("unique_in_batch") | {"id": "g"},
        declare("allowed_html") | {"id": "h"},
    ]
    for result in run_checks(parse_checks(kinds, FORM), {"body": value}, is_taken=lambda name, text: False):
        assert str(describe(json.loads(json.dumps(result.as_json()))))
