"""The rows of dispatch."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.dispatch.model import Case, Status
from shared.contracts.intake import Level, ReplyScheme
from shared.db import TYPES, new_metadata
from shared.db.kernel_v2 import add_followed_calendar
from shared.db.kernel_v3 import identify_parked


def _one_of(column: str, *values: str) -> str:
    return f"{column} in ({', '.join(repr(str(value)) for value in values)})"


class Record(DeclarativeBase):
    """The service's metadata with the kernel's tables."""

    metadata = new_metadata()
    type_annotation_map = {**TYPES, date: Date()}  # noqa: RUF012 - the declarative mapping's own form


add_followed_calendar(Record.metadata)
identify_parked(Record.metadata)


class AccountRecord(Record):
    """Somebody who can log in."""

    __tablename__ = "account"

    account: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    roles: Mapped[list[str]]
    unit: Mapped[str | None]
    password_hash: Mapped[str] = mapped_column(comment="argon2id")
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    __table_args__ = (Index("ix_account_unit", "unit", postgresql_where=text("active")),)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class LoginAttemptRecord(Record):
    """Failures in a row under one account name, whether the account exists or not: a lock must not tell."""

    __tablename__ = "login_attempt"

    account: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]

    __table_args__ = (Index("ix_login_attempt_last_at", "last_at"),)


class UnitRecord(Record):
    """A unit with its duties and its responsible people (S4.1a); the handlers are accounts."""

    __tablename__ = "unit"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    group: Mapped[str] = mapped_column(comment="department, street")
    duties: Mapped[list[dict[str, Any]]] = mapped_column(comment="text, kind, keywords, streets")
    first_responsible: Mapped[str] = mapped_column(comment="第一责任人")
    deputy: Mapped[str] = mapped_column(comment="分管领导")
    office: Mapped[str] = mapped_column(comment="责任科室")
    active: Mapped[bool]
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    __table_args__ = (CheckConstraint(_one_of('"group"', "department", "street"), name="group"),)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class RuleSetRecord(Record):
    """A rule set that sla published, as far as dispatch decides by it; it never changes (X3)."""

    __tablename__ = "rule_set"

    version: Mapped[str] = mapped_column(primary_key=True)
    effective_from: Mapped[datetime]
    published_at: Mapped[datetime]
    return_window: Mapped[int] = mapped_column(comment="working days, S2.2.1f")
    plan: Mapped[int] = mapped_column(comment="calendar days, S2.2.2e")
    returns_to_panel: Mapped[int] = mapped_column(comment="accepted returns, S3.1h")


class CaseRecord(Record):
    """An order and where it stands; locked first by whoever changes it, so that its events leave in order (R7)."""

    __tablename__ = "order_case"

    order_id: Mapped[str] = mapped_column(primary_key=True)
    platform: Mapped[str]
    platform_no: Mapped[str]
    level: Mapped[str]
    subject: Mapped[str]
    scheme: Mapped[str]
    category: Mapped[str]
    urgent: Mapped[list[str]]
    queue: Mapped[int] = mapped_column(comment="0 urgent, 1 ordinary: urgent orders stand first (S1.3.1b)")
    out_of_scope: Mapped[str | None]
    street: Mapped[str | None]
    confidential: Mapped[bool]
    demand: Mapped[str] = mapped_column(comment="sealed: title, content")
    demand_version: Mapped[int]
    recommended: Mapped[list[str]] = mapped_column(comment="unit codes, best first (S2.1c)")
    received_at: Mapped[datetime]
    upstream_due_at: Mapped[datetime | None]
    is_test: Mapped[bool]

    status: Mapped[str]
    unit: Mapped[str | None] = mapped_column(comment="who has the order now; null is the centre")
    first_unit: Mapped[str | None] = mapped_column(comment="immutable once set (S3.1a)")
    assignment: Mapped[int] = mapped_column(comment="number of the current or last assignment; 0 before the first")
    assigned_at: Mapped[datetime | None]
    first_assigned_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    no_return: Mapped[bool]
    returned_by: Mapped[list[str]] = mapped_column(comment="units that have asked to return it (A20)")
    returns: Mapped[int] = mapped_column(comment="accepted returns (S3.1h)")
    attempts: Mapped[int] = mapped_column(comment="contacts in this turn: since the assignment or the reopening")
    vain_attempts: Mapped[int]
    counted_contacts: Mapped[int]
    promised_at: Mapped[datetime | None] = mapped_column(comment="the next contact that was promised (S2.2.1d)")
    round: Mapped[int] = mapped_column(comment="replies submitted so far")
    reply_id: Mapped[str | None] = mapped_column(comment="the reply that counts now")
    disposition: Mapped[str | None]
    redos: Mapped[int]
    revisits: Mapped[int] = mapped_column(comment="number of the last revisit told")
    vain_revisit_days: Mapped[list[str]] = mapped_column(comment="days on which the upstream reached nobody (A32)")
    urges: Mapped[int]
    urged_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __table_args__ = (
        CheckConstraint(_one_of("status", *Status), name="status"),
        CheckConstraint("queue in (0, 1)", name="queue"),
        CheckConstraint("returns >= 0 and redos >= 0 and round >= 0 and assignment >= 0", name="counters"),
        Index("ix_order_case_queue", "queue", "received_at", "order_id", postgresql_where=text("ended_at is null")),
        Index("ix_order_case_status", "status", "queue", "received_at", "order_id"),
        Index("ix_order_case_unit", "unit", "queue", "received_at", "order_id"),
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    def as_case(self) -> Case:
        """The facts that the rules look at."""
        level: Level = self.level  # type: ignore[assignment]  # written from the event, which is checked
        scheme: ReplyScheme = self.scheme  # type: ignore[assignment]
        return Case(
            status=Status(self.status),
            unit=self.unit,
            level=level,
            scheme=scheme,
            received_at=self.received_at,
            assigned_at=self.assigned_at,
            first_assigned_at=self.first_assigned_at,
            no_return=self.no_return,
            returned_by=tuple(self.returned_by),
            returns=self.returns,
            counted_contacts=self.counted_contacts,
        )


class RecommendationRecord(Record):
    """What was recommended for an order, with its evidence (S2.1a)."""

    __tablename__ = "recommendation"

    order_id: Mapped[str] = mapped_column(ForeignKey("order_case.order_id"), primary_key=True)
    candidates: Mapped[list[dict[str, Any]]]
    made_at: Mapped[datetime]


class AssignmentRecord(Record):
    """One link of the chain of responsibility (S2.1c, S3.1a)."""

    __tablename__ = "assignment"

    order_id: Mapped[str] = mapped_column(ForeignKey("order_case.order_id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    unit: Mapped[str]
    cause: Mapped[str]
    basis: Mapped[str]
    grounds: Mapped[str] = mapped_column(comment="sealed")
    recommended: Mapped[list[str]] = mapped_column(comment="what was recommended then")
    followed: Mapped[bool] = mapped_column(comment="whether the first recommended unit was taken (S2.1c)")
    decision: Mapped[str | None] = mapped_column(comment="sealed: the panel's, S3.1h")
    reason: Mapped[str | None] = mapped_column(comment="sealed: of a reassignment, S2.2.1h")
    no_return: Mapped[bool]
    determined_at: Mapped[datetime]
    assigned_at: Mapped[datetime]
    assigned_by: Mapped[str]

    __table_args__ = (
        CheckConstraint(_one_of("cause", "first", "returned", "reassigned", "redo"), name="cause"),
        CheckConstraint(_one_of("basis", "duty", "territory", "industry"), name="basis"),
    )


class ContactRecord(Record):
    """One attempt to speak with the caller (S2.2.1b); who, number and words are sealed."""

    __tablename__ = "contact"

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("order_case.order_id"))
    unit: Mapped[str]
    attempt: Mapped[int]
    outcome: Mapped[str]
    counts: Mapped[bool]
    sealed: Mapped[str] = mapped_column(comment="phone, person, content")
    contacted_at: Mapped[datetime]
    promised_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]

    __table_args__ = (
        CheckConstraint(_one_of("outcome", "reached", "not_reached", "refused"), name="outcome"),
        Index("ix_contact_order_id", "order_id", "recorded_at"),
    )


class NoteRecord(Record):
    """How far the unit is, and when it will call again (S2.2.1d)."""

    __tablename__ = "note"

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("order_case.order_id"))
    unit: Mapped[str]
    sealed: Mapped[str]
    promised_at: Mapped[datetime]
    noted_at: Mapped[datetime]
    noted_by: Mapped[str]

    __table_args__ = (Index("ix_note_order_id", "order_id", "noted_at"),)


class ReturnRecord(Record):
    """A request to give an order back, and what the centre decided (S2.2.1g, S2.2.1i)."""

    __tablename__ = "return_request"

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("order_case.order_id"))
    assignment: Mapped[int]
    unit: Mapped[str]
    reason: Mapped[str] = mapped_column(comment="sealed")
    policy_basis: Mapped[str] = mapped_column(comment="sealed")
    suggested_unit: Mapped[str]
    requested_at: Mapped[datetime]
    requested_by: Mapped[str]
    decision: Mapped[str | None]
    decision_reason: Mapped[str | None] = mapped_column(comment="sealed")
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("order_id", "unit", name="uq_return_request_order_id"),
        CheckConstraint(_one_of("decision", "accept", "reject"), name="decision"),
        Index("ix_return_request_open", "order_id", unique=True, postgresql_where=text("decision is null")),
    )


class ReplyRecord(Record):
    """A reply as it was submitted, and what became of it (S2.2.3b); its words are sealed."""

    __tablename__ = "reply"

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("order_case.order_id"))
    round: Mapped[int]
    unit: Mapped[str]
    disposition: Mapped[str]
    sealed: Mapped[str] = mapped_column(comment="the five elements")
    grounds: Mapped[str | None] = mapped_column(comment="sealed: statement, legal_basis, site_record")
    plan_on: Mapped[date | None]
    state: Mapped[str]
    opinion: Mapped[str | None] = mapped_column(comment="sealed: why it came back")
    submitted_at: Mapped[datetime]
    submitted_by: Mapped[str]
    judged_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("order_id", "round", name="uq_reply_order_id"),
        CheckConstraint(
            _one_of("state", "submitted", "leader_approved", "leader_rejected", "approved", "rejected", "void"),
            name="state",
        ),
        CheckConstraint(
            _one_of("disposition", "solved", "out_of_scope", "not_true", "explanation", "planned"), name="disposition"
        ),
    )


class AttachmentRecord(Record):
    """A file that a unit attached to a return or to a reply."""

    __tablename__ = "attachment"

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("order_case.order_id"))
    purpose: Mapped[str]
    owner_id: Mapped[str] = mapped_column(comment="the return's or the reply's id")
    name: Mapped[str]
    media_type: Mapped[str]
    sha256: Mapped[str]
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    attached_at: Mapped[datetime]
    attached_by: Mapped[str]

    __table_args__ = (
        CheckConstraint(_one_of("purpose", "return", "reply"), name="purpose"),
        Index("ix_attachment_order_id", "order_id", "attached_at"),
    )


class ExperienceRecord(Record):
    """How many orders of a category a unit has closed to the caller's satisfaction: what recommendations learn from."""

    __tablename__ = "experience"

    category: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True)
    solved: Mapped[int]
    last_order_id: Mapped[str]
    last_closed_at: Mapped[datetime]
