"""The units."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.dispatch.record import Record, one_of
from shared.db.logins import GRANTED_TO_UNITS


class UnitRecord(Record):
    """A unit with its duties and its responsible people (S4.1a); the caseworkers are accounts."""

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

    __table_args__ = (
        CheckConstraint(one_of('"group"', "department", "street"), name="group"),
        {"info": {GRANTED_TO_UNITS: "select"}},
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
