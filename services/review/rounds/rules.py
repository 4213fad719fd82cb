"""Which decisions a round allows, and who may take them. Pure."""

from __future__ import annotations

from typing import Final

from services.review.rounds.errors import (
    ChainIncomplete,
    DemandVersionOutdated,
    NotYourReply,
    OwnReply,
    WrongStep,
)
from services.review.rounds.model import ClosedMove, Move, Moves, State
from services.review.rounds.policy import ORDINARY_SCHEME
from shared.errors import BusinessError

MOVES: Final[dict[tuple[State, Move], State]] = {
    (State.LEADER_REVIEW, Move.LEADER_APPROVE): State.CENTRE_REVIEW,  # S2.2.3c
    (State.LEADER_REVIEW, Move.LEADER_REJECT): State.LEADER_REJECTED,  # S2.2.3c
    (State.CENTRE_REVIEW, Move.APPROVE): State.APPROVED,  # S2.3b
    (State.CENTRE_REVIEW, Move.REJECT): State.REJECTED,  # S2.3c
    (State.LEADER_REVIEW, Move.VOID): State.VOID,
    (State.CENTRE_REVIEW, Move.VOID): State.VOID,
    (State.APPROVED, Move.TAKE_BACK): State.REJECTED,  # S1.1.4c: intake did not send it
    (State.APPROVED, Move.NOT_SENT): State.VOID,  # S2.3b: nor this one, and no unit has to rework it
}

OPEN_STATES: Final = frozenset(state for state, move in MOVES if move is Move.VOID)
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


def check_demand(seen: int | None, known: int, *, changed: bool) -> None:
    """Refuse an approval for another version of the order than the newest one that is `known` here (S1.1.4c).

    Where the order was `changed` after the reply, the reviewer has to say which version he has `seen`.
    """
    if seen != known and (changed or seen is not None):
        raise DemandVersionOutdated(known, seen)


OF_THE_LEADER: Final = (Move.LEADER_APPROVE, Move.LEADER_REJECT)
OF_THE_CENTRE: Final = (Move.APPROVE, Move.REJECT)


def check_leader_decision(state: State, move: Move, *, own_unit: bool) -> State:
    """The state after the unit's leader decides; refused for a reply of another unit, and at another step (S2.2.3c)."""
    if not own_unit:
        raise NotYourReply
    return after(state, move)


def check_centre_decision(
    state: State, move: Move, *, account: str, involved: frozenset[str], scheme: str | None
) -> State:
    """The state after the centre decides; refused for who was involved, at another step, and before a chain (S2.3a, S1.1.1b)."""
    check_reviewer(account, involved)
    state = after(state, move)
    if move is Move.APPROVE:
        check_chain(scheme)
    return state


def moves_of(
    state: State,
    *,
    leader: bool,
    own_unit: bool,
    reviewer: bool,
    account: str,
    involved: frozenset[str],
    scheme: str | None,
) -> Moves:
    """What a person may decide now, and why not the rest: `leader` leads a unit, `reviewer` reviews for the centre."""
    can: list[Move] = []
    cannot: list[ClosedMove] = []
    for move in (*(OF_THE_LEADER if leader else ()), *(OF_THE_CENTRE if reviewer else ())):
        try:
            if move in OF_THE_LEADER:
                check_leader_decision(state, move, own_unit=own_unit)
            else:
                check_centre_decision(state, move, account=account, involved=involved, scheme=scheme)
        except BusinessError as refusal:
            code = refusal.why if isinstance(refusal, WrongStep) else refusal.code
            cannot.append(ClosedMove(move, code, refusal.message))
        else:
            can.append(move)
    return Moves(tuple(can), tuple(cannot))
