"""Two texts side by side: which lines came, went or changed, and which words in them.

Japanese has no spaces between words, so a word is a run of one script: 商品名 / は / 40 / 文字 / まで.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal

Mark = Literal["same", "added", "removed"]

# Beyond these the comparison would take seconds: the rest counts as replaced.
MAX_LINES = 2_000
MAX_WORDS = 600
# Two lines less alike than this are two lines, not one that changed.
ALIKE = 0.4
SHOWN_AROUND = 2
_WORD = re.compile(
    r"[A-Za-z0-9À-ɏ_.]+|[\u3041-\u309f]+|[\u30a0-\u30ff\uff66-\uff9f]+|[\u3400-\u9fff々]+|\s+|.", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line."""

    mark: Mark
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of either text; `mark` tells on which side it stands. Pieces mark the words that differ."""

    mark: Mark
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Passage:
    """Changed lines with a few unchanged ones around them; `skipped` lines stand before it, unchanged."""

    skipped: int
    lines: tuple[Line, ...]


def compare(before: str, after: str) -> list[Passage]:
    """The passages in which two texts differ; none when they are the same."""
    return list(_passages(list(_lines(_split(before), _split(after)))))


def _split(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n")


def _lines(before: Sequence[str], after: Sequence[str]) -> Iterator[Line]:
    for tag, old, new in _opcodes(before, after):
        if tag == "equal":
            yield from (_whole("same", line) for line in old)
        else:
            yield from _replaced(old, new)


def _opcodes(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, list[str], list[str]]]:
    start = _alike(before, after)
    end = _alike(before[start:][::-1], after[start:][::-1])
    old, new = list(before[start : len(before) - end]), list(after[start : len(after) - end])
    yield "equal", list(before[:start]), []
    if max(len(old), len(new)) > MAX_LINES:
        yield "replace", old, new
    else:
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new).get_opcodes():
            yield tag, old[i1:i2], new[j1:j2]
    yield "equal", list(before[len(before) - end :]), []


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many of the first lines are the same."""
    count = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        count += 1
    return count


def _replaced(old: list[str], new: list[str]) -> Iterator[Line]:
    """Removed lines, then the lines that stand in their place; pairs that are alike show their words."""
    removed: list[Line] = []
    added: list[Line] = []
    for one, other in zip_longest(old, new):
        pair = _words(one, other) if one is not None and other is not None else None
        if pair is not None:
            removed.append(pair[0])
            added.append(pair[1])
            continue
        removed += [_whole("removed", one)] if one is not None else []
        added += [_whole("added", other)] if other is not None else []
    yield from removed
    yield from added


def _whole(mark: Mark, text: str) -> Line:
    return Line(mark, (Piece(mark, text),) if text else ())


def _words(old: str, new: str) -> tuple[Line, Line] | None:
    one, other = _WORD.findall(old), _WORD.findall(new)
    if not one or not other or max(len(one), len(other)) > MAX_WORDS:
        return None
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.ratio() < ALIKE:
        return None
    removed: list[Piece] = []
    added: list[Piece] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        same: bool = tag == "equal"
        removed += _pieces("same" if same else "removed", one[i1:i2])
        added += _pieces("same" if same else "added", other[j1:j2])
    return Line("removed", tuple(removed)), Line("added", tuple(added))


def _pieces(mark: Mark, words: list[str]) -> list[Piece]:
    return [Piece(mark, "".join(words))] if words else []


def _passages(lines: list[Line]) -> Iterator[Passage]:
    changed = [number for number, line in enumerate(lines) if line.mark != "same"]
    shown = sorted(
        {near for at in changed for near in range(max(0, at - SHOWN_AROUND), at + SHOWN_AROUND + 1)}
    )
    shown = [number for number in shown if number < len(lines)]
    start = done = 0
    for place, number in enumerate(shown):
        if place + 1 == len(shown) or shown[place + 1] != number + 1:
            first = shown[start]
            yield Passage(first - done, tuple(lines[first : number + 1]))
            start, done = place + 1, number + 1
