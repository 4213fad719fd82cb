"""The kernel's tables; orders, clocks and their changes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from shared.db import kernel_v1

revision = "sla_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    kernel_v1.create()
    op.create_table(
        "clocked_order",
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("scheme", sa.Text, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("received_at", moment, nullable=False),
        sa.Column("upstream_due_at", moment),
        sa.Column("unit", sa.Text, comment="the unit that has the order now"),
        sa.Column("returns", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("ended_at", moment),
        sa.Column(
            "cancelled",
            sa.Boolean,
            nullable=False,
            server_default=sa.text("false"),
            comment="nothing starts any more, also not by what was told before the news came",
        ),
        sa.Column("is_test", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.PrimaryKeyConstraint("order_id", name="pk_clocked_order"),
    )
    op.create_index("ix_clocked_order_unit", "clocked_order", ["unit"], postgresql_where=sa.text("ended_at is null"))
    op.create_table(
        "clock",
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("occasion", sa.Text, nullable=False, comment="what started it: receipt, assignment:2, promise:..."),
        sa.Column("unit", sa.Text, comment="who answers for it; null is the centre"),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("span", sa.Text, nullable=False, comment="workdays, hours, day, moment"),
        sa.Column("amount", sa.Integer, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False, comment="the local day that ends it"),
        sa.Column("original_due_at", moment, nullable=False),
        sa.Column(
            "provisional",
            sa.Boolean,
            nullable=False,
            comment="counted through a year whose arrangement is not published",
        ),
        sa.Column("lapse", sa.Text, nullable=False, comment="what passing means: breach, close"),
        sa.Column("clause", sa.Text, nullable=False),
        sa.Column("rules", sa.Text, nullable=False),
        sa.Column("calendar", sa.Text, nullable=False),
        sa.Column("rungs", JSONB, nullable=False, comment="warnings: name and at, in order"),
        sa.Column(
            "fired", sa.Integer, nullable=False, server_default=sa.text("0"), comment="how many rungs have fired"
        ),
        sa.Column("next_at", moment),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("breached_at", moment),
        sa.Column("stopped_at", moment),
        sa.PrimaryKeyConstraint("id", name="pk_clock"),
        sa.ForeignKeyConstraint(["order_id"], ["clocked_order.order_id"], name="fk_clock_order_id_clocked_order"),
        sa.UniqueConstraint("order_id", "kind", "occasion", name="uq_clock_occasion"),
        sa.CheckConstraint("due_at > started_at", name=op.f("ck_clock_due_after_start")),
        sa.CheckConstraint("state in ('running', 'met', 'late', 'void')", name=op.f("ck_clock_known_state")),
        sa.CheckConstraint("span in ('workdays', 'hours', 'day', 'moment')", name=op.f("ck_clock_known_span")),
        sa.CheckConstraint("lapse in ('breach', 'close')", name=op.f("ck_clock_known_lapse")),
        sa.CheckConstraint("state = 'running' or next_at is null", name=op.f("ck_clock_only_running_fire")),
    )
    op.create_index("ix_clock_next", "clock", ["next_at", "id"], postgresql_where=sa.text("next_at is not null"))
    op.create_index("ix_clock_due", "clock", ["due_at", "id"])
    breached = sa.text("breached_at is not null")
    op.create_index("ix_clock_breached", "clock", ["breached_at", "id"], postgresql_where=breached)
    op.create_index("ix_clock_unit", "clock", ["unit", "due_at", "id"])
    op.create_table(
        "clock_change",
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("clock_id", UUID(as_uuid=True), nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("was_due_at", moment, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("calendar", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clock_change"),
        sa.ForeignKeyConstraint(["clock_id"], ["clock.id"], name="fk_clock_change_clock_id_clock"),
    )
    op.create_index("ix_clock_change_clock_id", "clock_change", ["clock_id", "changed_at"])


def downgrade() -> None:
    op.drop_table("clock_change")
    op.drop_table("clock")
    op.drop_table("clocked_order")
    kernel_v1.drop()
