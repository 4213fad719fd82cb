"""What clocks lead to: extensions, supervision candidates, and the notices that the streams replay."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.sla.tables.record import Record


class ExtensionRecord(Record):
    """A request for more working days, with the caller's word on it and the centre's (S1.3.2)."""

    __tablename__ = "extension"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("clocked_order.order_id"))
    clock_id: Mapped[UUID] = mapped_column(ForeignKey("clock.id"))
    unit: Mapped[str]
    state: Mapped[str] = mapped_column(comment="requested, granted, refused, declined (by the caller)")
    reason_code: Mapped[str]
    citation: Mapped[str | None] = mapped_column(comment="sealed")
    explanation: Mapped[str | None] = mapped_column(comment="sealed")
    workdays: Mapped[int] = mapped_column(Integer)
    overridden: Mapped[bool] = mapped_column(comment="over the cap, by the head of the centre (S1.3.2d)")
    override_reason: Mapped[str | None] = mapped_column(comment="sealed")
    consented_at: Mapped[datetime]
    agreed: Mapped[bool]
    consent: Mapped[str] = mapped_column(comment="sealed: person, phone, evidence")
    requested_at: Mapped[datetime]
    requested_by: Mapped[str]
    was_due_at: Mapped[datetime]
    due_at: Mapped[datetime | None] = mapped_column(comment="once granted")
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    decision_reason: Mapped[str | None] = mapped_column(comment="sealed")
    version: Mapped[int] = mapped_column()

    __table_args__ = (
        CheckConstraint("state in ('requested', 'granted', 'refused', 'declined')", name="known_state"),
        CheckConstraint("reason_code in ('legal', 'complex')", name="known_reason"),
        CheckConstraint("workdays > 0", name="some_workdays"),
        CheckConstraint("(state = 'granted') = (due_at is not null)", name="granted_has_due"),
        Index("ix_extension_order_id", "order_id", "requested_at"),
        Index("ix_extension_state", "state", "requested_at", "id"),
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class CandidateRecord(Record):
    """A unit that has come under one of the four triggers of supervision (S3.4a); the office decides what follows."""

    __tablename__ = "supervision_candidate"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    unit: Mapped[str]
    cause: Mapped[str] = mapped_column(comment="overdue, unsolved, refused, concentrated")
    occasion: Mapped[str] = mapped_column(comment="the clock, the order, or the week: each raises it once")
    order_id: Mapped[str | None]
    facts: Mapped[str]
    raised_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("unit", "cause", "occasion", name="uq_supervision_candidate_occasion"),
        CheckConstraint("cause in ('overdue', 'unsolved', 'refused', 'concentrated')", name="known_cause"),
        Index("ix_supervision_candidate_raised_at", "raised_at", "id"),
        Index("ix_supervision_candidate_unit", "unit", "raised_at", "id"),
    )


class StormRecord(Record):
    """How many warnings of one unit were told in the current minute, and when they were last told together."""

    __tablename__ = "warning_storm"

    unit: Mapped[str] = mapped_column(primary_key=True, comment="the unit, or district")
    since: Mapped[datetime]
    told: Mapped[int] = mapped_column(Integer)
    digested_at: Mapped[datetime | None]


class NoticeRecord(Record):
    """A breach or a warning as the streams replay it.

    A trigger of the outbox writes it, so that whoever tells a breach, the stream has it. Positions have no gaps and
    become visible in their order: the head's row is locked until the commit, after every other lock.
    """

    __tablename__ = "notice"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    stream: Mapped[str] = mapped_column(comment="breaches, warnings")
    unit: Mapped[str | None]
    type: Mapped[str]
    event_id: Mapped[UUID]
    payload: Mapped[bytes]
    at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("stream in ('breaches', 'warnings')", name="known_stream"),
        Index("ix_notice_unit", "unit", "stream", "position"),
    )


class NoticeHead(Record):
    """The position of the last notice; one row."""

    __tablename__ = "notice_head"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    last: Mapped[int]

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)
