"""What a revisit makes of an order (A31, A32)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Literal

from services.dispatch.closing.model import Revisit
from services.dispatch.closing.policy import EXCLUSIONS, FAILED_REVISIT_DAYS, WITH_THE_UPSTREAM
from services.dispatch.orders.model import Status
from shared.calendar import local_day

Verdict = Literal["close", "unsolved", "unsatisfied", "failed"]
Outcome = Literal["close", "unsolved", "unsatisfied", "failed", "noted"]


def revisit_verdict(revisit: Revisit, failed_days: AbstractSet[str]) -> Verdict:
    """What a revisit makes of the order (A31, A32).

    Solved or mostly, satisfied or mostly: closed.  Unsolved or unsatisfied: handled once more.  Nobody reached: wait,
    and close without a result once that happened on two days; `failed_days` are the earlier ones, as YYYY-MM-DD.
    """
    if revisit.valid and revisit.solved is not None and revisit.satisfied is not None:
        if revisit.solved == "unsolved":
            return "unsolved"
        return "unsatisfied" if revisit.satisfied == "unsatisfied" else "close"
    days = {*failed_days, revisit_day(revisit)}
    return "close" if len(days) >= FAILED_REVISIT_DAYS.value else "failed"


def revisit_outcome(
    revisit: Revisit, failed_days: AbstractSet[str], *, status: Status, disposition: str | None, of_earlier_reply: bool
) -> Outcome:
    """What a revisit does to an order in this state; `noted` when it is recorded and moves nothing.

    Noted are results about an earlier reply, about a plan (its own day brings the order back, S2.2.2f), of an
    order that an approved exclusion closed, and what confirms a closed order.
    """
    if of_earlier_reply or status not in WITH_THE_UPSTREAM:
        return "noted"
    if disposition in EXCLUSIONS:
        # Whoever revisits has the reply that excludes the order: that is its end, whatever the caller says.
        return "noted" if status is Status.CLOSED else "close"
    verdict = revisit_verdict(revisit, failed_days)
    return "noted" if status is Status.CLOSED and verdict in {"close", "failed"} else verdict


def revisit_day(revisit: Revisit) -> str:
    """The local day of a revisit, as YYYY-MM-DD."""
    return local_day(revisit.revisited_at).isoformat()
