"""Requests that could not be understood."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.quarantine.model import QuarantineState
from services.intake.record import ID, Record


class Quarantined(Record):
    """A request that could not be understood, with its exact bytes, until a person decides (S1.1.1a)."""

    __tablename__ = "quarantine"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    channel: Mapped[str] = mapped_column(comment="as the address named it, known or not")
    kind: Mapped[str] = mapped_column(comment="orders, cancellations, urges, revisits, redos")
    signed_by: Mapped[str | None] = mapped_column(comment="the channel whose key signed it; empty when none did")
    source: Mapped[str] = mapped_column(comment="network address of the sender")
    webhook_id: Mapped[str | None]
    number_print: Mapped[str | None] = mapped_column(
        comment="keyed hash of platform and number, of a signed order whose number can be read"
    )
    platform_revision: Mapped[int | None] = mapped_column(
        BigInteger, comment="the platform's number of its revision, where the order's number and this can be read"
    )
    reason: Mapped[str]
    faults: Mapped[list[dict[str, Any]]] = mapped_column(comment="field, code, message; never the value")
    cause: Mapped[str] = mapped_column(comment="reason, and code and field of each fault: what is released together")
    tries: Mapped[int] = mapped_column(
        Integer, server_default=text("0"), comment="releases of its group that it did not pass"
    )
    body: Mapped[str] = mapped_column(comment="sealed base64 of the exact bytes, which may name a person")
    size: Mapped[int] = mapped_column(Integer, comment="bytes")
    received_at: Mapped[datetime]
    state: Mapped[QuarantineState] = mapped_column(server_default=text("'waiting'"))
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    why: Mapped[str | None]
    order_id: Mapped[str | None] = mapped_column(ID, comment="what its release led to, or what overtook it")
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))

    @property
    def verified(self) -> bool:
        """Whether its signature was checked and right."""
        return self.signed_by is not None

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - the mapper's own form
    __table_args__ = (
        CheckConstraint("state in ('waiting', 'released', 'dropped', 'overtaken')", name="known_state"),
        CheckConstraint("kind in ('orders', 'cancellations', 'urges', 'revisits', 'redos')", name="known_kind"),
        Index("ix_quarantine_listing", "state", "received_at", "id"),
        Index(
            "ix_quarantine_cause",
            "channel",
            "kind",
            "cause",
            "tries",
            "received_at",
            postgresql_where=text("state = 'waiting'"),
        ),
        Index(
            "ix_quarantine_number",
            "number_print",
            postgresql_where=text("state = 'waiting' and number_print is not null"),
        ),
        Index("ix_quarantine_source", "source", postgresql_where=text("state = 'waiting' and signed_by is null")),
    )
