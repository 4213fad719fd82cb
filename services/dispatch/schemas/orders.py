"""What is shown of an order."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from services.dispatch.handlers.sealed import (
    assignment_context,
    contact_context,
    grounds_context,
    note_context,
    open_demand,
    open_json,
    open_words,
    opinion_context,
    reply_context,
    return_context,
)
from services.dispatch.model import STATUS_TITLES, Move, Status
from services.dispatch.store.words import ASSIGNMENT_WORDS, RETURN_WORDS
from services.dispatch.tables import (
    AssignmentRecord,
    AttachmentRecord,
    CaseRecord,
    ContactRecord,
    NoteRecord,
    RecommendationRecord,
    ReplyRecord,
    ReturnRecord,
)
from shared.personal.sealing import Sealer


class OrderOut(BaseModel):
    """An order in the queue."""

    order_id: str
    platform: str
    platform_no: str
    level: str
    category: str
    title: str
    urgent: list[str] = Field(description="policy 政策咨询 / livelihood 民生紧急 / safety 安全紧急；空为普通")
    street: str | None
    status: Status
    status_title: str
    unit: str | None = Field(description="当前承办单位；空为中心")
    first_unit: str | None = Field(description="首接单位，不再改变")
    returns: int
    redos: int
    urges: int
    no_return: bool
    received_at: datetime
    assigned_at: datetime | None
    promised_at: datetime | None
    ended_at: datetime | None


class OrderDetail(OrderOut):
    """All of an order that this person may see."""

    subject: str
    scheme: str
    content: str
    out_of_scope: str | None
    confidential: bool
    is_test: bool
    upstream_due_at: datetime | None
    urged_at: datetime | None
    first_assigned_at: datetime | None
    accepted_at: datetime | None
    return_closes_at: datetime | None = Field(description="可申请回退的截止时间")
    counted_contacts: int = Field(description="本次承办以来的有效联系次数")
    round: int = Field(description="已提交答复的次数")
    reply_id: str | None
    disposition: str | None
    recommended: list[str]
    demand_version: int
    can: list[Move] = Field(description="本人现在可以进行的操作")


def _shown(sealer: Sealer, record: CaseRecord) -> tuple[dict[str, Any], str]:
    demand = open_demand(sealer, record.order_id, record.demand)
    names = set(OrderOut.model_fields) - {"title", "status", "status_title"}
    status = Status(record.status)
    fields = {name: getattr(record, name) for name in names}
    return {**fields, "title": demand.title, "status": status, "status_title": STATUS_TITLES[status]}, demand.content


def order_out(sealer: Sealer, record: CaseRecord) -> OrderOut:
    """A row of the queue."""
    fields, _ = _shown(sealer, record)
    return OrderOut(**fields)


def order_detail(
    sealer: Sealer, record: CaseRecord, *, can: tuple[Move, ...], return_closes_at: datetime | None
) -> OrderDetail:
    """All of an order."""
    fields, content = _shown(sealer, record)
    names = set(OrderDetail.model_fields) - set(OrderOut.model_fields) - {"content", "can", "return_closes_at"}
    more = {name: getattr(record, name) for name in names}
    return OrderDetail(**fields, **more, content=content, can=list(can), return_closes_at=return_closes_at)


class EvidenceOut(BaseModel):
    """Why a unit is recommended."""

    kind: str = Field(description="catalogue 职责目录 / territory 属地 / similar_orders 同类工单")
    text: str


class CandidateOut(BaseModel):
    """A recommended unit."""

    unit: str
    name: str
    basis: str
    score: float
    evidence: list[EvidenceOut]


class RecommendationOut(BaseModel):
    """What was recommended, best first."""

    made_at: datetime | None
    candidates: list[CandidateOut]

    @classmethod
    def of(cls, record: RecommendationRecord | None) -> RecommendationOut:
        """From the row, or empty."""
        if record is None:
            return cls(made_at=None, candidates=[])
        return cls(made_at=record.made_at, candidates=[CandidateOut(**line) for line in record.candidates])


class HistoryOut(BaseModel):
    """Who did what (X1)."""

    at: datetime
    actor: str
    role: str
    unit: str | None
    action: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str | None = Field(
        description="理由；assignment:<序号>、return:<标识> 指责任链、回退记录中的相应一条，其文字按权限显示"
    )


class AssignmentOut(BaseModel):
    """One link of the chain of responsibility (S3.1a); its words only for those who handle or review the order (X2)."""

    number: int
    unit: str
    cause: str
    basis: str
    grounds: str | None
    recommended: list[str]
    followed: bool = Field(description="是否采纳首位推荐")
    decision: str | None
    reason: str | None
    no_return: bool
    determined_at: datetime
    assigned_at: datetime
    assigned_by: str

    @classmethod
    def of(cls, record: AssignmentRecord, sealer: Sealer, *, words: bool) -> AssignmentOut:
        """From the row."""
        opened: dict[str, Any] = dict.fromkeys(ASSIGNMENT_WORDS)
        if words:
            for part in opened:
                context = assignment_context(record.order_id, record.number, part)
                opened[part] = open_words(sealer, getattr(record, part), context)
        return cls(**opened, **{name: getattr(record, name) for name in set(cls.model_fields) - set(opened)})


class ContactOut(BaseModel):
    """One attempt to speak with the caller; who, number and words only for those who handle or review it (X2)."""

    contact_id: str
    unit: str
    attempt: int
    outcome: str
    counts: bool
    contacted_at: datetime
    promised_at: datetime | None
    recorded_at: datetime
    recorded_by: str
    phone: str | None
    person: str | None
    content: str | None

    @classmethod
    def of(cls, record: ContactRecord, sealer: Sealer, *, words: bool) -> ContactOut:
        """From the row."""
        opened: dict[str, Any] = {"phone": None, "person": None, "content": None}
        if words:
            opened = open_json(sealer, record.sealed, contact_context(record.order_id, record.id))
        names = set(cls.model_fields) - {"contact_id", *opened}
        return cls(contact_id=record.id, **opened, **{name: getattr(record, name) for name in names})


class NoteOut(BaseModel):
    """How far the unit was; the text only for those who handle or review it (X2)."""

    note_id: str
    unit: str
    text: str | None
    promised_at: datetime
    noted_at: datetime
    noted_by: str

    @classmethod
    def of(cls, record: NoteRecord, sealer: Sealer, *, words: bool) -> NoteOut:
        """From the row."""
        text = sealer.open(record.sealed, note_context(record.order_id, record.id)) if words else None
        names = set(cls.model_fields) - {"note_id", "text"}
        return cls(note_id=record.id, text=text, **{name: getattr(record, name) for name in names})


class ReturnOut(BaseModel):
    """A request to give the order back, and what became of it; its words only for those who handle or review it (X2)."""

    return_id: str
    assignment: int
    unit: str
    reason: str | None
    policy_basis: str | None
    suggested_unit: str
    requested_at: datetime
    requested_by: str
    decision: Literal["accept", "reject"] | None
    decision_reason: str | None
    decided_at: datetime | None
    decided_by: str | None

    @classmethod
    def of(cls, record: ReturnRecord, sealer: Sealer, *, words: bool) -> ReturnOut:
        """From the row."""
        opened: dict[str, Any] = dict.fromkeys(RETURN_WORDS)
        if words:
            for part in opened:
                context = return_context(record.order_id, record.id, part)
                opened[part] = open_words(sealer, getattr(record, part), context)
        names = set(cls.model_fields) - {"return_id", *opened}
        return cls(return_id=record.id, **opened, **{name: getattr(record, name) for name in names})


class ReplyOut(BaseModel):
    """A reply as it was submitted, and what became of it; its words only for those who handle or review it (X2)."""

    reply_id: str
    round: int
    unit: str
    disposition: str
    state: str
    plan_on: date | None
    submitted_at: datetime
    submitted_by: str
    judged_at: datetime | None
    contact_person: str | None = None
    contact_at: str | None = None
    contact_phone: str | None = None
    findings: str | None = None
    satisfaction: str | None = None
    remarks: str | None = None
    statement: str | None = None
    legal_basis: str | None = None
    site_record: str | None = None
    opinion: str | None = None

    @classmethod
    def of(cls, record: ReplyRecord, sealer: Sealer, *, words: bool) -> ReplyOut:
        """From the row."""
        opened: dict[str, Any] = {}
        if words:
            opened |= open_json(sealer, record.sealed, reply_context(record.order_id, record.id))
            if record.grounds is not None:
                opened |= open_json(sealer, record.grounds, grounds_context(record.order_id, record.id))
            if record.opinion is not None:
                opened["opinion"] = sealer.open(record.opinion, opinion_context(record.order_id, record.id))
        names = ("round", "unit", "disposition", "state", "plan_on", "submitted_at", "submitted_by", "judged_at")
        return cls(reply_id=record.id, **opened, **{name: getattr(record, name) for name in names})


class AttachmentOut(BaseModel):
    """A file of a return or of a reply, without its bytes."""

    attachment_id: str
    purpose: str
    owner_id: str
    name: str
    media_type: str
    sha256: str
    size: int
    attached_at: datetime
    attached_by: str

    @classmethod
    def of(cls, record: AttachmentRecord) -> AttachmentOut:
        """From the row."""
        names = set(cls.model_fields) - {"attachment_id"}
        return cls(attachment_id=record.id, **{name: getattr(record, name) for name in names})


class DeskOut(BaseModel):
    """How many orders stand where, of those that are not at their end."""

    counts: dict[str, int]
