"""Parked events by their id beside their place."""

from shared.db import kernel_v3

revision = "intake_0002"
down_revision = "intake_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kernel_v3.create()


def downgrade() -> None:
    kernel_v3.drop()
