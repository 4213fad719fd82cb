"""What the words of a revisit mean, what a notice says of its order, and which notice is refused for its content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson

from services.intake.channels.model import Channel
from services.intake.endings.model import Told
from services.intake.feedback.model import Approved
from services.intake.notices.errors import HappenedBeforeCall, RevisitContradicts
from services.intake.notices.model import Cancellation, Notice, Redo, RevisitCall, RevisitResult, Urge
from services.intake.notices.policy import SATISFIED, SOLVED, WHOLE_SECONDS
from shared.calendar import as_written

KINDS: Final[Mapping[type[Notice], str]] = {
    Cancellation: "cancellations",
    Urge: "urges",
    RevisitCall: "revisits",
    Redo: "redos",
}
"""The word for each notice in the addresses."""


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


def content_of(notice: Notice) -> str:
    """What the notice says beside its order and its moment: the same at the same moment is the same notice (S1.1.4c).

    A revisit counts by the meaning of its words, not by their spelling.
    """
    said: list[Any]
    match notice:
        case RevisitCall():
            result = revisit_result(notice)
            said = [result.valid, result.solved, result.satisfied, notice.opinion]
        case Cancellation() | Urge() | Redo():
            said = [notice.reason]
    return orjson.dumps(said).decode()


def reply_meant(replies: Sequence[Approved], happened_at: datetime) -> Approved | None:
    """Which of an order's approved replies, the oldest first, a notice of this moment is about; None without one.

    The newest that was approved by then.  Before the first there is none to be taken for it: such a notice is about the
    first, by the clock of a platform that goes slow.
    """
    known = [one for one in replies if one.at <= happened_at + WHOLE_SECONDS]
    return next(iter([*reversed(known), *replies]), None)


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
