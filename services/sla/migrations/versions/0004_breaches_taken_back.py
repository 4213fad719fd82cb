"""A change of a due moment keeps the breach that it took back; clocks that were excused run again."""

import sqlalchemy as sa
from alembic import op

revision = "sla_0004"
down_revision = "sla_0003"
branch_labels = None
depends_on = None

_BEFORE = "a later calendar says that the breach came before the due moment"
_AFTER = "a breach was taken back, because its due moment moved; a later one is a breach as any"


def upgrade() -> None:
    op.add_column(
        "clock_change",
        sa.Column(
            "excused_breach_at", sa.DateTime(timezone=True), comment="the breach that this change took back, if any"
        ),
    )
    _comment(_BEFORE, _AFTER)
    op.execute(
        """
with armed as (
  update clock c set breached_at = null, next_at = due_at, fired = jsonb_array_length(rungs)
  from (select id, breached_at from clock where state = 'running' and excused and next_at is null
    and breached_at is not null for update) before
  where c.id = before.id returning c.id, before.breached_at
)
update clock_change set excused_breach_at = armed.breached_at from armed
where clock_change.id = (
  select id from clock_change where clock_id = armed.id order by changed_at desc, id desc limit 1)
"""
    )


def downgrade() -> None:
    _comment(_AFTER, _BEFORE)
    op.drop_column("clock_change", "excused_breach_at")


def _comment(was: str, becomes: str) -> None:
    op.alter_column(
        "clock",
        "excused",
        existing_type=sa.Boolean,
        existing_nullable=False,
        existing_server_default=sa.text("false"),
        existing_comment=was,
        comment=becomes,
    )
