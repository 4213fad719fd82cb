"""Which clocks press."""

from __future__ import annotations

from typing import Final

from shared.contracts.sla import ClockKind

WINDOWS: Final[frozenset[ClockKind]] = frozenset({"return_window"})
"""They end what a unit may do, and ask for nothing."""
