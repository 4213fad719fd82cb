"""Which kinds of clock belong together."""

from __future__ import annotations

from typing import Final

from shared.contracts.sla import ClockKind

STEP_KINDS: Final[tuple[ClockKind, ...]] = ("review_turnaround", "chain_step")
"""The clocks of the steps of a signature chain: the centre's review, and the steps after it (S2.2.3i)."""
