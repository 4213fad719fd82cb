"""A first reply that came too late, beside the order that is overdue."""

from alembic import op

revision = "analytics_0004"
down_revision = "analytics_0003"
branch_labels = None
depends_on = None

_KINDS = (
    "'received', 'assigned', 'returned', 'approved', 'rejected', 'fed_back', 'revisited', 'revisited_in_vain',"
    " 'closed', 'reopened', 'overdue'{}, 'excused', 'cancelled'"
)
_MEASURES = (
    "'received', 'assigned', 'returned', 'closed', 'reopened', 'fed_back', 'overdue'{}, 'revisits',"
    " 'revisits_valid', 'excluded', 'solved', 'mostly_solved', 'unsolved', 'satisfied', 'mostly_satisfied',"
    " 'unsatisfied', 'first_passes', 'first_fails'"
)
_ADDED = ", 'first_reply_overdue'"
_OLD = "ck_figure_ck_figure_known_measure"  # what 0001 called it
_NEW = "ck_figure_known_measure"


def _known(kinds: str, measures: str, *, before: str, after: str) -> None:
    op.drop_constraint(op.f("ck_fact_known_kind"), "fact")
    op.create_check_constraint(op.f("ck_fact_known_kind"), "fact", f"kind in ({kinds})")
    op.drop_constraint(op.f(before), "figure")
    op.create_check_constraint(op.f(after), "figure", f"measure in ({measures})")


def upgrade() -> None:
    _known(_KINDS.format(_ADDED), _MEASURES.format(_ADDED), before=_OLD, after=_NEW)


def downgrade() -> None:
    op.execute("delete from fact where kind = 'first_reply_overdue'")
    op.execute("delete from figure where measure = 'first_reply_overdue'")
    _known(_KINDS.format(""), _MEASURES.format(""), before=_NEW, after=_OLD)
