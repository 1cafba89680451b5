import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.answers.manual import render_manual


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "<javascript:alert(1)>",
        "![x](javascript:alert(1))",
        '![x](/a.png "x\\" onerror=\\"alert(1)")',
        "[x](https://a.jp \"x' onclick='alert(1)\")",
        "```html\n<script>alert(1)</script>\n```",
        "`<script>`",
        "<style>*{display:none}</style>",
        "<svg><script>alert(1)</script></svg>",
        "[a]: javascript:alert(1)\n\n[a]",
    ],
)
def test_script_in_markdown_stays_text(markdown: str) -> None:
    html = render_manual(markdown)
    for bad in ("<script", "<style", "<svg", 'href="javascript', 'href="data', 'src="javascript'):
        assert bad not in html.lower()
    for tag in html.split("<")[1:]:
        assert "onerror=" not in tag.partition(">")[0].replace("&quot;", "").split('title="')[0]
        assert "onclick=" not in tag.partition(">")[0].replace("&quot;", "").split('title="')[0]


def test_links_open_elsewhere_without_passing_anything_on() -> None:
    html = render_manual("[店](https://example.jp/a) <mailto:aya@example.jp>")
    assert 'href="https://example.jp/a" target="_blank" rel="nofollow noopener noreferrer"' in html
    assert 'href="mailto:aya@example.jp"' in html


@pytest.mark.parametrize("address", ["/local", "//evil.example/x", "ftp://a.jp/x", "a.html"])
def test_links_to_other_kinds_of_address_lead_nowhere(address: str) -> None:
    assert "href" not in render_manual(f"[x]({address})")


def test_only_our_own_images_are_shown() -> None:
    assert '<img src="/media/a.png" alt="見本">' in render_manual("![見本](/media/a.png)")
    for address in ("https://evil.example/a.png", "//evil.example/a.png", "a.png"):
        html = render_manual(f"![<見本>]({address})")
        assert "<img" not in html
        assert "&lt;見本&gt;" in html


def test_tables_lists_and_line_breaks() -> None:
    html = render_manual("# 題\n\n|a|b|\n|-|-|\n|1|2|\n\n1. x\n\n行\n次")
    assert "<h2>題</h2>" in html
    assert '<table class="table table-sm">' in html
    assert "<ol>" in html
    assert "行<br>" in html


def test_deepest_heading_stays_a_heading() -> None:
    assert render_manual("###### a").strip() == "<h6>a</h6>"


@pytest.mark.parametrize(
    "markdown",
    ["[" * 50_000, "> " * 20_000, "*a " * 30_000, "`" * 50_000, "<" * 50_000, "|a" * 20_000, "![" * 20_000],
)
def test_hostile_markdown_takes_no_time(markdown: str) -> None:
    start = time.perf_counter()
    render_manual(markdown)
    assert time.perf_counter() - start < 5


@given(st.text(st.sampled_from("#*_`[]()!<>|-\n \"'/:.ajs&;\\")))
def test_odd_markdown_never_raises(markdown: str) -> None:
    html = render_manual(markdown)
    assert "<script" not in html
