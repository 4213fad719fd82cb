"""Where an order is, what can happen to it, and the facts of it that the rules look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from shared.contracts.intake import Level, ReplyScheme


class Status(StrEnum):
    """The state of an order."""

    TRIAGE = "triage"
    CONSULT = "consult"
    ASSIGNED = "assigned"
    HANDLING = "handling"
    RETURN_PENDING = "return_pending"
    LEADER_REVIEW = "leader_review"
    CENTRE_REVIEW = "centre_review"
    REWORK = "rework"
    AWAITING_FEEDBACK = "awaiting_feedback"
    PLANNED = "planned"
    REVISIT = "revisit"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Move(StrEnum):
    """What can happen to an order, by a person's command or by another service's event."""

    ASSIGN = "assign"
    REASSIGN = "reassign"
    ACCEPT = "accept"
    CONTACT = "contact"
    NOTE = "note"
    REQUEST_RETURN = "request_return"
    ACCEPT_RETURN = "accept_return"
    CALL_PANEL = "call_panel"
    REJECT_RETURN = "reject_return"
    SUBMIT = "submit"
    LEADER_APPROVE = "leader_approve"
    LEADER_REJECT = "leader_reject"
    APPROVE = "approve"
    REJECT = "reject"
    PLAN = "plan"
    WAKE = "wake"
    FEED_BACK = "feed_back"
    REVISIT_IN_VAIN = "revisit_in_vain"
    CLOSE = "close"
    REOPEN = "reopen"
    CANCEL = "cancel"


STATUS_TITLES: Final[Mapping[Status, str]] = MappingProxyType(
    {
        Status.TRIAGE: "待研判",
        Status.CONSULT: "会商研判",
        Status.ASSIGNED: "已交办待认领",
        Status.HANDLING: "办理中",
        Status.RETURN_PENDING: "回退待审",
        Status.LEADER_REVIEW: "单位领导审阅",
        Status.CENTRE_REVIEW: "中心审核",
        Status.REWORK: "退回重办",
        Status.AWAITING_FEEDBACK: "审核通过待反馈",
        Status.PLANNED: "列入计划跟踪",
        Status.REVISIT: "已反馈待回访",
        Status.CLOSED: "办结归档",
        Status.CANCELLED: "已撤单",
    }
)

MOVE_TITLES: Final[Mapping[Move, str]] = MappingProxyType(
    {
        Move.ASSIGN: "交办",
        Move.REASSIGN: "改派",
        Move.ACCEPT: "认领",
        Move.CONTACT: "登记联系记录",
        Move.NOTE: "登记办理进度",
        Move.REQUEST_RETURN: "申请回退",
        Move.ACCEPT_RETURN: "同意回退",
        Move.CALL_PANEL: "提请研判小组",
        Move.REJECT_RETURN: "驳回回退",
        Move.SUBMIT: "提交答复",
        Move.LEADER_APPROVE: "单位领导同意",
        Move.LEADER_REJECT: "单位领导退回",
        Move.APPROVE: "审核通过",
        Move.REJECT: "审核退回",
        Move.PLAN: "列入计划",
        Move.WAKE: "计划到期",
        Move.FEED_BACK: "反馈上级",
        Move.REVISIT_IN_VAIN: "回访未成功",
        Move.CLOSE: "办结",
        Move.REOPEN: "重办",
        Move.CANCEL: "撤单",
    }
)

NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
"""Where an order without a running clock stands among the deadlines: after all of them."""

ENDED: Final = frozenset({Status.CLOSED, Status.CANCELLED})

WAITS_FOR: Final[Mapping[Status, tuple[str, str]]] = MappingProxyType(
    {
        Status.TRIAGE: ("not_assigned", "工单尚未交办；交办后方可{move}"),
        Status.CONSULT: ("in_consultation", "工单正在会商研判；按研判决定交办后方可{move}"),
        Status.ASSIGNED: ("not_accepted", "工单已交办，承办单位尚未认领；须先认领方可{move}"),
        Status.HANDLING: ("in_handling", "工单正由承办单位办理；提交答复后方可{move}"),
        Status.RETURN_PENDING: ("return_pending", "承办单位已申请回退，等待中心审定；驳回后方可{move}"),
        Status.LEADER_REVIEW: ("under_leader_review", "已提交答复，等待单位主要领导审阅；退回修改后方可{move}"),
        Status.CENTRE_REVIEW: ("under_centre_review", "已提交答复，等待中心审核；审核退回后方可{move}"),
        Status.REWORK: ("in_rework", "答复已被退回，由承办单位重新办理；重新提交答复后方可{move}"),
        Status.AWAITING_FEEDBACK: (
            "awaiting_feedback",
            "答复已审核通过，等待反馈上级平台；上级平台要求重办后方可{move}",
        ),
        Status.PLANNED: ("planned", "工单已列入计划；计划到期或上级平台要求重办后方可{move}"),
        Status.REVISIT: ("awaiting_revisit", "已反馈上级平台，等待回访；需要重办的，重办后方可{move}"),
        Status.CLOSED: ("closed", "工单已办结归档；上级平台要求重办后方可{move}"),
        Status.CANCELLED: ("cancelled", "上级平台已撤单，不再办理，不能{move}"),
    }
)
"""A code for what an order in this state waits for, and the words that refuse a move in it."""


class Group(StrEnum):
    """A list that somebody works through; the first five share out the orders that a unit has in hand."""

    NEW = "new"
    TO_CONTACT = "to_contact"
    IN_PROGRESS = "in_progress"
    SENT_BACK = "sent_back"
    RETURN_REJECTED = "return_rejected"
    TO_ASSIGN = "to_assign"
    CONSULT = "consult"
    RETURNS = "returns"
    LEADER_REVIEW = "leader_review"
    CENTRE_REVIEW = "centre_review"
    WITH_UPSTREAM = "with_upstream"
    PLANNED = "planned"
    OVERDUE = "overdue"
    DUE_TODAY = "due_today"
    URGENT = "urgent"
    URGED = "urged"
    CHANGED = "changed"


class Sort(StrEnum):
    """The sequence of a list."""

    RECEIVED = "received"
    PRESSING = "pressing"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which orders a list has; without `statuses` those that are not at their end."""

    statuses: tuple[Status, ...] = ()
    group: Group | None = None
    unit: str | None = None
    platform: str | None = None
    urgent: bool | None = None
    urged: bool | None = None
    category: str | None = None
    street: str | None = None
    due_before: datetime | None = None
    received_from: datetime | None = None
    received_before: datetime | None = None
    changed_since: datetime | None = None
    sort: Sort = Sort.RECEIVED

    def named(self) -> dict[str, Any]:
        """What was asked for, for the audit trail."""
        asked = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: str(value) for name, value in asked.items() if value not in {None, ()}}


@dataclass(frozen=True, slots=True)
class Today:
    """What is overdue and what is due today depend on."""

    now: datetime
    day_ends: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """The facts of an order that the rules look at."""

    status: Status
    unit: str | None
    level: Level
    scheme: ReplyScheme
    received_at: datetime
    assigned_at: datetime | None
    first_assigned_at: datetime | None
    no_return: bool
    returned_by: tuple[str, ...]
    answered_by: tuple[str, ...]
    returns: int
    turn_at: datetime | None
    counted_contacts: int
