"""The clocks, and why a clock moved or was stopped by a person."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.sla.clocks.model import State
from services.sla.counting.model import Lapse, Span
from services.sla.orders.tables import OrderRecord
from services.sla.record import Record
from shared.contracts.sla import ClockKind
from shared.db.logins import PROTECTED, HangsOn, RowsOfUnit

# A clock whose next moment is its due moment, and whose breach has no other consequence.
PLAIN: Final = (
    "next_at is not null and next_at = due_at and breached_at is null and lapse = 'breach' "
    "and kind not in ('accept', 'next_contact', 'plan')"
)

SPECIAL: Final = (
    "next_at is not null and (next_at <> due_at or breached_at is not null or lapse <> 'breach' "
    "or kind in ('accept', 'next_contact', 'plan'))"
)

STEPS: Final = "kind in ('review_turnaround', 'chain_step') and state in ('met', 'late')"

# A clock that ended by the calendar of then against its unit: after its due moment, or a window that closed.
ENDED_AGAINST: Final = "state <> 'running' and (span = 'workdays' or kind = 'first_contact') and (breached_at is not null or lapse = 'close')"

LOOKED_AT_BY: Final = "coalesce(kept_by, calendar)"


class ClockRecord(Record):
    """One deadline. `next_at` is when the loop has to look at it again: the next rung, then the due moment, then never."""

    __tablename__ = "clock"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("clocked_order.order_id"))
    kind: Mapped[ClockKind] = mapped_column(Text)
    occasion: Mapped[str] = mapped_column(comment="what started it: receipt, assignment:2, promise:...")
    unit: Mapped[str | None] = mapped_column(comment="who answers for it; null is the centre")
    started_at: Mapped[datetime]
    span: Mapped[Span] = mapped_column(comment="workdays, hours, day, moment")
    amount: Mapped[int] = mapped_column(Integer)
    due_at: Mapped[datetime]
    due_on: Mapped[date] = mapped_column(comment="the local day that ends it")
    original_due_at: Mapped[datetime]
    provisional: Mapped[bool] = mapped_column(comment="counted through a year whose arrangement is not published")
    lapse: Mapped[Lapse] = mapped_column(comment="what passing means: breach, close")
    clause: Mapped[str]
    rules: Mapped[str]
    calendar: Mapped[str]
    rungs: Mapped[list[dict[str, Any]]] = mapped_column(comment="warnings: name and at, in order")
    fired: Mapped[int] = mapped_column(
        Integer, server_default=text("0"), comment="how many rungs have fired, the daily red ones included"
    )
    queue: Mapped[int] = mapped_column(Integer, server_default=text("3"), comment="of its order: its urgent class")
    next_at: Mapped[datetime | None]
    state: Mapped[State]
    breached_at: Mapped[datetime | None]
    excused: Mapped[bool] = mapped_column(
        server_default=text("false"),
        comment="a breach was taken back: the due moment moved, or nothing was missed; a later one is a breach as any",
    )
    stopped_at: Mapped[datetime | None]
    extended_workdays: Mapped[int] = mapped_column(
        Integer, server_default=text("0"), comment="granted on top, counted from the due moment that was (A10)"
    )
    kept_by: Mapped[str | None] = mapped_column(
        comment="the latest calendar by which the ended clock was looked at and left as it ended, explained by its own"
    )
    note: Mapped[str | None] = mapped_column(comment="sealed: why an operator started it")

    # Never read: it tells the session to write an order before its clocks.
    _order: Mapped[OrderRecord] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("order_id", "kind", "occasion", name="uq_clock_occasion"),
        CheckConstraint("due_at > started_at", name="due_after_start"),
        CheckConstraint("state in ('running', 'met', 'late', 'void')", name="known_state"),
        CheckConstraint("span in ('workdays', 'hours', 'day', 'moment')", name="known_span"),
        CheckConstraint("lapse in ('breach', 'close')", name="known_lapse"),
        CheckConstraint("state = 'running' or next_at is null", name="only_running_fire"),
        # Two halves of one queue: what only breaches is fired by one statement, the rest is looked at one by one.
        Index("ix_clock_plain", "next_at", "id", postgresql_where=text(PLAIN)),
        Index("ix_clock_special", "next_at", "unit", "id", postgresql_where=text(SPECIAL)),
        Index("ix_clock_due", "due_at", "id"),
        # What a calendar change has still to look at: a clock leaves the old version's part when it was recomputed.
        Index("ix_clock_calendar", "calendar", "due_at", "id", postgresql_where=text("state = 'running'")),
        # The same of the ended ones that another calendar may put right.
        Index("ix_clock_ended", text(LOOKED_AT_BY), "due_at", "id", postgresql_where=text(ENDED_AGAINST)),
        Index("ix_clock_breached", "breached_at", "id", postgresql_where=text("breached_at is not null")),
        Index("ix_clock_excused", "due_at", "id", postgresql_where=text("excused")),
        Index("ix_clock_unit", "unit", "due_at", "id"),
        # How long the latest steps of signature chains took.
        Index("ix_clock_steps", "kind", "stopped_at", postgresql_where=text(STEPS)),
        {"info": {PROTECTED: RowsOfUnit("unit")}},
    )


CLOSED_UNUSED: Final = (
    (ClockRecord.lapse == Lapse.CLOSE)
    & (ClockRecord.state == State.VOID)
    & (ClockRecord.stopped_at == ClockRecord.due_at)
)
"""A window that closed because its due moment came; one that was void before has an earlier end."""


class ClockChange(Record):
    """One move of a due moment, with its reason, and the breach that it took back: part of the clock's proof."""

    __tablename__ = "clock_change"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    clock_id: Mapped[UUID] = mapped_column(ForeignKey("clock.id"))
    changed_at: Mapped[datetime]
    was_due_at: Mapped[datetime]
    due_at: Mapped[datetime]
    reason: Mapped[str]
    words: Mapped[str | None] = mapped_column(comment="sealed: what a person added to the reason")
    calendar: Mapped[str]
    excused_breach_at: Mapped[datetime | None] = mapped_column(comment="the breach that this change took back, if any")

    __table_args__ = (
        Index("ix_clock_change_clock_id", "clock_id", "changed_at"),
        {"info": {PROTECTED: HangsOn("clock_id", "clock", "id")}},
    )


class StopRecord(Record):
    """Why an operator stopped a clock; who and when stand in the audit trail."""

    __tablename__ = "clock_stop"

    clock_id: Mapped[UUID] = mapped_column(ForeignKey("clock.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(comment="sealed: why an operator stopped it")

    __table_args__ = ({"info": {PROTECTED: HangsOn("clock_id", "clock", "id")}},)
