"""The units that people may name, as dispatch publishes them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer
from sqlalchemy.orm import Mapped, mapped_column

from services.sla.record import Record


class UnitRecord(Record):
    """A unit as its last event described it.

    No foreign key leads here: a clock is started by what happened, also for a unit that this table does not have (yet).
    """

    __tablename__ = "unit"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    active: Mapped[bool]
    version: Mapped[int | None] = mapped_column(
        Integer, comment="dispatch's own count of the changes, where it told one"
    )
    changed_at: Mapped[datetime]
