"""Parked events by their id beside their place."""

from shared.db import kernel_v3

revision = "dispatch_0004"
down_revision = "dispatch_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kernel_v3.create()


def downgrade() -> None:
    kernel_v3.drop()
