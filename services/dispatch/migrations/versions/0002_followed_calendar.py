"""The calendar that sla keeps: the return window is counted by it."""

from shared.db import kernel_v2

revision = "dispatch_0002"
down_revision = "dispatch_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kernel_v2.create()


def downgrade() -> None:
    kernel_v2.drop()
