"""An index of the steps of signature chains that have ended: every assignment with a chain asks how long they took."""

import sqlalchemy as sa
from alembic import op

revision = "sla_0006"
down_revision = "sla_0005"
branch_labels = None
depends_on = None

_STEPS = "kind in ('review_turnaround', 'chain_step') and state in ('met', 'late')"


def upgrade() -> None:
    op.create_index("ix_clock_steps", "clock", ["kind", "stopped_at"], postgresql_where=sa.text(_STEPS))


def downgrade() -> None:
    op.drop_index("ix_clock_steps", "clock")
