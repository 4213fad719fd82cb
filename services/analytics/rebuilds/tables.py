"""The rows of rebuilds: their reports, and the facts and figures that they put beside the running ones."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.analytics.facts.model import Kind
from services.analytics.figures.model import Measure
from services.analytics.rebuilds.model import RebuildState, Source
from services.analytics.record import Record


class RebuildRecord(Record):
    """One rebuild, and what it found."""

    __tablename__ = "rebuild"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[Source]
    swap: Mapped[bool]
    state: Mapped[RebuildState]
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
    """A fact as a rebuild read it from the bus, with its place in the publisher's stream."""

    __tablename__ = "shadow_fact"

    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    rebuild_id: Mapped[UUID] = mapped_column(ForeignKey("rebuild.id"))
    source: Mapped[str]
    topic: Mapped[str]
    subject: Mapped[str]
    sequence: Mapped[int]
    event_id: Mapped[UUID]
    order_id: Mapped[str]
    kind: Mapped[Kind]
    at: Mapped[datetime]
    unit: Mapped[str | None]
    weight: Mapped[int]
    disposition: Mapped[str | None]
    solved: Mapped[str | None]
    satisfied: Mapped[str | None]
    clock: Mapped[str | None]
    reply: Mapped[str | None]

    __table_args__ = (
        Index("uq_shadow_fact_event", "rebuild_id", "event_id", unique=True),
        Index("ix_shadow_fact_order", "rebuild_id", "order_id", "position"),
    )


class ShadowFigure(Record):
    """For one rebuild: the running figures as they were, and the rebuilt ones."""

    __tablename__ = "shadow_figure"

    rebuild_id: Mapped[UUID] = mapped_column(ForeignKey("rebuild.id"), primary_key=True)
    side: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    measure: Mapped[Measure] = mapped_column(primary_key=True)
    count: Mapped[int]

    __table_args__ = (CheckConstraint("side in ('running', 'rebuilt')", name="known_side"),)
