"""A round: one reply of a unit on its way through the review."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The step that a round is at; the last four end it, and it is kept for ever (S2.3c)."""

    LEADER_REVIEW = "leader_review"  # 单位领导审阅
    CENTRE_REVIEW = "centre_review"  # 中心审核
    APPROVED = "approved"  # 审核通过
    REJECTED = "rejected"  # 中心退回, or taken back by the platform before it was sent
    LEADER_REJECTED = "leader_rejected"  # 单位领导退回
    VOID = "void"  # 作废: nobody decides on it any more, or it was approved and not sent; `VoidReason` says why


class VoidReason(StrEnum):
    """Why a round is void.  An approved one is void only for `cancelled` or `reopened`: it was never sent (S2.3b)."""

    CANCELLED = "cancelled"  # the upstream cancelled the order
    REASSIGNED = "reassigned"  # another assignment: the unit answers anew
    REOPENED = "reopened"  # the upstream demanded a redo
    SUPERSEDED = "superseded"  # a later reply took its place


class Move(StrEnum):
    """What can be done to a round."""

    LEADER_APPROVE = "leader-approval"
    LEADER_REJECT = "leader-rejection"
    APPROVE = "approval"
    REJECT = "rejection"
    VOID = "void"
    TAKE_BACK = "take-back"
    NOT_SENT = "not-sent"


@dataclass(frozen=True, slots=True)
class ClosedMove:
    """A decision of the person's role that is not open now; `detail` says in Chinese why not, and what is next."""

    move: Move
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Moves:
    """Every decision of the person's role: open now, or not."""

    can: tuple[Move, ...]
    cannot: tuple[ClosedMove, ...]
