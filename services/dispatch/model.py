"""The words of dispatch: where an order stands, what can be done with it, and the facts that the rules look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from shared.contracts.dispatch import Basis, Disposition, Group, Satisfaction
from shared.contracts.intake import Level, ReplyScheme


class Status(StrEnum):
    """Where an order stands; one at a time."""

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
Outcome = Literal["reached", "not_reached", "refused"]
ENDED: Final = frozenset({Status.CLOSED, Status.CANCELLED})


class Demand(NamedTuple):
    """What the caller asks for."""

    title: str
    content: str


@dataclass(frozen=True, slots=True)
class Duty:
    """One line of a unit's duty catalogue: what it answers for, by duty, by territory or by industry (S2.1a)."""

    text: str
    kind: Basis
    keywords: tuple[str, ...] = ()
    streets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """A unit as the recommendation sees it."""

    code: str
    name: str
    group: Group
    duties: tuple[Duty, ...]


@dataclass(frozen=True, slots=True)
class Experience:
    """How many orders of this category a unit has closed to the caller's satisfaction, and the last of them."""

    unit: str
    solved: int
    last_order_id: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a unit is recommended: a line of the catalogue, similar orders, or nothing better than the catalogue itself."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recommended unit with its basis and evidence (S2.1a)."""

    unit: str
    name: str
    basis: Basis
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a unit still lacks before orders may be assigned to it (S4.1a)."""

    active: bool
    first_responsible: str
    deputy: str
    office: str
    handlers: int


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
    returns: int
    counted_contacts: int


@dataclass(frozen=True, slots=True)
class Material:
    """A file that a unit attached; its kind was read from its first bytes, not from its name."""

    name: str
    media_type: str
    sha256: str
    content: bytes


@dataclass(frozen=True, slots=True)
class ReturnRequest:
    """The four parts of a return (S2.2.1g)."""

    reason: str | None
    policy_basis: str | None
    suggested_unit: str | None
    materials: tuple[Material, ...]


@dataclass(frozen=True, slots=True)
class AssignmentOrder:
    """What the desk decided: the unit, on which basis and grounds (S2.1c), and the word that a special case needs."""

    unit: str
    basis: Basis
    grounds: str
    determined_at: datetime | None
    reason: str | None
    decision: str | None


@dataclass(frozen=True, slots=True)
class Contact:
    """One attempt to speak with the caller (S2.2.1b)."""

    outcome: Outcome
    contacted_at: datetime
    phone: str | None
    person: str | None
    content: str | None
    promised_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reply:
    """A unit's reply: the five elements of the template (S2.2.3b), and what its disposition demands (S2.2.2b-e)."""

    disposition: Disposition
    contact_person: str | None
    contact_at: datetime | None
    contact_phone: str | None
    findings: str | None
    satisfaction: Satisfaction | None
    remarks: str | None
    statement: str | None
    legal_basis: str | None
    site_record: str | None
    plan_on: date | None
    evidence: tuple[Material, ...]


@dataclass(frozen=True, slots=True)
class Revisit:
    """What came of the upstream's call to the person (A31, A32)."""

    valid: bool
    solved: str | None
    satisfied: str | None
    revisited_at: datetime
