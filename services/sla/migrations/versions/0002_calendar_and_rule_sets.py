"""Versions of the calendar, recomputations, rule sets as data; the order's rule set; excused breaches."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "sla_0002"
down_revision = "sla_0001"
branch_labels = None
depends_on = None

_REFUSE_CHANGE = """
create function calendar_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'versions of the calendar are append-only';
end $$
"""
_ON_EVERY_CHANGE = """
create trigger {table}_append_only before update or delete or truncate on {table}
  for each statement execute function calendar_is_append_only()
"""


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "calendar_version",
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False, comment="statutory, import, edit"),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("document", sa.Text),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("first_day", sa.Date, comment="the first day that counts differently from the version before"),
        sa.Column("last_day", sa.Date),
        sa.PrimaryKeyConstraint("number", name="pk_calendar_version"),
        sa.UniqueConstraint("version", name="uq_calendar_version_version"),
        sa.CheckConstraint("source in ('statutory', 'import', 'edit')", name=op.f("ck_calendar_version_known_source")),
    )
    op.create_table(
        "calendar_year",
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("year", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("source_notice", sa.Text, nullable=False),
        sa.Column("off_days", JSONB, nullable=False, comment="day -> holiday"),
        sa.Column("make_up_days", JSONB, nullable=False, comment="day -> holiday"),
        sa.PrimaryKeyConstraint("number", "year", name="pk_calendar_year"),
        sa.ForeignKeyConstraint(
            ["number"], ["calendar_version.number"], name="fk_calendar_year_number_calendar_version"
        ),
    )
    op.create_table(
        "recomputation",
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("state", sa.Text, nullable=False, comment="open, done"),
        sa.Column(
            "expected",
            sa.BigInteger,
            nullable=False,
            comment="clocks whose span holds a changed day, counted at the start",
        ),
        sa.Column("seen", sa.BigInteger, nullable=False),
        sa.Column("moved", sa.BigInteger, nullable=False),
        sa.Column(
            "excused", sa.BigInteger, nullable=False, comment="breaches that the new calendar would not have told"
        ),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("started_at", moment),
        sa.Column("finished_at", moment),
        sa.PrimaryKeyConstraint("number", name="pk_recomputation"),
        sa.ForeignKeyConstraint(
            ["number"], ["calendar_version.number"], name="fk_recomputation_number_calendar_version"
        ),
        sa.CheckConstraint("state in ('open', 'done')", name=op.f("ck_recomputation_known_state")),
    )
    op.create_table(
        "rule_set",
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("based_on", sa.Text, nullable=False),
        sa.Column("numbers", JSONB, nullable=False, comment="every number by its name"),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, comment="draft, published"),
        sa.Column("effective_from", moment),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("published_at", moment),
        sa.Column("published_by", sa.Text),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_rule_set"),
        sa.CheckConstraint("state in ('draft', 'published')", name=op.f("ck_rule_set_known_state")),
        sa.CheckConstraint(
            "(state = 'published') = (effective_from is not null)", name=op.f("ck_rule_set_published_is_effective")
        ),
    )
    op.create_index(
        "uq_rule_set_effective_from",
        "rule_set",
        ["effective_from"],
        unique=True,
        postgresql_where=sa.text("state = 'published'"),
    )
    op.add_column(
        "clocked_order",
        sa.Column(
            "rules",
            sa.Text,
            nullable=False,
            server_default=sa.text("'circular-2022'"),
            comment="the rule set in force when the order was received (X3)",
        ),
    )
    op.add_column(
        "clock",
        sa.Column(
            "excused",
            sa.Boolean,
            nullable=False,
            server_default=sa.text("false"),
            comment="a later calendar says that the breach came before the due moment",
        ),
    )
    op.create_index(
        "ix_clock_calendar", "clock", ["calendar", "due_at", "id"], postgresql_where=sa.text("state = 'running'")
    )
    op.execute(_REFUSE_CHANGE)
    for table in ("calendar_version", "calendar_year"):
        op.execute(_ON_EVERY_CHANGE.format(table=table))


def downgrade() -> None:
    op.drop_index("ix_clock_calendar", "clock")
    op.drop_column("clock", "excused")
    op.drop_column("clocked_order", "rules")
    for table in ("rule_set", "recomputation", "calendar_year", "calendar_version"):
        op.drop_table(table)
    op.execute("drop function calendar_is_append_only()")
