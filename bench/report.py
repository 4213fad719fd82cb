"""Tables, medians, and the CPU time of process trees, for all benchmarks."""

from __future__ import annotations

import statistics
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import psutil

Cell = str | float | int | None


@dataclass
class Table:
    """A table with headings, printed as Markdown."""

    title: str
    headings: Sequence[str]
    rows: list[Sequence[Cell]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *cells: Cell) -> None:
        """One row."""
        self.rows.append(cells)

    def text(self) -> str:
        """As Markdown, in columns that line up."""
        body = [[shown(cell) for cell in row] for row in self.rows]
        widths = [max(_width(cell) for cell in column) for column in zip(self.headings, *body, strict=True)]
        lines = [f"## {self.title}", "", _line(self.headings, widths), _line(["-" * w for w in widths], widths)]
        lines += [_line(row, widths) for row in body]
        lines += ["", *self.notes] if self.notes else []
        return "\n".join(lines) + "\n"

    def show(self) -> None:
        """Print it."""
        print(f"\n{self.text()}", flush=True)


def shown(cell: Cell) -> str:
    """A figure with three significant digits or so."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int) or abs(cell) >= 100:
        return f"{cell:,.0f}"
    return f"{cell:.2f}" if abs(cell) < 10 else f"{cell:.1f}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return (
        "| " + " | ".join(cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True)) + " |"
    )


def median(figures: Iterable[float]) -> float:
    """The median."""
    return statistics.median(list(figures))


def spread(figures: Sequence[float]) -> str:
    """Median and range."""
    return f"{shown(median(figures))} ({shown(min(figures))}-{shown(max(figures))})"


def percentile(figures: Sequence[float], share: float) -> float:
    """The smallest figure that `share` of all do not exceed."""
    ranked = sorted(figures)
    return ranked[min(len(ranked) - 1, max(0, round(share * len(ranked)) - 1))]


def cpu_seconds(*pids: int | None) -> float:
    """CPU time so far of these processes and their descendants, user and system together."""
    total = 0.0
    for pid in pids:
        if pid is None:
            continue
        try:
            root = psutil.Process(pid)
            for process in [root, *root.children(recursive=True)]:
                times = process.cpu_times()
                # The time of an ended child is in its parent's children_* fields.
                total += times.user + times.system + times.children_user + times.children_system
        except psutil.NoSuchProcess:
            continue
    return total
