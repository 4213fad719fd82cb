"""Which decisions a round allows, and who may take them. Pure."""

from __future__ import annotations

from typing import Final

from services.review.rounds.errors import ChainIncomplete, OwnReply, WrongStep
from services.review.rounds.model import Move, State
from services.review.rounds.policy import ORDINARY_SCHEME

MOVES: Final[dict[tuple[State, Move], State]] = {
    (State.LEADER_REVIEW, Move.LEADER_APPROVE): State.CENTRE_REVIEW,  # S2.2.3c
    (State.LEADER_REVIEW, Move.LEADER_REJECT): State.LEADER_REJECTED,  # S2.2.3c
    (State.CENTRE_REVIEW, Move.APPROVE): State.APPROVED,  # S2.3b
    (State.CENTRE_REVIEW, Move.REJECT): State.REJECTED,  # S2.3c
    (State.LEADER_REVIEW, Move.VOID): State.VOID,
    (State.CENTRE_REVIEW, Move.VOID): State.VOID,
}

OPEN_STATES: Final = frozenset(state for state, _ in MOVES)
"""The states in which somebody still has to decide."""


def after(state: State, move: Move) -> State:
    """The state that the move leads to; WrongStep when it is not allowed here."""
    try:
        return MOVES[state, move]
    except KeyError:
        raise WrongStep(state.value, move.value) from None


def check_reviewer(account: str, involved: frozenset[str]) -> None:
    """Refuse whoever submitted the reply, handled its order or released it for the unit (S2.3a)."""
    if account in involved:
        raise OwnReply


def check_chain(scheme: str | None) -> None:
    """Refuse a reply whose channel demands a document chain; an unknown channel counts as one (S1.1.1b)."""
    if scheme != ORDINARY_SCHEME:
        raise ChainIncomplete(scheme)


def moves_of(state: State, *, head: bool, reviewer: bool, own: bool, scheme: str | None) -> tuple[Move, ...]:
    """What a person may do now: `head` leads the unit, `reviewer` reviews for the centre, `own` was involved."""
    allowed = []
    for at, move in MOVES:
        if at is not state or move is Move.VOID:
            continue
        if move in {Move.LEADER_APPROVE, Move.LEADER_REJECT}:
            may = head
        else:
            may = reviewer and not own and (move is Move.REJECT or scheme == ORDINARY_SCHEME)
        if may:
            allowed.append(move)
    return tuple(allowed)
