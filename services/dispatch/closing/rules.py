"""What a revisit makes of an order (A31, A32)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Literal

from services.dispatch.closing.model import Revisit
from services.dispatch.closing.policy import FAILED_REVISIT_DAYS
from shared.calendar import SHANGHAI

Verdict = Literal["close", "unsolved", "unsatisfied", "failed"]


def revisit_verdict(revisit: Revisit, failed_days: AbstractSet[str]) -> Verdict:
    """What a revisit makes of the order (A31, A32).

    Solved or mostly, satisfied or mostly: closed.  Unsolved or unsatisfied: handled once more.  Nobody reached: wait,
    and close without a result once that happened on two days; `failed_days` are the earlier ones, as YYYY-MM-DD.
    """
    if revisit.valid and revisit.solved is not None and revisit.satisfied is not None:
        if revisit.solved == "unsolved":
            return "unsolved"
        return "unsatisfied" if revisit.satisfied == "unsatisfied" else "close"
    days = {*failed_days, local_day(revisit)}
    return "close" if len(days) >= FAILED_REVISIT_DAYS.value else "failed"


def local_day(revisit: Revisit) -> str:
    """The local day of a revisit, as YYYY-MM-DD."""
    return revisit.revisited_at.astimezone(SHANGHAI).date().isoformat()
