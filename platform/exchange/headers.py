"""What became of a table's columns since its header was mapped: added, removed, renamed, moved."""

import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

SIMILAR = 0.6
# Pairs of names compared letter by letter at most: a hostile header must not cost minutes.
_PAIRS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class HeaderChanges:
    """Indexes into the old and the new header. `places`: old index -> new index of what is still there."""

    places: dict[int, int]
    added: tuple[int, ...]
    removed: tuple[int, ...]
    renamed: tuple[tuple[int, int], ...]
    moved: tuple[tuple[int, int], ...]

    @property
    def any(self) -> bool:
        return bool(self.added or self.removed or self.renamed or self.moved)


def compare_headers(old: Sequence[str], new: Sequence[str]) -> HeaderChanges:
    """Find every old column in the new header: by its name, the n-th of that name first; else by a similar
    one. Moved is what must change its place for the rest to be in the old order."""
    waiting: defaultdict[str, list[int]] = defaultdict(list)
    for index, name in enumerate(new):
        waiting[name].append(index)
    places = {index: waiting[name].pop(0) for index, name in enumerate(old) if waiting[name]}
    renamed = _renamed(
        {index: name for index, name in enumerate(old) if index not in places},
        {index: new[index] for rest in waiting.values() for index in rest},
    )
    places |= dict(renamed)
    staying = _longest_rising([places[index] for index in sorted(places)])
    return HeaderChanges(
        places=places,
        added=tuple(index for index in range(len(new)) if index not in places.values()),
        removed=tuple(index for index in range(len(old)) if index not in places),
        renamed=tuple(renamed),
        moved=tuple((index, places[index]) for index in sorted(places) if places[index] not in staying),
    )


def likeness(old: Sequence[str], new: Sequence[str]) -> float:
    """Return the share of names that two headers have in common, 0 to 1."""
    return len(set(old) & set(new)) / max(1, len(set(old) | set(new)))


def plain(name: str) -> str:
    """Return a header for comparing: width and case do not count."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def _renamed(old: dict[int, str], new: dict[int, str]) -> list[tuple[int, int]]:
    if len(old) * len(new) > _PAIRS_MAX:
        return []
    pairs = [
        (SequenceMatcher(None, plain(before[:100]), plain(after[:100])).ratio(), was, now)
        for was, before in old.items()
        for now, after in new.items()
        if before and after
    ]
    found: dict[int, int] = {}
    for ratio, was, now in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if ratio >= SIMILAR and was not in found and now not in found.values():
            found[was] = now
    return sorted(found.items())


def _longest_rising(numbers: list[int]) -> set[int]:
    """The numbers of a longest rising subsequence."""
    ends: list[int] = []
    chains: list[list[int]] = []
    for number in numbers:
        at = bisect_left(ends, number)
        chain = [*(chains[at - 1] if at else []), number]
        ends[at : at + 1], chains[at : at + 1] = [number], [chain]
    return set(chains[-1]) if chains else set()
