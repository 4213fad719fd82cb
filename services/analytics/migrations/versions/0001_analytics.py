"""Facts, figures, units, rebuilds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from shared.db import kernel_v1

revision = "analytics_0001"
down_revision = None
branch_labels = None
depends_on = None

_KINDS = (
    "kind in ('received', 'assigned', 'returned', 'approved', 'rejected', 'not_sent', 'fed_back', 'revisited',"
    " 'revisit_invalid', 'closed', 'reopened', 'overdue', 'first_reply_overdue', 'excused', 'cancelled')"
)
_MEASURES = (
    "measure in ('received', 'assigned', 'returned', 'closed', 'reopened', 'fed_back', 'overdue', 'first_reply_overdue',"
    " 'revisits', 'revisits_valid', 'excluded', 'solved', 'mostly_solved', 'unsolved', 'satisfied', 'mostly_satisfied',"
    " 'unsatisfied', 'first_passes', 'first_fails')"
)


def _fact_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("event_id", UUID(as_uuid=True), nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unit", sa.Text),
        sa.Column("weight", sa.BigInteger, nullable=False),
        sa.Column("disposition", sa.Text),
        sa.Column("solved", sa.Text),
        sa.Column("satisfied", sa.Text),
    ]


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    kernel_v1.create()
    kernel_v1.create_followed_unit()
    op.create_table(
        "tracked_order",
        sa.Column("order_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("order_id", name="pk_tracked_order"),
    )
    op.create_table(
        "fact",
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), nullable=False),
        *_fact_columns(),
        sa.Column("clock", sa.Text, comment="whose deadline, for overdue and excused"),
        sa.Column("reply", sa.Text, comment="for approved, rejected and not_sent"),
        sa.PrimaryKeyConstraint("position", name="pk_fact"),
        sa.UniqueConstraint("event_id", name="uq_fact_event_id"),
        sa.CheckConstraint(_KINDS, name=op.f("ck_fact_known_kind")),
        sa.CheckConstraint("weight in (0, 1)", name=op.f("ck_fact_known_weight")),
    )
    op.create_index("ix_fact_order", "fact", ["order_id", "position"])
    op.create_table(
        "figure",
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("measure", sa.String, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("unit", "day", "measure", name="pk_figure"),
        sa.CheckConstraint(_MEASURES, name=op.f("ck_figure_known_measure")),
    )
    op.create_index("ix_figure_day", "figure", ["day"])
    op.create_table(
        "rebuild",
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("swap", sa.Boolean, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("finished_at", moment),
        sa.Column("facts", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column(
            "pending",
            sa.BigInteger,
            nullable=False,
            server_default=sa.text("0"),
            comment="events on the bus that had not been applied yet",
        ),
        sa.Column(
            "facts_missing",
            sa.BigInteger,
            nullable=False,
            server_default=sa.text("0"),
            comment="on the bus and not among the facts",
        ),
        sa.Column(
            "facts_surplus",
            sa.BigInteger,
            nullable=False,
            server_default=sa.text("0"),
            comment="among the facts and not on the bus",
        ),
        sa.Column("figures_different", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("differences", JSONB, nullable=False, server_default=sa.text("'[]'")),
        sa.PrimaryKeyConstraint("id", name="pk_rebuild"),
        sa.CheckConstraint("source in ('bus', 'facts')", name=op.f("ck_rebuild_known_source")),
        sa.CheckConstraint(
            "state in ('running', 'equal', 'different', 'swapped', 'failed')", name=op.f("ck_rebuild_known_state")
        ),
    )
    op.create_index("ix_rebuild_asked_at", "rebuild", ["asked_at", "id"])
    op.create_table(
        "shadow_fact",
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("rebuild_id", UUID(as_uuid=True), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        *_fact_columns(),
        sa.Column("clock", sa.Text),
        sa.Column("reply", sa.Text),
        sa.PrimaryKeyConstraint("position", name="pk_shadow_fact"),
        sa.ForeignKeyConstraint(["rebuild_id"], ["rebuild.id"], name="fk_shadow_fact_rebuild_id_rebuild"),
    )
    op.create_index("uq_shadow_fact_event", "shadow_fact", ["rebuild_id", "event_id"], unique=True)
    op.create_index("ix_shadow_fact_order", "shadow_fact", ["rebuild_id", "order_id", "position"])
    op.create_table(
        "shadow_figure",
        sa.Column("rebuild_id", UUID(as_uuid=True), nullable=False),
        sa.Column("side", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("measure", sa.String, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("rebuild_id", "side", "unit", "day", "measure", name="pk_shadow_figure"),
        sa.ForeignKeyConstraint(["rebuild_id"], ["rebuild.id"], name="fk_shadow_figure_rebuild_id_rebuild"),
        sa.CheckConstraint("side in ('running', 'rebuilt')", name=op.f("ck_shadow_figure_known_side")),
    )


def downgrade() -> None:
    for table in ("shadow_figure", "shadow_fact", "rebuild", "figure", "fact", "tracked_order"):
        op.drop_table(table)
    op.drop_table("followed_unit")
    kernel_v1.drop()
