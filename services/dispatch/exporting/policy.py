"""How much one export has."""

from __future__ import annotations

from typing import Final

MOST_ROWS: Final = 10_000
"""More orders than anybody reads, and a file that every office program opens; narrower filters give the rest."""
PAGE: Final = 200
"""Rows that are read and written at once."""
LONGEST_CELL: Final = 32_000
"""Characters; a cell of xlsx takes 32,767."""
