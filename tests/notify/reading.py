"""Reading a mail as a person does: in one language, the same in both parts, with links that work."""

import re
from email.message import EmailMessage
from html.parser import HTMLParser

from tests.notify.mailserver import html, plain

ORIGIN = "http://127.0.0.1:8000"
JAPANESE = re.compile("[ぁ-んァ-ヶ一-龠]")
ENGLISH = re.compile(r"[A-Za-z]{3,}")
# Latin letters that a Japanese mail holds, too.
NAMES = {"Tencho", "JST", "http", "Chrome", "Windows"}


class _Shown(HTMLParser):
    """What a reader sees of HTML, piece by piece, and where it leads."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.links: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("style", "title")
        if tag == "a":
            self.links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split()).strip(" ·")
        if text and not self._hidden:
            self.pieces.append(text)


def shown(mail: EmailMessage) -> _Shown:
    found = _Shown()
    found.feed(html(mail))
    return found


def links(mail: EmailMessage) -> list[str]:
    """Paths of all links in the plain text, in order."""
    return re.findall(re.escape(ORIGIN) + r"(/\S+)", plain(mail))


def button(mail: EmailMessage) -> str:
    """The path that the mail's one button leads to."""
    found = re.findall(rf'<td class="button"[^>]*><a href="{re.escape(ORIGIN)}([^"]+)"', html(mail))
    assert len(found) == 1, "not one button"
    return str(found[0])


def check(mail: EmailMessage, language: str, *names: str) -> None:
    """It is in `language` alone (but for `names`, the shop's own words), complete, the same in both parts."""
    text, seen = plain(mail), shown(mail)
    for word in ("%(", "%%", "–", "None", "{{", "{%"):
        assert word not in mail["Subject"] + text + " ".join(seen.pieces), (word, text)
    own = _without([*names, *NAMES], mail["Subject"] + "\n" + re.sub(r"\S+://\S+|\S+@\S+", "", text))
    if language == "en":
        assert not JAPANESE.search(own), own
    else:
        assert JAPANESE.search(mail["Subject"])
        assert not ENGLISH.search(own), own
    assert mail["Content-Language"] == language
    assert f'<html lang="{language}">' in html(mail)
    flat = " ".join(text.split())
    assert [piece for piece in seen.pieces if piece not in flat] == []
    # And back: no line of the text is missing in the HTML, but for the rules that only plain text draws.
    pieces = " ".join(seen.pieces)
    lines = [" ".join(line.split()).strip("[]■-: ") for line in text.splitlines()]
    missing = [line for line in lines if line and "://" not in line and not _shown_in(line, pieces)]
    assert missing == []
    assert button(mail) in links(mail)
    assert {*links(mail)} == {link.removeprefix(ORIGIN) for link in seen.links}


def _without(names: list[str], text: str) -> str:
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    return text


def _shown_in(line: str, pieces: str) -> bool:
    """A line of a list carries its moment in brackets."""
    return line in pieces or re.sub(r" \([^()]*\)$", "", line) in pieces
