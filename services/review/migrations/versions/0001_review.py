"""Orders, their caseworkers, and the rounds of their replies."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.db import kernel_v1

revision = "review_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    kernel_v1.create()
    kernel_v1.create_order_part()
    kernel_v1.create_confidential_order()
    op.create_table(
        "reviewed_order",
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("scheme", sa.String, nullable=False),
        sa.Column("received_at", moment, nullable=False),
        sa.Column("demand_changes", JSONB, nullable=False, comment="version, fields, at; the first first (S1.1.4c)"),
        sa.Column("cancelled_at", moment),
        sa.PrimaryKeyConstraint("order_id", name="pk_reviewed_order"),
        sa.CheckConstraint(
            "scheme in ('ordinary', 'enterprise_fast', 'national_report')", name=op.f("ck_reviewed_order_known_scheme")
        ),
    )
    op.create_table(
        "order_caseworker",
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("order_id", "account", name="pk_order_caseworker"),
    )
    op.create_table(
        "caller_contact",
        sa.Column("contact_id", sa.Text, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("turn", sa.BigInteger, nullable=False, comment="of the order: a turn's contacts count for its reply"),
        sa.Column("attempt", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("contacted_at", moment, nullable=False),
        sa.Column("sealed", sa.Text, nullable=False, comment="phone, person, content, as dispatch sealed them"),
        sa.PrimaryKeyConstraint("contact_id", name="pk_caller_contact"),
    )
    op.create_index("ix_caller_contact_order", "caller_contact", ["order_id", "turn", "attempt"])
    op.create_table(
        "reply_round",
        sa.Column("reply_id", sa.Text, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("round", sa.BigInteger, nullable=False),
        sa.Column(
            "redos",
            sa.BigInteger,
            nullable=False,
            comment="how often the order had been reopened when it was submitted",
        ),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("disposition", sa.String, nullable=False),
        sa.Column(
            "demand_version",
            sa.BigInteger,
            nullable=False,
            comment="of the order's content, as the unit answers it",
        ),
        sa.Column("reply", sa.Text, nullable=False, comment="sealed, as the unit submitted it"),
        sa.Column("findings", sa.Text, nullable=False, comment="sealed JSON of the pre-check: it quotes the reply"),
        sa.Column(
            "blocking",
            sa.BigInteger,
            nullable=False,
            comment="how many findings forbid an approval without a reason",
        ),
        sa.Column("findings_print", sa.Text, nullable=False, comment="keyed fingerprint of the reply's findings"),
        sa.Column("submitted_by", sa.Text, nullable=False),
        sa.Column("submitted_at", moment, nullable=False),
        sa.Column("leader_by", sa.Text),
        sa.Column("leader_name", sa.Text, comment="sealed: the feedback names who let the reply go"),
        sa.Column("leader_at", moment),
        sa.Column("centre_by", sa.Text),
        sa.Column("centre_at", moment),
        sa.Column(
            "taken_back_at",
            moment,
            comment="when the platform rejected it after its approval: the demand had changed (S1.1.4c)",
        ),
        sa.Column("opinion", sa.Text, comment="sealed: why it was rejected"),
        sa.Column("override_reason", sa.Text, comment="sealed: why it passed with blocking findings"),
        sa.Column("voided_at", moment),
        sa.Column("void_reason", sa.String, comment="cancelled, reassigned, reopened, superseded"),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("reply_id", name="pk_reply_round"),
        sa.CheckConstraint(
            "state in ('leader_review', 'centre_review', 'approved', 'rejected', 'leader_rejected', 'void')",
            name=op.f("ck_reply_round_known_state"),
        ),
        sa.CheckConstraint(
            "disposition in ('solved', 'out_of_scope', 'not_true', 'explanation', 'planned')",
            name=op.f("ck_reply_round_known_disposition"),
        ),
        sa.CheckConstraint(
            "state not in ('rejected', 'leader_rejected') or opinion is not null",
            name=op.f("ck_reply_round_opinion_given"),
        ),
        sa.CheckConstraint(
            "taken_back_at is null or state = 'rejected'", name=op.f("ck_reply_round_taken_back_is_rejected")
        ),
        sa.CheckConstraint(
            "(state = 'void') = (void_reason is not null)", name=op.f("ck_reply_round_void_has_a_reason")
        ),
    )
    op.create_index("ix_reply_round_order", "reply_round", ["order_id", "round"])
    op.create_index("ix_reply_round_state", "reply_round", ["state", "submitted_at", "reply_id"])
    op.create_index("ix_reply_round_unit", "reply_round", ["unit", "submitted_at", "reply_id"])
    op.create_index("ix_reply_round_submitted", "reply_round", ["submitted_at", "reply_id"])
    op.create_index(
        "uq_reply_round_open",
        "reply_round",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("state in ('leader_review', 'centre_review')"),
    )


def downgrade() -> None:
    for table in ("reply_round", "caller_contact", "order_caseworker", "reviewed_order"):
        op.drop_table(table)
    op.drop_table("confidential_order")
    op.drop_table("order_part")
    kernel_v1.drop()
