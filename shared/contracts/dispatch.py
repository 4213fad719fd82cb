"""Events of dispatch: the order's lifecycle, and the units."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from shared.contracts.base import Event, Moment, OrderEvent, Sealed

Basis = Literal["duty", "territory", "industry"]
"""职责, 属地 or 行业: why this unit (S2.1a)."""
Cause = Literal["first", "returned", "reassigned", "redo"]
Group = Literal["department", "street"]
Disposition = Literal["solved", "out_of_scope", "not_true", "explanation", "planned"]
Satisfaction = Literal["satisfied", "mostly_satisfied", "unsatisfied", "not_stated"]


class OrderAssigned(OrderEvent):
    """The centre gave the order to a unit (S2.1b, S2.1c)."""

    type: ClassVar[str] = "order.assigned.v1"

    assignment: int
    unit: str
    first_unit: str
    cause: Cause
    basis: Basis
    no_return: bool
    determined_at: Moment
    assigned_at: Moment
    assigned_by: str


class OrderAccepted(OrderEvent):
    """The unit accepted the order; no deadline depends on it (A04)."""

    type: ClassVar[str] = "order.accepted.v1"

    unit: str
    accepted_at: Moment


class CallerContacted(OrderEvent):
    """The unit spoke, or tried to speak, with the caller (S2.2.1a, S2.2.1b).

    `counts` says whether it stops the first-contact clock: reached, refused, or the second attempt without an answer.
    `promised_at` is the next contact that was promised, if any (S2.2.1d).
    """

    type: ClassVar[str] = "order.contacted.v1"

    contact_id: str
    unit: str
    turn: int
    """Which turn of a unit at the order: an assignment, a redo and an approved plan begin one."""
    attempt: int
    """1, 2, 3 ... within the turn."""
    outcome: Literal["reached", "not_reached", "refused"]
    counts: bool
    contacted_at: Moment
    recorded_at: Moment
    promised_at: Moment | None = None
    contact: Sealed
    """JSON when opened: phone, person, content, as far as the record has them (S1.2.2d)."""


class ProgressNoted(OrderEvent):
    """The unit recorded its progress and when it will contact the caller next (S2.2.1d)."""

    type: ClassVar[str] = "order.progress_noted.v1"

    unit: str
    promised_at: Moment
    noted_at: Moment
    note_id: str | None = None


class ReturnRequested(OrderEvent):
    """The unit asks to give the order back, inside the window and with its four parts (S2.2.1f, S2.2.1g)."""

    type: ClassVar[str] = "order.return_requested.v1"

    unit: str
    suggested_unit: str
    requested_at: Moment
    return_id: str | None = None


class ReturnAccepted(OrderEvent):
    """The centre took the order back from the unit (S2.2.1i)."""

    type: ClassVar[str] = "order.return_accepted.v1"

    unit: str
    returns: int
    decided_by: str
    decided_at: Moment
    return_id: str | None = None


class ReturnRejected(OrderEvent):
    """The centre left the order with the unit, which may not return it again (S3.1d)."""

    type: ClassVar[str] = "order.return_rejected.v1"

    return_id: str
    unit: str
    reason: Sealed | None
    decided_by: str
    decided_at: Moment


class ReplySubmitted(OrderEvent):
    """The unit submitted its reply with the five elements (S2.2.3b); the text is sealed.

    `reply` is JSON when opened: contact_person, contact_at, contact_phone, findings, satisfaction, remarks.  `redos` is
    the cycle that the reply answers: how often the order had been reopened; it travels with the reply to its
    acknowledgement.
    """

    type: ClassVar[str] = "order.reply_submitted.v1"

    reply_id: str
    round: int
    unit: str
    disposition: Disposition
    demand_version: int
    """Which version of the order's content dispatch knew, and the unit answers; 1 is the first (S1.1.4c)."""
    reply: Sealed
    submitted_by: str
    submitted_at: Moment
    redos: int = 0


class OrderPlanned(OrderEvent):
    """The centre approved 列入计划: the order waits until the day that the unit named (S2.2.2e, S2.2.2f)."""

    type: ClassVar[str] = "order.planned.v1"

    unit: str
    reply_id: str
    plan_on: date
    first_assigned_at: Moment
    planned_at: Moment


class OrderClosed(OrderEvent):
    """The order is closed.

    `fed_back_at` is when the upstream had the first reply of this cycle; a reader that has not heard of that yet ends
    the deadlines of the cycle at that moment.
    """

    type: ClassVar[str] = "order.closed.v1"

    unit: str
    disposition: Disposition
    redos: int
    closed_at: Moment
    fed_back_at: Moment | None = None


class OrderReopened(OrderEvent):
    """The caller said at the revisit that it is unsolved or unsatisfying: the unit handles it again (重办).

    `redos` is the number of the cycle that begins, `fed_back_at` when the upstream had the first reply of the cycle that
    ends: its deadlines end at that moment.
    """

    type: ClassVar[str] = "order.reopened.v1"

    unit: str
    redos: int
    reason: Literal["unsolved", "unsatisfied"]
    reopened_at: Moment
    fed_back_at: Moment | None = None


class UnitChanged(Event):
    """A unit was entered or changed, or its caseworkers changed.

    `version` counts the changes of the unit itself. An event about a changed account may be older than the unit's last
    change and still come after it: of two events the one with the higher version holds, of two with the same version
    the later one.
    """

    type: ClassVar[str] = "unit.changed.v1"
    topic: ClassVar[str] = "directory"

    code: str
    name: str
    group: Group
    active: bool
    ready: bool
    version: int
    changed_at: Moment

    @property
    def key(self) -> str:
        """The unit's code."""
        return self.code


EVENTS: tuple[type[Event], ...] = (
    OrderAssigned,
    OrderAccepted,
    CallerContacted,
    ProgressNoted,
    ReturnRequested,
    ReturnAccepted,
    ReturnRejected,
    ReplySubmitted,
    OrderPlanned,
    OrderClosed,
    OrderReopened,
    UnitChanged,
)
