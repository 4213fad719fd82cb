"""Parked events by their id beside their place."""

from shared.db import kernel_v3

revision = "analytics_0002"
down_revision = "analytics_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kernel_v3.create()


def downgrade() -> None:
    kernel_v3.drop()
