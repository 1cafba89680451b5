"""Every page that the demo's people reach by links, at both widths: Japanese by day, English by night."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from frontend.demo import people as cast
from frontend.demo.day import OWN
from frontend.demo.products import KINDS, STORE, answer_for, products
from tests.browser.conftest import PageFactory
from tests.browser.person import Axe, Person
from tests.serving import Server

# The first test of the module also fills the demo, which takes minutes on a busy machine.
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(420)]

SIZES = [{"width": 1440, "height": 900}, {"width": 390, "height": 844}]
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
WORD = re.compile(r"[A-Za-z]{3,}")
# Words that are the same in Japanese: names, formats, keys of the keyboard, and what is data.
SAME_IN_JAPANESE = re.compile(
    r"Tencho|English|Shopify|SKU|CSV|JSON Lines|JSON|SEO|API|HTML|Ctrl|Enter|Esc|Tab|JPEG|PNG|WebP"
    r"|Chrome|Linux|TSV|Markdown|UTF-8|CP932|Shift_JIS"
    r"|[\w.-]+@[\w.-]+|[\w.-]+\.(csv|jsonl|jpg)|[a-z]+(-[a-z]+)+|Asia/Tokyo|JST|Active|active"
)
# Texts of the page as it is read or read out, without what people or shops have written.
TEXTS = """() => {
    const written = "[data-diff], .answer-value, .inputs, .source-html, .manual, textarea, option";
    const theirs = `${written}, [lang]:not(html), script, style, noscript`;
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode.data.trim();
        if (text && !walker.currentNode.parentElement.closest(theirs)) found.push(text);
    }
    for (const element of document.querySelectorAll("[aria-label], [title], [placeholder], [alt]")) {
        if (element.closest("[lang]:not(html)")) continue;
        for (const name of ["aria-label", "title", "placeholder", "alt"]) {
            if (element.getAttribute(name)) found.push(element.getAttribute(name));
        }
    }
    return [document.title, ...found];
}"""
LINKS = "() => [...document.querySelectorAll('a[href]')].map((a) => a.href)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo as `make run` serves it."""
    running = Server(tmp_path_factory.mktemp("demo"))
    running.prepare()
    running.manage("demo")
    running.start()
    yield running
    running.stop()


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("name", ["aya", "dai", "ben", "chie", "hana"])
def test_all_pages_hold(page: PageFactory, axe: Axe, name: str, language: str) -> None:
    person = Person(page(locale=language), axe)
    person.sign_in(cast.address(name), cast.PASSWORD)
    _read_in(person, language)
    waiting, seen, problems = ["/"], set(), []
    while waiting:
        path = waiting.pop(0)
        kind = _kind(path)
        if kind in seen:
            continue
        seen.add(kind)
        try:
            waiting += _open(person, path)
            _look_at(person, path, language)
        except AssertionError as found:
            problems.append(f"{path}: {found}")
            person.complaints.clear()
    assert len(seen) >= 8, seen
    assert not problems, "\n\n".join(problems)


def _read_in(person: Person, language: str) -> None:
    """Chooses the language in the menu, as a person would."""
    if person.page.locator("html").get_attribute("lang") != language:
        person.page.click("header details.menu summary")
        person.page.click(f"header button[name=language][value={language}]")
        person.page.wait_for_selector(f"html[lang={language}]")


def _is_file(path: str) -> bool:
    return urlsplit(path).path.endswith("/file/") or path.startswith("/uploads/")


def _open(person: Person, path: str) -> list[str]:
    """Goes to one page; returns the paths it links to."""
    page = person.page
    if _is_file(path):
        assert page.request.get(path).ok, path
        return []
    answer = page.goto(path)
    assert answer is not None
    assert answer.ok, answer.status
    here = urlsplit(page.url).netloc
    links = [urlsplit(link) for link in page.evaluate(LINKS)]
    assert not [link for link in links if link.scheme == "http" and not link.netloc]
    own = [link for link in links if link.netloc == here]
    return [link.path + (f"?{link.query}" if link.query else "") for link in own]


def _look_at(person: Person, path: str, language: str) -> None:
    """Checks the page that is open at both sizes; in Japanese by day and in English by night."""
    page = person.page
    if _is_file(path):
        return
    page.emulate_media(color_scheme="light" if language == "ja" else "dark")
    for size in SIZES:
        page.set_viewport_size(size)  # type: ignore[arg-type]
        person.look()
    _assert_language(page.evaluate(TEXTS), language)


def _kind(path: str) -> str:
    """Addresses that differ in numbers or values only are one page; states of a list are several."""
    parts = urlsplit(path)
    query = parse_qs(parts.query)
    told = [f"{key}={query[key][0] if key in ('tab', 'state', 'show') else ''}" for key in sorted(query)]
    return re.sub(r"/\d+/", "/N/", parts.path) + "?" + "&".join(told)


def _assert_language(texts: list[str], language: str) -> None:
    if language == "ja":
        wrong = [
            text
            for text in texts
            if not JAPANESE.search(text) and WORD.search(SAME_IN_JAPANESE.sub("", text))
        ]
    else:
        wrong = [text for text in texts if JAPANESE.search(_without_data(text))]
    assert not wrong, f"not all {language}: {wrong}"


def _without_data(text: str) -> str:
    for known in DATA:
        text = text.replace(known, "")
    return text


def _data() -> list[str]:
    """What people and shops of the demo have written, the longest first."""
    found = {
        STORE,
        cast.COMPANY,
        OWN,
        "商品説明の追加（秋の新商品）",
        "商品文の見直し（定番のうつわ）",
        "店",
        "日本語",
    }
    found |= {name for _short, name, _role in cast.MEMBERS} | {name for _short, name in cast.FREELANCERS}
    found |= {name[0] for name in found}
    for product in products():
        written = [product.title, product.vendor, product.type, product.facts, *product.tags.split(",")]
        for text in [*written, *answer_for(product).values(), product.description]:
            found |= {text, *text.splitlines()}
    found |= {kind[1] for kind in KINDS}
    found |= {
        "素材（磁器・陶器など）を商品名に入れてください。",
        "「ギフト」を足してください。",
        "サイズ",
        "小",
        "大",
    }
    return sorted(found - {""}, key=len, reverse=True)


DATA = _data()
