"""Up to where each person has read the news."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from services.dispatch.record import Record
from shared.db.logins import GRANTED_TO_UNITS


class NewsSeenRecord(Record):
    """One row a person."""

    __tablename__ = "news_seen"

    account: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(comment="of the last entry that was seen")
    seen_at: Mapped[datetime]

    __table_args__ = ({"info": {GRANTED_TO_UNITS: "select, insert, update"}},)
