"""Parked events by their id beside their place."""

from shared.db import kernel_v3

revision = "sla_0005"
down_revision = "sla_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kernel_v3.create()


def downgrade() -> None:
    kernel_v3.drop()
