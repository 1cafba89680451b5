"""Every sentence of answer forms and checks has its Japanese, with the same parameters."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).resolve().parents[3]
_MARKERS = {"_", "gettext", "gettext_lazy", "gettext_noop"}
_PARAMETER = re.compile(r"\{\w+\}|%\(\w+\)s")


def _in_code(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str() as text), *_]):
                if name in _MARKERS:
                    yield text


def _in_template(path: Path) -> Iterator[str]:
    html = path.read_text(encoding="utf-8")
    yield from re.findall(r'{% translate "(.*?)" %}', html)
    for sentence in re.findall(r"{% blocktranslate [^%]*%}(.*?){% endblocktranslate %}", html):
        yield re.sub(r"{{ (\w+) }}", r"%(\1)s", sentence)


def _sentences() -> Iterator[str]:
    for folder in ("tasks/answers", "frontend/answerform"):
        for path in (ROOT / folder).glob("*.py"):
            yield from _in_code(path)
    for path in (ROOT / "frontend/templates/answerform").glob("*.html"):
        yield from _in_template(path)


SENTENCES = sorted(set(_sentences()))
CATALOGUE = {
    entry.msgid: entry.msgstr for entry in polib.pofile(str(ROOT / "tasks/locale/ja/LC_MESSAGES/django.po"))
}


def test_sentences_were_found() -> None:
    assert len(SENTENCES) > 100


@pytest.mark.parametrize("sentence", SENTENCES)
def test_sentence_has_its_japanese(sentence: str) -> None:
    japanese = CATALOGUE.get(sentence, "")
    assert japanese
    assert sorted(_PARAMETER.findall(japanese)) == sorted(_PARAMETER.findall(sentence))
