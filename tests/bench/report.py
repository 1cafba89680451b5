"""What was measured, as a table."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    """One line: `ratio` is what the target speaks of; empty texts where there is nothing to compare with."""

    what: str
    product: str
    peer: str
    ratio: str
    target: str
    met: bool


@dataclass
class Report:
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, figure: Figure) -> None:
        self.figures.append(figure)
        print(f"  {figure.what}: {figure.product} | {figure.peer} | {figure.ratio}", flush=True)

    def note(self, text: str) -> None:
        self.notes.append(text)
        print(f"  {text}", flush=True)

    def table(self) -> str:
        head = ("what", "product", "floor / peer", "ratio", "target", "met")
        rows = [
            head,
            *(
                (one.what, one.product, one.peer, one.ratio, one.target, "yes" if one.met else "NO")
                for one in self.figures
            ),
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
        lines = [
            " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
        ]
        lines.insert(1, "-+-".join("-" * width for width in widths))
        return "\n".join([*lines, *self.notes])


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def median_ratio(products: Sequence[float], peers: Sequence[float]) -> float:
    """Of the rounds' own ratios: neighbours in time share whatever else the machine was doing."""
    return statistics.median(a / b for a, b in zip(products, peers, strict=True) if b)
