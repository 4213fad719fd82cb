"""Rule sets beside the built-in one: drafts, and what was published."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from services.sla.record import Record
from services.sla.rulesets.model import RuleSetState
from shared.db.logins import GRANTED_TO_UNITS


class RuleSetRecord(Record):
    """A rule set as data; a published one never changes again."""

    __tablename__ = "rule_set"

    version: Mapped[str] = mapped_column(primary_key=True)
    document: Mapped[str]
    based_on: Mapped[str]
    numbers: Mapped[dict[str, Any]] = mapped_column(comment="every number by its name")
    reason: Mapped[str]
    state: Mapped[RuleSetState] = mapped_column(comment="draft, published")
    effective_from: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    published_at: Mapped[datetime | None]
    published_by: Mapped[str | None]
    revision: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - the declarative mapping's own form
    __table_args__ = (
        CheckConstraint("state in ('draft', 'published')", name="known_state"),
        CheckConstraint("(state = 'published') = (effective_from is not null)", name="published_is_effective"),
        Index(
            "uq_rule_set_effective_from", "effective_from", unique=True, postgresql_where=text("state = 'published'")
        ),
        {"info": {GRANTED_TO_UNITS: "select"}},
    )
