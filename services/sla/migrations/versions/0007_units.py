"""The units that people may name: filled by the events of dispatch from the first on, and read by nothing older."""

import sqlalchemy as sa
from alembic import op

revision = "sla_0007"
down_revision = "sla_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unit",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column(
            "version",
            sa.Integer,
            comment="dispatch's own count of the changes; null while a release told it that had none",
        ),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_unit"),
    )


def downgrade() -> None:
    op.drop_table("unit")
