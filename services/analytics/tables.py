"""The rows of analytics: facts, the figures they make, and what a rebuild compares them with."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Identity, Index, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.analytics.model import Kind, Measure
from shared.db import TYPES, new_metadata
from shared.db.kernel_v3 import identify_parked

_KINDS = f"kind in ({', '.join(repr(kind.value) for kind in Kind)})"
_MEASURES = f"measure in ({', '.join(repr(measure.value) for measure in Measure)})"


class Record(DeclarativeBase):
    """The service's metadata with the kernel's tables."""

    metadata = new_metadata()
    type_annotation_map = {**TYPES, date: Date()}  # noqa: RUF012 - the declarative mapping's own form


identify_parked(Record.metadata)


class TrackedOrder(Record):
    """An order that has facts; its row is locked while its figures change, so that two partitions cannot mix them."""

    __tablename__ = "tracked_order"

    order_id: Mapped[str] = mapped_column(primary_key=True)


class FactRecord(Record):
    """One event as far as figures need it."""

    __tablename__ = "fact"

    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(unique=True)
    order_id: Mapped[str]
    kind: Mapped[str]
    at: Mapped[datetime]
    unit: Mapped[str | None]
    weight: Mapped[int]
    disposition: Mapped[str | None]
    solved: Mapped[str | None]
    satisfied: Mapped[str | None]
    clock: Mapped[str | None] = mapped_column(comment="whose deadline, for overdue and excused")

    __table_args__ = (
        CheckConstraint(_KINDS, name="known_kind"),
        CheckConstraint("weight in (0, 1)", name="known_weight"),
        Index("ix_fact_order", "order_id", "position"),
    )


class FigureRecord(Record):
    """One count: unit (empty for the district), day in Asia/Shanghai, what is counted."""

    __tablename__ = "figure"

    unit: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    measure: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]

    __table_args__ = (CheckConstraint(_MEASURES, name="known_measure"), Index("ix_figure_day", "day"))


class UnitRecord(Record):
    """A unit's name, for people."""

    __tablename__ = "unit"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    group: Mapped[str]
    active: Mapped[bool]
    changed_at: Mapped[datetime]


class RebuildRecord(Record):
    """One check or rebuild, and what it found."""

    __tablename__ = "rebuild"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str]
    swap: Mapped[bool]
    state: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    facts: Mapped[int] = mapped_column(server_default=text("0"))
    pending: Mapped[int] = mapped_column(
        server_default=text("0"), comment="events on the bus that had not been applied yet"
    )
    facts_missing: Mapped[int] = mapped_column(server_default=text("0"), comment="on the bus and not among the facts")
    facts_surplus: Mapped[int] = mapped_column(server_default=text("0"), comment="among the facts and not on the bus")
    figures_different: Mapped[int] = mapped_column(server_default=text("0"))
    differences: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'"))

    __table_args__ = (
        CheckConstraint("source in ('bus', 'facts')", name="known_source"),
        CheckConstraint("state in ('running', 'equal', 'different', 'swapped', 'failed')", name="known_state"),
        Index("ix_rebuild_asked_at", "asked_at", "id"),
    )


class ShadowFact(Record):
    """A fact as the bus tells it, with its place in the publisher's stream."""

    __tablename__ = "shadow_fact"

    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    rebuild_id: Mapped[UUID] = mapped_column(ForeignKey("rebuild.id"))
    source: Mapped[str]
    topic: Mapped[str]
    subject: Mapped[str]
    sequence: Mapped[int]
    event_id: Mapped[UUID]
    order_id: Mapped[str]
    kind: Mapped[str]
    at: Mapped[datetime]
    unit: Mapped[str | None]
    weight: Mapped[int]
    disposition: Mapped[str | None]
    solved: Mapped[str | None]
    satisfied: Mapped[str | None]
    clock: Mapped[str | None]

    __table_args__ = (
        Index("uq_shadow_fact_event", "rebuild_id", "event_id", unique=True),
        Index("ix_shadow_fact_order", "rebuild_id", "order_id", "position"),
    )


class ShadowFigure(Record):
    """The running figures as they stood, and the rebuilt ones, side by side."""

    __tablename__ = "shadow_figure"

    rebuild_id: Mapped[UUID] = mapped_column(ForeignKey("rebuild.id"), primary_key=True)
    side: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    measure: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]

    __table_args__ = (CheckConstraint("side in ('running', 'rebuilt')", name="known_side"),)
