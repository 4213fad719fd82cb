"""Events of intake: the upstream side of every order."""

from __future__ import annotations

from typing import ClassVar, Literal

from shared.contracts.base import Event, Moment, OrderEvent, Sealed
from shared.contracts.dispatch import Disposition

Level = Literal["national", "provincial", "municipal"]
Subject = Literal["person", "enterprise"]
Urgency = Literal["policy", "livelihood", "safety"]
ReplyScheme = Literal["ordinary", "enterprise_fast", "national_report"]
"""The reply that the channel demands: ordinary, 3 working days; 接诉即办, 2 and 13; the report with its chain."""


NotSentReason = Literal["cancelled", "reopened"]
"""Why an approved reply is not sent: the upstream cancelled the order, or its next cycle had begun (重办)."""


class OrderReceived(OrderEvent):
    """An upstream sent an order that was not known before (S1.1.4c).

    `known_by`, of a confidential order only: a JSON list of the words by which its caller is known, sealed; whoever shows
    texts of the order strikes them out for readers who may not know the caller (X2); his address stands behind 住址：.  `received_at` is the moment at which
    its bytes arrived; what could not be read at once became known at `released_at`, when a person released it from
    quarantine or the upstream sent it anew (A04).
    """

    type: ClassVar[str] = "order.received.v1"

    platform: str
    platform_no: str
    level: Level
    subject: Subject
    scheme: ReplyScheme
    category: str
    urgent: tuple[Urgency, ...] = ()
    out_of_scope: str | None = None
    street: str | None = None
    confidential: bool = False
    known_by: Sealed | None = None
    demand: Sealed
    received_at: Moment
    released_at: Moment | None = None
    upstream_due_at: Moment | None = None
    is_test: bool = False


class OrderUpdated(OrderEvent):
    """The upstream sent the same order again with other content (S1.1.4c), or a person decided its flags (S1.3.1a, S2.2.2a).

    `version` counts the contents, `flags_version` the changes of `urgent` and `out_of_scope`, 1 being that of the receipt:
    a decision of a person changes the second alone.

    `confidential` is as it holds from this version on; `known_by` as in `order.received.v1`, with the words of the
    versions before.
    """

    type: ClassVar[str] = "order.updated.v1"

    version: int
    changed: tuple[str, ...]
    category: str
    urgent: tuple[Urgency, ...] = ()
    out_of_scope: str | None = None
    flags_version: int
    urgent_found: tuple[Urgency, ...] = ()
    """What the words of this content suggest; where `urgent` is something else, a person decided it."""
    street: str | None = None
    confidential: bool = False
    known_by: Sealed | None = None
    demand: Sealed
    updated_at: Moment
    upstream_due_at: Moment | None = None


class OrderCancelled(OrderEvent):
    """The upstream cancelled the order."""

    type: ClassVar[str] = "order.cancelled.v1"

    reason: str
    cancelled_at: Moment


class OrderUrged(OrderEvent):
    """The upstream urged the order; without a `reason` it gave none."""

    type: ClassVar[str] = "order.urged.v1"

    urged_at: Moment
    reason: str | None = None


class OrderRevisited(OrderEvent):
    """The upstream called the caller back and sent the result.

    `valid`: the caller was reached and answered; otherwise solved and satisfied are None.  `redos` is the cycle of the
    reply that the caller was asked about: a result about an earlier cycle opens and closes nothing, nor does one about an
    earlier reply of the same cycle (`of_earlier_reply`: a plan whose completion was approved since).  `reply_id` is the
    reply that it is about: where dispatch has another one by now, of which intake had not heard or which it did not send,
    it is about an earlier one too.
    """

    type: ClassVar[str] = "order.revisited.v1"

    revisit: int
    valid: bool
    solved: Literal["solved", "mostly_solved", "unsolved"] | None
    satisfied: Literal["satisfied", "mostly_satisfied", "unsatisfied"] | None
    revisited_at: Moment
    redos: int = 0
    of_earlier_reply: bool = False
    reply_id: str | None = None


class OrderRedoRequested(OrderEvent):
    """The upstream rejected the reply and wants the order handled again (重办).

    `redos` is the cycle of the reply that it rejects: a cycle that was reopened already is not reopened twice.
    """

    type: ClassVar[str] = "order.redo_requested.v1"

    reason: str
    requested_at: Moment
    redos: int = 0


class NoticeRepeated(OrderEvent):
    """The upstream said once more what had taken effect: it moves nothing, and its reason is there to be read (S1.1.4c)."""

    type: ClassVar[str] = "order.notice_repeated.v1"

    notice: Literal["cancellation", "redo"]
    reason: str
    told_at: Moment


class OrderFedBack(OrderEvent):
    """The upstream has the reply: it acknowledged it, or revisited the caller or demanded a redo (S2.3b).

    `by` says which. A reply that was never sent before a revisit or a redo proved it is sent all the same.

    `redos` is the cycle of the reply: an acknowledgement says nothing about the deadlines of a later cycle.  One that
    announces a plan, by its `disposition`, fulfils none (S2.2.2f).
    """

    type: ClassVar[str] = "order.fed_back.v1"

    reply_id: str
    disposition: Disposition
    platform: str
    attempts: int
    fed_back_at: Moment
    redos: int = 0
    by: Literal["answer", "revisit", "redo"] = "answer"


class FeedbackFailed(OrderEvent):
    """Sending a reply to the upstream failed; `final` when it is sent again only if a person asks for it."""

    type: ClassVar[str] = "order.feedback_failed.v1"

    reply_id: str
    platform: str
    attempt: int
    reason: str
    final: bool
    failed_at: Moment


class ReplyOutdated(OrderEvent):
    """An approved reply is not sent: the upstream had changed the demand, and the centre did not know it (S1.1.4c, S2.3a).

    `demand_version` is the version that the reply answers, `known_version` the newest one that the approval considered;
    `version` is the present one, and `changed` names what the upstream has changed since `demand_version`.
    """

    type: ClassVar[str] = "order.reply_outdated.v1"

    reply_id: str
    round: int
    unit: str
    demand_version: int
    known_version: int
    version: int
    changed: tuple[str, ...]
    outdated_at: Moment


class ReplyNotSent(OrderEvent):
    """An approved reply is not sent, and never was: the upstream had withdrawn the order, or its cycle was over (S2.3b).

    The centre approved it before it could know, or the order was cancelled before the first attempt.  `redos` is the cycle
    of the reply.
    """

    type: ClassVar[str] = "order.reply_not_sent.v1"

    reply_id: str
    round: int
    unit: str
    reason: NotSentReason
    not_sent_at: Moment
    redos: int = 0


class RequestQuarantined(Event):
    """A request could not be read; its bytes are kept for a person."""

    type: ClassVar[str] = "intake.request_quarantined.v1"
    topic: ClassVar[str] = "directory"

    quarantine_id: str
    channel: str
    reason: str
    quarantined_at: Moment

    @property
    def key(self) -> str:
        """The quarantined request's id."""
        return self.quarantine_id


EVENTS: tuple[type[Event], ...] = (
    OrderReceived,
    OrderUpdated,
    OrderCancelled,
    OrderUrged,
    OrderRevisited,
    OrderRedoRequested,
    NoticeRepeated,
    OrderFedBack,
    FeedbackFailed,
    ReplyOutdated,
    ReplyNotSent,
    RequestQuarantined,
)
