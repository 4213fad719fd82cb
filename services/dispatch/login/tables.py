"""Who can log in, and the failed logins."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.dispatch.record import Record
from shared.db.logins import GRANTED_TO_UNITS


class AccountRecord(Record):
    """Somebody who can log in."""

    __tablename__ = "account"

    account: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    roles: Mapped[list[str]]
    unit: Mapped[str | None]
    password_hash: Mapped[str] = mapped_column(deferred=True, comment="argon2id")
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    __table_args__ = (
        Index("ix_account_unit", "unit", postgresql_where=text("active")),
        # Names are shown beside what people did. Their own password they set and never read: the handler has checked it.
        {
            "info": {
                GRANTED_TO_UNITS: "select (account, name, roles, unit, active, created_at, changed_at, version), "
                "update (password_hash, changed_at, version)"
            }
        },
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class LoginAttemptRecord(Record):
    """Failed logins in a row under one account name; also of unknown names, so that a lock does not show which accounts exist."""

    __tablename__ = "login_attempt"

    account: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]

    __table_args__ = (Index("ix_login_attempt_last_at", "last_at"),)
