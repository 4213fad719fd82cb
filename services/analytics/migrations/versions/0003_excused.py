"""A breach that was taken back, and whose deadline a breach was."""

import sqlalchemy as sa
from alembic import op

revision = "analytics_0003"
down_revision = "analytics_0002"
branch_labels = None
depends_on = None

_BEFORE = (
    "kind in ('received', 'assigned', 'returned', 'approved', 'rejected', 'fed_back', 'revisited',"
    " 'revisited_in_vain', 'closed', 'reopened', 'overdue', 'cancelled')"
)
_AFTER = (
    "kind in ('received', 'assigned', 'returned', 'approved', 'rejected', 'fed_back', 'revisited',"
    " 'revisited_in_vain', 'closed', 'reopened', 'overdue', 'excused', 'cancelled')"
)
_OLD = "ck_fact_ck_fact_known_kind"  # what 0001 called it
_NEW = "ck_fact_known_kind"


def upgrade() -> None:
    op.add_column("fact", sa.Column("clock", sa.Text, comment="whose deadline, for overdue and excused"))
    op.add_column("shadow_fact", sa.Column("clock", sa.Text))
    op.drop_constraint(op.f(_OLD), "fact")
    op.create_check_constraint(op.f(_NEW), "fact", _AFTER)


def downgrade() -> None:
    op.execute("delete from fact where kind = 'excused'")
    op.drop_constraint(op.f(_NEW), "fact")
    op.create_check_constraint(op.f(_OLD), "fact", _BEFORE)
    op.drop_column("shadow_fact", "clock")
    op.drop_column("fact", "clock")
