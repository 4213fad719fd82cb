"""The lifecycle of an order: one table of moves, and everything that is not in it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from services.dispatch.orders.errors import IllegalMove
from services.dispatch.orders.model import ENDED, MOVE_TITLES, WAITS_FOR, Move, Status

_MOVES: dict[tuple[Status, Move], Status] = {
    (Status.TRIAGE, Move.ASSIGN): Status.ASSIGNED,  # S2.1a
    (Status.CONSULT, Move.ASSIGN): Status.ASSIGNED,  # S3.1h, with the panel's decision
    (Status.ASSIGNED, Move.REASSIGN): Status.ASSIGNED,  # S2.2.1h, by the centre with a reason
    (Status.HANDLING, Move.REASSIGN): Status.ASSIGNED,
    (Status.REWORK, Move.REASSIGN): Status.ASSIGNED,
    (Status.ASSIGNED, Move.ACCEPT): Status.HANDLING,  # A04: no deadline depends on it
    (Status.ASSIGNED, Move.CONTACT): Status.HANDLING,  # S2.2.1a
    (Status.HANDLING, Move.CONTACT): Status.HANDLING,
    (Status.REWORK, Move.CONTACT): Status.REWORK,
    (Status.RETURN_PENDING, Move.CONTACT): Status.RETURN_PENDING,  # S2.2.1i: the unit still answers the caller
    (Status.ASSIGNED, Move.NOTE): Status.HANDLING,  # S2.2.1d
    (Status.HANDLING, Move.NOTE): Status.HANDLING,
    (Status.REWORK, Move.NOTE): Status.REWORK,
    (Status.ASSIGNED, Move.REQUEST_RETURN): Status.RETURN_PENDING,  # S2.2.1f
    (Status.HANDLING, Move.REQUEST_RETURN): Status.RETURN_PENDING,
    (Status.RETURN_PENDING, Move.ACCEPT_RETURN): Status.TRIAGE,  # S2.2.1i
    (Status.RETURN_PENDING, Move.CALL_PANEL): Status.CONSULT,  # S3.1h
    (Status.RETURN_PENDING, Move.REJECT_RETURN): Status.HANDLING,  # S3.1d
    (Status.HANDLING, Move.SUBMIT): Status.LEADER_REVIEW,  # S2.2.3c
    (Status.REWORK, Move.SUBMIT): Status.LEADER_REVIEW,
    (Status.LEADER_REVIEW, Move.LEADER_APPROVE): Status.CENTRE_REVIEW,
    (Status.LEADER_REVIEW, Move.LEADER_REJECT): Status.HANDLING,
    (Status.CENTRE_REVIEW, Move.APPROVE): Status.AWAITING_FEEDBACK,  # S2.3b
    (Status.CENTRE_REVIEW, Move.REJECT): Status.REWORK,  # S2.3c
    (Status.CENTRE_REVIEW, Move.PLAN): Status.PLANNED,  # S2.2.2e: the upstream gets the reply all the same
    # S1.1.4c: intake did not send the reply, because the upstream had changed the demand before it was approved.
    (Status.AWAITING_FEEDBACK, Move.REJECT): Status.REWORK,
    (Status.PLANNED, Move.REJECT): Status.REWORK,
    (Status.PLANNED, Move.FEED_BACK): Status.PLANNED,
    (Status.PLANNED, Move.CONTACT): Status.PLANNED,  # S2.2.2f: completed before its day, with a new contact
    (Status.PLANNED, Move.NOTE): Status.PLANNED,
    (Status.PLANNED, Move.SUBMIT): Status.LEADER_REVIEW,
    (Status.PLANNED, Move.WAKE): Status.HANDLING,  # its day has come
    (Status.PLANNED, Move.REOPEN): Status.HANDLING,
    (Status.AWAITING_FEEDBACK, Move.FEED_BACK): Status.REVISIT,
    # An upstream that revisits has our reply, even if its acknowledgement has not arrived.  An approved exclusion is
    # closed by the acknowledgement itself, without a revisit (S2.2.2b, S2.2.2c).
    (Status.AWAITING_FEEDBACK, Move.REVISIT_IN_VAIN): Status.REVISIT,
    (Status.AWAITING_FEEDBACK, Move.CLOSE): Status.CLOSED,
    (Status.AWAITING_FEEDBACK, Move.REOPEN): Status.HANDLING,
    (Status.REVISIT, Move.REVISIT_IN_VAIN): Status.REVISIT,
    (Status.REVISIT, Move.CLOSE): Status.CLOSED,
    (Status.REVISIT, Move.REOPEN): Status.HANDLING,
    (Status.CLOSED, Move.REOPEN): Status.HANDLING,  # 上级重办
    # The upstream may reject the reply that announced a plan while the unit already works on its completion.
    (Status.ASSIGNED, Move.REOPEN): Status.HANDLING,
    (Status.HANDLING, Move.REOPEN): Status.HANDLING,
    (Status.REWORK, Move.REOPEN): Status.HANDLING,
    (Status.LEADER_REVIEW, Move.REOPEN): Status.HANDLING,
    (Status.CENTRE_REVIEW, Move.REOPEN): Status.HANDLING,
}

# The upstream may take an order back until it has our reply.
_CANCELLABLE: Final = tuple(status for status in Status if status not in ENDED | {Status.REVISIT})

MOVES: Final[Mapping[tuple[Status, Move], Status]] = MappingProxyType(
    _MOVES | {(status, Move.CANCEL): Status.CANCELLED for status in _CANCELLABLE}
)

OPERATIONS: Final[Mapping[Move, str]] = MappingProxyType(
    {
        Move.ASSIGN: "assign_order",
        Move.REASSIGN: "assign_order",
        Move.ACCEPT: "accept_order",
        Move.CONTACT: "record_contact",
        Move.NOTE: "note_progress",
        Move.REQUEST_RETURN: "request_return",
        Move.ACCEPT_RETURN: "decide_return",
        Move.REJECT_RETURN: "decide_return",
        Move.SUBMIT: "submit_reply",
    }
)
"""By which operation a move is commanded (shared/access.py says by whom); the others come with events of other services."""

OF_THE_UNIT: Final = frozenset({Move.ACCEPT, Move.CONTACT, Move.NOTE, Move.REQUEST_RETURN, Move.SUBMIT})


_WITH_THE_UNIT: Final = frozenset({Status.ASSIGNED, Status.HANDLING, Status.REWORK})
_TAKEN_UP: Final = frozenset(Status) - ENDED - {Status.TRIAGE, Status.CONSULT, Status.ASSIGNED}


def why_not(status: Status, move: Move) -> tuple[str, str]:
    """Why the move is not allowed in this state: a code, and in Chinese what would make it possible."""
    if move in {Move.ACCEPT_RETURN, Move.CALL_PANEL, Move.REJECT_RETURN}:
        return "no_return_requested", "没有待审定的回退申请；承办单位申请回退后方可审定"
    if move is Move.REASSIGN and status in {Status.TRIAGE, Status.CONSULT}:
        return "not_assigned", "工单尚未交办，无需改派；请直接交办"
    if move is Move.ASSIGN and status in _WITH_THE_UNIT:
        return "assigned", "工单已交办；需要更换承办单位的，请改派并说明理由"
    if move in {Move.ASSIGN, Move.REASSIGN} and status is Status.RETURN_PENDING:
        return "return_pending", "承办单位已申请回退；请先审定，同意后方可重新交办"
    if move is Move.ACCEPT and status in _TAKEN_UP:
        return "accepted", "工单已在办理，无需再次认领"
    if move is Move.REQUEST_RETURN and status is Status.RETURN_PENDING:
        return "return_pending", "本单位已申请回退，等待中心审定，无需再次申请"
    if move is Move.REQUEST_RETURN and status in {Status.REWORK, Status.PLANNED}:
        return "answered", "本单位已作出答复，须一办到底，不得回退；请继续办理并重新答复"
    code, reason = WAITS_FOR[status]
    return code, reason.format(move=MOVE_TITLES[move])


def after(status: Status, move: Move) -> Status:
    """The state after the move; IllegalMove when the table does not have it."""
    try:
        return MOVES[status, move]
    except KeyError:
        why, reason = why_not(status, move)
        raise IllegalMove(status, move, why=why, reason=reason) from None
