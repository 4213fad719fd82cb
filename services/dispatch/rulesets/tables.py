"""The rule sets that sla published."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from services.dispatch.record import Record


class RuleSetRecord(Record):
    """A rule set that sla published, as far as dispatch decides by it; it never changes (X3)."""

    __tablename__ = "rule_set"

    version: Mapped[str] = mapped_column(primary_key=True)
    effective_from: Mapped[datetime]
    published_at: Mapped[datetime]
    return_window: Mapped[int] = mapped_column(comment="working days, S2.2.1f")
    plan: Mapped[int] = mapped_column(comment="calendar days, S2.2.2e")
    returns_to_panel: Mapped[int] = mapped_column(comment="accepted returns, S3.1h")
