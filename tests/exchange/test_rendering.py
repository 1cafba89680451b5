import time

import pytest

from exchange.rendering import render_description


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("一行だけの説明", "一行だけの説明"),
        ("5 < 6 & 7 > 2", "5 &lt; 6 &amp; 7 &gt; 2"),
        ("A &amp; B &#12354; &x", "A &amp; B &#12354; &amp;x"),
        ("x <y and z> w", "x &lt;y and z&gt; w"),
        ("一\n二", "<p>一<br>二</p>"),
        ("一\r\n二\r\n\r\n三", "<p>一<br>二</p><p>三</p>"),
        ("\n一\n \u3000\n\n二 & 三\n", "<p>一</p><p>二 &amp; 三</p>"),
        ("<p>一</p>\n\n<P class='x'>二 & 三", "<p>一</p>\n\n<P class='x'>二 & 三"),
        ("一<br/>二", "一<br/>二"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ],
)
def test_plain_text_becomes_html_and_html_stays(text: str, html: str) -> None:
    assert render_description(text) == html


@pytest.mark.parametrize("piece", ["<a ", "<", "&a", "\n ", "\n", "&#"])
def test_long_hostile_text_takes_no_time(piece: str) -> None:
    started = time.monotonic()
    render_description("x" + piece * 50_000 + "x")
    assert time.monotonic() - started < 5
