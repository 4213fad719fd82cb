"""Which clocks people start, and by which clause."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from shared.contracts.sla import ClockKind

# No event starts these yet: an operator starts them by name, with a reason.
STARTED_BY_HAND: Final[frozenset[ClockKind]] = frozenset(
    {"co_task", "consult", "chain_step", "supervise_case", "rectify_promise"}
)

HAND_CLAUSES: Final[Mapping[ClockKind, str]] = MappingProxyType(
    {
        "co_task": "S3.1f",
        "consult": "S3.3h",
        "chain_step": "S2.2.3i",
        "supervise_case": "S3.4b",
        "rectify_promise": "S3.2g",
    }
)
