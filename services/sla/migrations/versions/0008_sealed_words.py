"""What people write about an order is sealed from here on: extensions, the words of a grant, clocks by hand.

The columns stay as they are and only say so: no key comes into a migration.  What lies in them in clear stays readable,
and the service seals it when it has started.  A replica of the release before goes on beside it: it writes none of what
is new here.  The way down leaves sealed what is sealed; only the new code opens it.
"""

import sqlalchemy as sa
from alembic import op

revision = "sla_0008"
down_revision = "sla_0007"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("extension", "citation", "sealed", None),
    ("extension", "explanation", "sealed", None),
    ("extension", "override_reason", "sealed", None),
    ("extension", "decision_reason", "sealed", None),
    ("clock", "note", "sealed: why an operator started it", "why an operator started it"),
)


def upgrade() -> None:
    for table, column, new, old in _COLUMNS:
        op.alter_column(table, column, comment=new, existing_comment=old)
    op.add_column("clock_change", sa.Column("words", sa.Text, comment="sealed: what a person added to the reason"))
    op.create_table(
        "clock_stop",
        sa.Column("clock_id", sa.Uuid, nullable=False),
        sa.Column("reason", sa.Text, nullable=False, comment="sealed: why an operator stopped it"),
        sa.ForeignKeyConstraint(["clock_id"], ["clock.id"], name="fk_clock_stop_clock_id_clock"),
        sa.PrimaryKeyConstraint("clock_id", name="pk_clock_stop"),
    )


def downgrade() -> None:
    op.drop_table("clock_stop")
    op.drop_column("clock_change", "words")
    for table, column, new, old in reversed(_COLUMNS):
        op.alter_column(table, column, comment=old, existing_comment=new)
