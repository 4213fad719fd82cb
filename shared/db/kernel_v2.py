"""The table in which a service keeps the calendar that it follows, for its metadata and for its migration.

Only services that count working days and do not keep the calendar themselves have it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.db.engine import Moment


def add_followed_calendar(metadata: sa.MetaData) -> None:
    """Put the table beside a service's own."""
    sa.Table(
        "followed_calendar",
        metadata,
        sa.Column("single", sa.Boolean, primary_key=True, comment="always true: there is one row"),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("years", JSONB, nullable=False, comment="every year's arrangement, as the event carried them"),
        sa.Column("changed_at", Moment, nullable=False),
        sa.CheckConstraint("single", name="one_row"),
    )


def create() -> None:
    """Create followed_calendar; frozen like every migration."""
    op.create_table(
        "followed_calendar",
        sa.Column("single", sa.Boolean, nullable=False, comment="always true: there is one row"),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("years", JSONB, nullable=False, comment="every year's arrangement, as the event carried them"),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("single", name="pk_followed_calendar"),
        sa.CheckConstraint("single", name=op.f("ck_followed_calendar_one_row")),
    )


def drop() -> None:
    """Take it away again."""
    op.drop_table("followed_calendar")
