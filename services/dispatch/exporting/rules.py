"""What a cell may contain: no program that opens the file may take a caller's words for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Final

from services.dispatch.exporting.policy import LONGEST_CELL

BEGIN_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_CONTROLS: Final = {number: " " for number in range(32) if chr(number) not in "\t\n"} | {
    127: " ",
    0xFFFE: " ",
    0xFFFF: " ",
}


def plain_text(text: str) -> str:
    """A text without control characters, as long as a cell may be."""
    return text.translate(_CONTROLS)[:LONGEST_CELL]


def safe_text(text: str) -> str:
    """The same for CSV, where nothing but its first character says what a cell is: a formula becomes a text."""
    plain = plain_text(text)
    return f"'{plain}" if plain.lstrip(" ").startswith(BEGIN_FORMULAS) else plain


def csv_lines(rows: Iterable[Iterable[str]]) -> bytes:
    """Rows as CSV in UTF-8, every cell in quotes."""
    written = io.StringIO(newline="")
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(map(safe_text, row) for row in rows)
    return written.getvalue().encode()
