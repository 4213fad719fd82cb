"""What the words of a revisit mean, what a notice says of its order, and which notice is refused for its content."""

from __future__ import annotations

from datetime import datetime

from services.intake.channels.model import Channel
from services.intake.endings.model import Told
from services.intake.notices.errors import HappenedBeforeCall, RevisitContradicts
from services.intake.notices.model import Cancellation, Notice, RevisitCall, RevisitResult, Urge
from services.intake.notices.policy import SATISFIED, SOLVED
from shared.calendar import as_written


def told_by(notice: Notice) -> Told:
    """What the notice says of its order, for the table of endings."""
    match notice:
        case Cancellation():
            return Told.CANCEL
        case Urge():
            return Told.URGE
        case RevisitCall():
            if contradictions(notice):
                return Told.REVISIT_CONTRADICTS
            return Told.REVISIT if notice.connected else Told.REVISIT_IN_VAIN
        case _:
            return Told.REDO


def contradictions(call: RevisitCall) -> tuple[tuple[str, str], ...]:
    """Our fields of a revisit that contradict its `connected`, each with what is wrong with it (A32).

    Who was reached gave both answers; who was not reached gave none: at most the word for that stands in their place.
    """
    found = []
    for field, title, answered in (
        ("solved", "解决情况", call.solved in SOLVED),
        ("satisfied", "满意度", call.satisfied in SATISFIED),
    ):
        if answered and not call.connected:
            found.append((field, f"{title}：未接通的回访不能有{title}，请核对"))
        elif call.connected and not answered:
            found.append((field, f"{title}：已接通的回访应写明{title}，请核对"))
    return tuple(found)


def contradiction(channel: Channel, call: RevisitCall) -> RevisitContradicts:
    """The refusal of a revisit that contradicts itself, in the channel's field names."""
    theirs = {ours: name for name, ours in channel.notices.items()}
    return RevisitContradicts([(theirs[field], said) for field, said in contradictions(call)])


def revisit_result(call: RevisitCall) -> RevisitResult:
    """What the platform's words mean; a person who was not reached has no opinion, good or bad (A32)."""
    if not call.connected or call.solved is None or call.satisfied is None:
        return RevisitResult(valid=False, solved=None, satisfied=None)
    return RevisitResult(valid=True, solved=SOLVED[call.solved], satisfied=SATISFIED[call.satisfied])


def check_happened(channel: Channel, happened_at: datetime, *, called_at: datetime | None) -> None:
    """Refuse a notice that is dated before the call of its order."""
    if called_at is not None and happened_at < as_written(called_at, happened_at):
        raise HappenedBeforeCall(next(theirs for theirs, ours in channel.notices.items() if ours == "happened_at"))
