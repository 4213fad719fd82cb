"""The words of assignments and returns are sealed from here on.

The columns stay as they are and only say so: no key comes into a migration.  What lies in them in clear stays readable,
and the service seals it when it has started.  The way down leaves sealed what is sealed; only the new code opens it.
"""

from alembic import op

revision = "dispatch_0005"
down_revision = "dispatch_0004"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("assignment", "grounds", "sealed", None),
    ("assignment", "decision", "sealed: the panel's, S3.1h", "the panel's, S3.1h"),
    ("assignment", "reason", "sealed: of a reassignment, S2.2.1h", "of a reassignment, S2.2.1h"),
    ("return_request", "reason", "sealed", None),
    ("return_request", "policy_basis", "sealed", None),
    ("return_request", "decision_reason", "sealed", None),
)


def upgrade() -> None:
    for table, column, new, old in _COLUMNS:
        op.alter_column(table, column, comment=new, existing_comment=old)


def downgrade() -> None:
    for table, column, new, old in _COLUMNS:
        op.alter_column(table, column, comment=old, existing_comment=new)
