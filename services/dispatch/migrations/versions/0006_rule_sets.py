"""The published rule sets, as far as dispatch decides by them: filled by the events of sla, and read by nothing older."""

import sqlalchemy as sa
from alembic import op

revision = "dispatch_0006"
down_revision = "dispatch_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_set",
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("return_window", sa.BigInteger, nullable=False, comment="working days, S2.2.1f"),
        sa.Column("plan", sa.BigInteger, nullable=False, comment="calendar days, S2.2.2e"),
        sa.Column("returns_to_panel", sa.BigInteger, nullable=False, comment="accepted returns, S3.1h"),
        sa.PrimaryKeyConstraint("version", name="pk_rule_set"),
    )


def downgrade() -> None:
    op.drop_table("rule_set")
