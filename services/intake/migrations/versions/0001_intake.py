"""Intake's tables, beside the kernel's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.db import kernel_v1

revision = "intake_0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
UUID = sa.UUID(as_uuid=False)


def upgrade() -> None:
    kernel_v1.create()
    kernel_v1.create_order_part()
    kernel_v1.create_followed_unit()
    op.create_table(
        "caller",
        sa.Column("order_id", UUID, nullable=False),
        sa.Column("name", sa.Text, nullable=True),
        sa.Column("phone", sa.Text, nullable=True),
        sa.Column("contact_phone", sa.Text, nullable=True),
        sa.Column("id_number", sa.Text, nullable=True),
        sa.Column("email", sa.Text, nullable=True),
        sa.Column("address", sa.Text, nullable=True),
        sa.Column("private", sa.Text, nullable=True, comment="JSON of the other fields that may name a person"),
        sa.Column(
            "prints",
            ARRAY(sa.BigInteger),
            nullable=False,
            comment="keyed hashes of the pairs of the title and of the telephone numbers, for searches",
        ),
        sa.Column(
            "known_by",
            sa.Text,
            nullable=True,
            comment="sealed JSON: the words by which the caller is known, of all versions; null while there is one version",
        ),
        sa.PrimaryKeyConstraint("order_id", name="pk_caller"),
    )
    op.create_index("ix_caller_prints", "caller", ["prints"], postgresql_using="gin")
    op.create_table(
        "order_version",
        sa.Column("order_id", UUID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("changed", JSONB, nullable=False, comment="fields that differ from the version before"),
        sa.Column("demand", sa.Text, nullable=False, comment="sealed JSON: title, content"),
        sa.Column("details", JSONB, nullable=False, comment="fields that name nobody"),
        sa.PrimaryKeyConstraint("order_id", "version", name="pk_order_version"),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", UUID, nullable=False),
        sa.Column("channel", sa.Text, nullable=False, comment="as the address named it, known or not"),
        sa.Column("kind", sa.Text, nullable=False, comment="orders, cancellations, urges, revisits, redos"),
        sa.Column("signed_by", sa.Text, nullable=True, comment="the channel whose key signed it; empty when none did"),
        sa.Column("source", sa.Text, nullable=False, comment="network address of the sender"),
        sa.Column("webhook_id", sa.Text, nullable=True),
        sa.Column(
            "number_print",
            sa.Text,
            nullable=True,
            comment="keyed hash of platform and number, of a signed order whose number can be read",
        ),
        sa.Column(
            "platform_revision",
            sa.BigInteger(),
            nullable=True,
            comment="the platform's number of its revision, where the order's number and this can be read",
        ),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("faults", JSONB, nullable=False, comment="field, code, message; never the value"),
        sa.Column(
            "cause",
            sa.Text,
            nullable=False,
            comment="reason, and code and field of each fault: what is released together",
        ),
        sa.Column(
            "tries",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="releases of its group that it did not pass",
        ),
        sa.Column("body", sa.Text, nullable=False, comment="sealed base64 of the exact bytes, which may name a person"),
        sa.Column("size", sa.Integer, nullable=False, comment="bytes"),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("state", sa.String, server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("decided_by", sa.Text, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("why", sa.Text, nullable=True),
        sa.Column("order_id", UUID, nullable=True, comment="what its release led to, or what overtook it"),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("kind in ('orders', 'cancellations', 'urges', 'revisits', 'redos')", name="known_kind"),
        sa.CheckConstraint("state in ('waiting', 'released', 'dropped', 'overtaken')", name="known_state"),
        sa.PrimaryKeyConstraint("id", name="pk_quarantine"),
    )
    op.create_index("ix_quarantine_listing", "quarantine", ["state", "received_at", "id"], unique=False)
    op.create_index(
        "ix_quarantine_cause",
        "quarantine",
        ["channel", "kind", "cause", "tries", "received_at"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_quarantine_number",
        "quarantine",
        ["number_print"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting' and number_print is not null"),
    )
    op.create_index(
        "ix_quarantine_source",
        "quarantine",
        ["source"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting' and signed_by is null"),
    )
    op.create_table(
        "receipt",
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("webhook_id", sa.Text, nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the body"),
        sa.Column("status", sa.SmallInteger(), nullable=False, comment="of the answer"),
        sa.Column("order_id", UUID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("quarantine_id", UUID, nullable=True),
        sa.Column("not_applied", sa.Text, nullable=True, comment="why nothing was done: older_revision"),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("channel", "webhook_id", name="pk_receipt"),
    )
    op.create_table(
        "unknown_fields",
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("webhook_id", sa.Text, nullable=False),
        sa.Column("order_id", UUID, nullable=False),
        sa.Column("kind", sa.Text, nullable=False, comment="orders, cancellations, urges, revisits, redos"),
        sa.Column("fields", sa.Text, nullable=False, comment="sealed JSON: the platform's name -> text"),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("channel", "webhook_id", name="pk_unknown_fields"),
    )
    op.create_index("ix_unknown_fields_order", "unknown_fields", ["order_id", "received_at"], unique=False)
    op.create_table(
        "reveal",
        sa.Column("id", UUID, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("order_id", UUID, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reveal"),
    )
    op.create_index("ix_reveal_account", "reveal", ["account", "at"], unique=False)
    op.create_table(
        "upstream_order",
        sa.Column("order_id", UUID, nullable=False),
        sa.Column("platform", sa.Text, nullable=False, comment="channel code"),
        sa.Column("platform_no", sa.Text, nullable=False, comment="the platform's own number"),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("scheme", sa.Text, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="of the content; 1 is the first"),
        sa.Column(
            "platform_revision",
            sa.BigInteger(),
            nullable=True,
            comment="the highest revision number that the platform sent; null where it numbers none",
        ),
        sa.Column(
            "fingerprint", sa.Text, nullable=False, comment="keyed hash of the whole content: the same or changed?"
        ),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("street", sa.Text, nullable=True),
        sa.Column("urgent", JSONB, nullable=False),
        sa.Column(
            "queue",
            sa.Integer(),
            sa.Computed(
                "case when jsonb_exists(urgent, 'safety'::text) then 0 when jsonb_exists(urgent, 'livelihood'::text) then 1 "
                "when jsonb_exists(urgent, 'policy'::text) then 2 else 3 end",
                persisted=True,
            ),
            nullable=False,
            comment="0 safety, 1 livelihood, 2 policy, 3 ordinary (S1.3.1b)",
        ),
        sa.Column("out_of_scope", sa.Text, nullable=True),
        sa.Column(
            "flagged_by",
            sa.Text,
            server_default=sa.text("'rules'"),
            nullable=False,
            comment="rules, or the account that overruled",
        ),
        sa.Column("urgent_found", JSONB, nullable=False, comment="what the rules find in the present version"),
        sa.Column(
            "flags_version",
            sa.Integer(),
            server_default=sa.text("1"),
            nullable=False,
            comment="of urgent and out_of_scope; 1 is what the rules found at the receipt",
        ),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column(
            "received_at",
            MOMENT,
            nullable=False,
            comment="when its bytes first arrived, also those that still wait in quarantine (A04)",
        ),
        sa.Column(
            "released_at",
            MOMENT,
            nullable=True,
            comment="when it came out of quarantine: a person released it, or its platform sent it anew; null where it was understood at once",
        ),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("upstream_due_at", MOMENT, nullable=True),
        sa.Column("state", sa.String, server_default=sa.text("'received'"), nullable=False),
        sa.Column("holder_unit", sa.Text, nullable=True, comment="the unit that has the order now"),
        sa.Column(
            "redos", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="how often it was reopened"
        ),
        sa.Column("urges", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("revisits", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "revision", sa.Integer(), server_default=sa.text("1"), nullable=False, comment="of the row, for If-Match"
        ),
        sa.CheckConstraint("level in ('national', 'provincial', 'municipal')", name="known_level"),
        sa.CheckConstraint("scheme in ('ordinary', 'enterprise_fast', 'national_report')", name="known_scheme"),
        sa.CheckConstraint(
            "state in ('received', 'assigned', 'approved', 'fed_back', 'closed', 'cancelled')", name="known_state"
        ),
        sa.CheckConstraint("subject in ('person', 'enterprise')", name="known_subject"),
        sa.PrimaryKeyConstraint("order_id", name="pk_upstream_order"),
    )
    op.create_index(
        "ix_upstream_order_holder",
        "upstream_order",
        ["holder_unit", "received_at", "order_id"],
        unique=False,
        postgresql_where=sa.text("holder_unit is not null"),
    )
    op.create_index(
        "ix_upstream_order_queue",
        "upstream_order",
        ["queue", "received_at", "order_id"],
        postgresql_where=sa.text("state not in ('closed', 'cancelled')"),
    )
    op.create_index("ix_upstream_order_received", "upstream_order", ["received_at", "order_id"], unique=False)
    op.create_index("uq_upstream_order_number", "upstream_order", ["platform", "platform_no"], unique=True)
    op.create_table(
        "delivery",
        sa.Column("id", UUID, nullable=False, comment="webhook-id of all its attempts"),
        sa.Column("order_id", UUID, nullable=False),
        sa.Column("reply_id", sa.Text, nullable=False),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("redos", sa.Integer(), nullable=False, comment="the cycle that it answers"),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("disposition", sa.String, nullable=False),
        sa.Column("demand_version", sa.Integer(), nullable=False, comment="of the content that the reply answers"),
        sa.Column("reply", sa.Text, nullable=False, comment="sealed, as it came with the approval"),
        sa.Column("leader_name", sa.Text, nullable=False, comment="sealed: the unit's leader who let the reply go"),
        sa.Column("leader_at", MOMENT, nullable=False),
        sa.Column(
            "approved_at",
            MOMENT,
            nullable=False,
            comment="by the centre: no notice of before is about this reply",
        ),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("state", sa.String, server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "scheduled",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="attempts of the present schedule",
        ),
        sa.Column("next_at", MOMENT, nullable=True),
        sa.Column("lease", UUID, nullable=True, comment="the attempt that is alive"),
        sa.Column("leased_until", MOMENT, nullable=True, comment="by the database's own clock"),
        sa.Column("acked_at", MOMENT, nullable=True),
        sa.Column(
            "acked_by", sa.String, nullable=True, comment="answer, or the notice that proves that the platform has it"
        ),
        sa.CheckConstraint("(acked_at is null) = (acked_by is null)", name="acked_has_a_cause"),
        sa.CheckConstraint("(state = 'sending') = (lease is not null)", name="sending_is_leased"),
        sa.CheckConstraint("state <> 'waiting' or next_at is not null", name="waiting_is_scheduled"),
        sa.CheckConstraint("state in ('waiting', 'sending', 'acked', 'failed', 'cancelled')", name="known_state"),
        sa.ForeignKeyConstraint(["order_id"], ["upstream_order.order_id"], name="fk_delivery_order_id_upstream_order"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint("reply_id", name="uq_delivery_reply_id"),
    )
    op.create_index("ix_delivery_listing", "delivery", ["state", "created_at", "id"], unique=False)
    op.create_index(
        "ix_delivery_next",
        "delivery",
        ["next_at", "id"],
        unique=False,
        postgresql_where=sa.text("state in ('waiting', 'sending')"),
    )
    op.create_index("ix_delivery_order", "delivery", ["order_id", "id"], unique=False)
    op.create_table(
        "revisit",
        sa.Column("order_id", UUID, nullable=False),
        sa.Column("revisit", sa.Integer(), nullable=False),
        sa.Column("redos", sa.Integer(), nullable=False, comment="the cycle of the reply that it is about"),
        sa.Column("valid", sa.Boolean(), nullable=False),
        sa.Column("solved", sa.Text, nullable=True),
        sa.Column("satisfied", sa.Text, nullable=True),
        sa.Column("opinion", sa.Text, nullable=True, comment="sealed"),
        sa.Column("revisited_at", MOMENT, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.CheckConstraint("valid = (solved is not null and satisfied is not null)", name="valid_is_answered"),
        sa.ForeignKeyConstraint(["order_id"], ["upstream_order.order_id"], name="fk_revisit_order_id_upstream_order"),
        sa.PrimaryKeyConstraint("order_id", "revisit", name="pk_revisit"),
    )
    op.create_table(
        "told_notice",
        sa.Column("order_id", UUID, nullable=False),
        sa.Column("kind", sa.Text, nullable=False, comment="cancellations, urges, revisits, redos"),
        sa.Column("happened_at", MOMENT, nullable=False, comment="its own moment, as the platform wrote it"),
        sa.Column("content", sa.Text, nullable=False, comment="keyed hash of what it says"),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["upstream_order.order_id"], name="fk_told_notice_order_id_upstream_order"
        ),
        sa.PrimaryKeyConstraint("order_id", "kind", "happened_at", "content", name="pk_told_notice"),
    )
    op.create_table(
        "delivery_attempt",
        sa.Column("id", UUID, nullable=False),
        sa.Column("delivery_id", UUID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=True, comment="HTTP status of the answer"),
        sa.Column("outcome", sa.Text, nullable=True, comment="acked, or a fixed word for what went wrong"),
        sa.Column("reason", sa.Text, nullable=True, comment="why an answer with 2xx is no acknowledgement"),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name="fk_delivery_attempt_delivery_id_delivery"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery_attempt"),
    )
    op.create_index("uq_delivery_attempt_number", "delivery_attempt", ["delivery_id", "number"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_delivery_attempt_number", table_name="delivery_attempt")
    op.drop_table("delivery_attempt")
    op.drop_table("told_notice")
    op.drop_table("revisit")
    op.drop_index("ix_delivery_order", table_name="delivery")
    op.drop_index(
        "ix_delivery_next", table_name="delivery", postgresql_where=sa.text("state in ('waiting', 'sending')")
    )
    op.drop_index("ix_delivery_listing", table_name="delivery")
    op.drop_table("delivery")
    op.drop_index("uq_upstream_order_number", table_name="upstream_order")
    op.drop_index("ix_upstream_order_received", table_name="upstream_order")
    op.drop_index(
        "ix_upstream_order_holder", table_name="upstream_order", postgresql_where=sa.text("holder_unit is not null")
    )
    op.drop_table("upstream_order")
    op.drop_index("ix_reveal_account", table_name="reveal")
    op.drop_table("reveal")
    op.drop_index("ix_unknown_fields_order", table_name="unknown_fields")
    op.drop_table("unknown_fields")
    op.drop_table("receipt")
    op.drop_index(
        "ix_quarantine_source",
        table_name="quarantine",
        postgresql_where=sa.text("state = 'waiting' and signed_by is null"),
    )
    op.drop_index(
        "ix_quarantine_number",
        table_name="quarantine",
        postgresql_where=sa.text("state = 'waiting' and number_print is not null"),
    )
    op.drop_index("ix_quarantine_cause", table_name="quarantine", postgresql_where=sa.text("state = 'waiting'"))
    op.drop_index("ix_quarantine_listing", table_name="quarantine")
    op.drop_table("quarantine")
    op.drop_table("order_version")
    op.drop_index("ix_caller_prints", table_name="caller")
    op.drop_table("caller")
    op.drop_table("followed_unit")
    op.drop_table("order_part")
    kernel_v1.drop()
