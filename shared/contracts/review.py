"""Events of review: the decisions on a reply."""

from __future__ import annotations

from typing import ClassVar

from shared.contracts.base import Event, Moment, OrderEvent, Sealed
from shared.contracts.dispatch import Disposition


class ReplyLeaderApproved(OrderEvent):
    """The head of the unit read the reply and approved it for the centre (S2.2.3c)."""

    type: ClassVar[str] = "reply.leader_approved.v1"

    reply_id: str
    round: int
    unit: str
    approved_by: str
    approved_at: Moment
    redos: int = 0


class ReplyLeaderRejected(OrderEvent):
    """The head of the unit returned the reply to the unit's caseworker."""

    type: ClassVar[str] = "reply.leader_rejected.v1"

    reply_id: str
    round: int
    unit: str
    opinion: Sealed
    rejected_by: str
    rejected_at: Moment


class ReplyApproved(OrderEvent):
    """The centre approved the reply: it is sent to the upstream at once (S2.3b).

    Unless the upstream had changed the demand by then, and the centre did not know it: then intake says so with
    order.reply_outdated.v1, and the reply is rejected.  `redos` as in order.reply_submitted.v1.
    """

    type: ClassVar[str] = "reply.approved.v1"

    reply_id: str
    round: int
    unit: str
    disposition: Disposition
    demand_version: int
    """Which version of the order's content the reply answers; 1 is the first (S1.1.4c)."""
    known_version: int
    """The newest version that the approval considered; a later one than `demand_version` was overridden by the reviewer."""
    reply: Sealed
    leader_name: Sealed
    """The name of the unit's leader who let the reply go to the centre (审阅人)."""
    leader_at: Moment
    """When he did: the day of it is the date of the reply."""
    approved_by: str
    approved_at: Moment
    redos: int = 0


class ReplyRejected(OrderEvent):
    """The centre rejected the reply with an opinion; no clock is reset (S2.3c, S2.3d).

    `taken_back`: the centre had approved it, and the platform rejects it (`rejected_by` is `system`), because it was
    outdated (order.reply_outdated.v1) and never sent: the order then is as if the centre had rejected it.
    """

    type: ClassVar[str] = "reply.rejected.v1"

    reply_id: str
    round: int
    unit: str
    opinion: Sealed
    rejected_by: str
    rejected_at: Moment
    taken_back: bool = False


EVENTS: tuple[type[Event], ...] = (ReplyLeaderApproved, ReplyLeaderRejected, ReplyApproved, ReplyRejected)
