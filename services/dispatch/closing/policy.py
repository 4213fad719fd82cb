"""After how many days of failed revisits an order is closed, and which orders need no revisit."""

from __future__ import annotations

from typing import Final

from services.dispatch.orders.model import Status
from services.dispatch.rulesets.policy import Figure

WITH_THE_UPSTREAM: Final = frozenset({Status.AWAITING_FEEDBACK, Status.REVISIT, Status.CLOSED})
"""The states in which the upstream's revisit decides."""

EXCLUSIONS: Final = frozenset({"out_of_scope", "not_true"})
"""Dispositions that say that there is nothing to handle: approved by the centre and acknowledged by the upstream, they end
the order; a dissatisfied caller does not open it again, an explicit redo of the upstream does."""
FAILED_REVISIT_DAYS: Final = Figure(2, "", "A32")
