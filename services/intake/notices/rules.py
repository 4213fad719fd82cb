"""What the words of a revisit mean, and which date of a notice is refused."""

from __future__ import annotations

from datetime import datetime

from services.intake.channels.model import Channel
from services.intake.notices.errors import HappenedBeforeCall
from services.intake.notices.model import RevisitResult
from services.intake.notices.policy import NOT_REACHED, SATISFIED, SOLVED


def revisit_result(*, connected: bool, solved: str | None, satisfied: str | None) -> RevisitResult:
    """What the platform's words mean; a person who was not reached has no opinion, good or bad (A32)."""
    if not connected or solved in NOT_REACHED or satisfied in NOT_REACHED or solved is None or satisfied is None:
        return RevisitResult(valid=False, solved=None, satisfied=None)
    return RevisitResult(valid=True, solved=SOLVED[solved], satisfied=SATISFIED[satisfied])


def check_happened(channel: Channel, happened_at: datetime, *, called_at: datetime | None) -> None:
    """Refuse a notice that is dated before the call of its order."""
    if called_at is not None and happened_at < called_at:
        raise HappenedBeforeCall(next(theirs for theirs, ours in channel.notices.items() if ours == "happened_at"))
