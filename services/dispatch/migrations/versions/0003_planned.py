"""A state for orders that sleep until the day of their plan."""

from alembic import op

revision = "dispatch_0003"
down_revision = "dispatch_0002"
branch_labels = None
depends_on = None

_BEFORE = (
    "triage", "consult", "assigned", "handling", "return_pending", "leader_review", "centre_review", "rework",
    "awaiting_feedback", "revisit", "closed", "cancelled",
)  # fmt: skip


def _allow(*states: str) -> None:
    op.drop_constraint(op.f("ck_order_case_status"), "order_case", type_="check")
    listed = ", ".join(f"'{state}'" for state in states)
    op.create_check_constraint(op.f("ck_order_case_status"), "order_case", f"status in ({listed})")


def upgrade() -> None:
    _allow(*_BEFORE, "planned")


def downgrade() -> None:
    op.execute("update order_case set status = 'handling' where status = 'planned'")
    _allow(*_BEFORE)
