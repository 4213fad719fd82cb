"""The sessions of browsers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.dispatch.record import Record
from services.dispatch.sessions.model import EndedBy
from shared.db.logins import GRANTED_TO_UNITS


class BrowserSessionRecord(Record):
    """A browser in which somebody signed in.  What the browser proves itself with is kept as a hash only."""

    __tablename__ = "browser_session"

    session_id: Mapped[str] = mapped_column(primary_key=True, comment="names it in lists and in tokens; opens nothing")
    secret_print: Mapped[str] = mapped_column(deferred=True, comment="keyed hash of the cookie")
    account: Mapped[str]
    browser: Mapped[str] = mapped_column(comment="name, version and system")
    began_at: Mapped[datetime]
    used_at: Mapped[datetime] = mapped_column(comment="of the last token")
    ended_at: Mapped[datetime | None] = mapped_column(comment="null when time alone ended it")
    ended_by: Mapped[EndedBy | None]

    __table_args__ = (
        Index("uq_browser_session_secret_print", "secret_print", unique=True),
        Index("ix_browser_session_account", "account", postgresql_where=text("ended_at is null")),
        Index("ix_browser_session_began_at", "began_at"),
        # Whoever works for a unit sees and ends sessions; the queries name their own account.  Nothing of it opens one.
        {
            "info": {
                GRANTED_TO_UNITS: "select (session_id, account, browser, began_at, used_at, ended_at, ended_by), "
                "update (ended_at, ended_by)"
            }
        },
    )
