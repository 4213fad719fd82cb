"""The tables of the kernel and of dispatch: accounts, units, rule sets, orders and what belongs to an order."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.db import kernel_v1

revision = "dispatch_0001"
down_revision = None
branch_labels = None
depends_on = None

# An entry may arrive before its order, so that no foreign key can delete it with the order.
_FORGET = """
create function forget_timelines() returns trigger language plpgsql as $$
begin
  delete from timeline_entry t using gone where t.order_id = gone.order_id;
  return null;
end $$
"""
_ON_DELETE = """
create trigger order_case_forgets_timelines after delete on order_case
  referencing old table as gone for each statement execute function forget_timelines()
"""


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    kernel_v1.create()
    kernel_v1.create_followed_calendar()
    kernel_v1.create_followed_rule_set()
    kernel_v1.create_order_part()
    kernel_v1.create_confidential_order()
    op.create_table(
        "account",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("roles", JSONB, nullable=False),
        sa.Column("unit", sa.Text),
        sa.Column("password_hash", sa.Text, nullable=False, comment="argon2id"),
        sa.Column("active", sa.Boolean, nullable=False, server_default=sa.text("true")),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_account"),
    )
    op.create_index("ix_account_unit", "account", ["unit"], postgresql_where=sa.text("active"))
    op.create_table(
        "browser_session",
        sa.Column("session_id", sa.Text, nullable=False, comment="names it in lists and in tokens; opens nothing"),
        sa.Column("secret_print", sa.Text, nullable=False, comment="keyed hash of the cookie"),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("browser", sa.Text, nullable=False, comment="name, version and system"),
        sa.Column("began_at", moment, nullable=False),
        sa.Column("used_at", moment, nullable=False, comment="of the last token"),
        sa.Column("ended_at", moment, comment="null when time alone ended it"),
        sa.Column("ended_by", sa.String),
        sa.PrimaryKeyConstraint("session_id", name="pk_browser_session"),
    )
    op.create_index("uq_browser_session_secret_print", "browser_session", ["secret_print"], unique=True)
    op.create_index(
        "ix_browser_session_account", "browser_session", ["account"], postgresql_where=sa.text("ended_at is null")
    )
    op.create_index("ix_browser_session_began_at", "browser_session", ["began_at"])
    op.create_table(
        "experience",
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("solved", sa.BigInteger, nullable=False),
        sa.Column("last_order_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("category", "unit", name="pk_experience"),
    )
    op.create_table(
        "login_attempt",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("failures", sa.BigInteger, nullable=False),
        sa.Column("last_at", moment, nullable=False),
        sa.Column("locked_until", moment),
        sa.PrimaryKeyConstraint("account", name="pk_login_attempt"),
    )
    op.create_index("ix_login_attempt_last_at", "login_attempt", ["last_at"])
    op.create_table(
        "order_case",
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("platform_no", sa.Text, nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("scheme", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("urgent", JSONB, nullable=False),
        sa.Column(
            "queue",
            sa.BigInteger,
            nullable=False,
            comment="0 safety, 1 livelihood, 2 policy, 3 ordinary: the most urgent orders come first (S1.3.1b)",
        ),
        sa.Column("out_of_scope", sa.Text),
        sa.Column(
            "flags_version",
            sa.BigInteger,
            nullable=False,
            comment="of urgent and out_of_scope, as intake counts their changes",
        ),
        sa.Column(
            "urgent_found", JSONB, nullable=False, comment="what the words of the latest version suggest (S1.3.1a)"
        ),
        sa.Column("street", sa.Text),
        sa.Column("confidential", sa.Boolean, nullable=False),
        sa.Column("demand", sa.Text, nullable=False, comment="sealed: title, content"),
        sa.Column("demand_version", sa.BigInteger, nullable=False),
        sa.Column(
            "demand_changes",
            JSONB,
            nullable=False,
            comment="version, fields, at, since the assignment or the last reply: the unit has not answered them",
        ),
        sa.Column("changed_at", moment, comment="when the upstream last changed the order"),
        sa.Column(
            "pressing_at",
            moment,
            nullable=False,
            server_default=sa.text("'9999-12-31 00:00:00+00'"),
            comment="when the running clock is due that is due first; the end of 9999 while none runs (S1.3.1b)",
        ),
        sa.Column("pressing_kind", sa.Text),
        sa.Column("pressing_clock", sa.Text),
        sa.Column("pressing_provisional", sa.Boolean),
        sa.Column("recommended", JSONB, nullable=False, comment="unit codes, best first (S2.1c)"),
        sa.Column("received_at", moment, nullable=False),
        sa.Column("upstream_due_at", moment),
        sa.Column("is_test", sa.Boolean, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("unit", sa.Text, comment="who has the order now; null is the centre"),
        sa.Column("first_unit", sa.Text, comment="immutable once set (S3.1a)"),
        sa.Column(
            "assignment",
            sa.BigInteger,
            nullable=False,
            comment="number of the current or last assignment; 0 before the first",
        ),
        sa.Column("assigned_at", moment),
        sa.Column("first_assigned_at", moment),
        sa.Column("accepted_at", moment),
        sa.Column("no_return", sa.Boolean, nullable=False),
        sa.Column(
            "return_rejected",
            sa.Boolean,
            nullable=False,
            comment="the centre left it with its present unit, which had asked (S3.1d)",
        ),
        sa.Column("returned_by", JSONB, nullable=False, comment="units that have asked to return it (A20)"),
        sa.Column(
            "answered_by", JSONB, nullable=False, comment="units whose leader has released a reply to it (S3.1b)"
        ),
        sa.Column(
            "turn",
            sa.BigInteger,
            nullable=False,
            comment="an assignment, a redo and an approved plan begin one; 0 before the first",
        ),
        sa.Column("turn_at", moment, comment="when this turn began: earlier contacts do not count for it"),
        sa.Column("returns", sa.BigInteger, nullable=False, comment="accepted returns (S3.1h)"),
        sa.Column(
            "attempts",
            sa.BigInteger,
            nullable=False,
            comment="contacts in this turn",
        ),
        sa.Column("failed_attempts", sa.BigInteger, nullable=False),
        sa.Column("counted_contacts", sa.BigInteger, nullable=False),
        sa.Column("promised_at", moment, comment="the next contact that was promised (S2.2.1d)"),
        sa.Column("round", sa.BigInteger, nullable=False, comment="replies submitted so far"),
        sa.Column("reply_id", sa.Text, comment="the reply that counts now"),
        sa.Column("disposition", sa.Text),
        sa.Column("redos", sa.BigInteger, nullable=False),
        sa.Column("fed_back_at", moment, comment="when the upstream had the first reply of this cycle"),
        sa.Column("revisits", sa.BigInteger, nullable=False, comment="number of the last revisit"),
        sa.Column(
            "failed_revisit_days", JSONB, nullable=False, comment="days on which the upstream reached nobody (A32)"
        ),
        sa.Column("urges", sa.BigInteger, nullable=False),
        sa.Column("urged_at", moment),
        sa.Column("ended_at", moment),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.CheckConstraint(
            "returns >= 0 and redos >= 0 and round >= 0 and assignment >= 0", name=op.f("ck_order_case_counters")
        ),
        sa.CheckConstraint("queue between 0 and 3", name=op.f("ck_order_case_queue")),
        sa.CheckConstraint(
            "status in ('triage', 'consult', 'assigned', 'handling', 'return_pending', 'leader_review', 'centre_review', 'rework', 'awaiting_feedback', 'planned', 'revisit', 'closed', 'cancelled')",
            name=op.f("ck_order_case_status"),
        ),
        sa.PrimaryKeyConstraint("order_id", name="pk_order_case"),
    )
    op.create_index(
        "ix_order_case_queue",
        "order_case",
        ["queue", "received_at", "order_id"],
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_index("ix_order_case_status", "order_case", ["status", "queue", "received_at", "order_id"])
    op.create_index("ix_order_case_unit", "order_case", ["unit", "queue", "received_at", "order_id"])
    op.create_index(
        "ix_order_case_unit_open",
        "order_case",
        ["unit", "queue", "received_at", "order_id"],
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_index(
        "ix_order_case_pressing",
        "order_case",
        ["queue", "pressing_at", "received_at", "order_id"],
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_index(
        "ix_order_case_unit_pressing",
        "order_case",
        ["unit", "queue", "pressing_at", "received_at", "order_id"],
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_table(
        "order_clocks",
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column(
            "clocks",
            JSONB,
            nullable=False,
            comment="by the clock's id: kind, due_at, provisional, running, told_at; ended ones too",
        ),
        sa.PrimaryKeyConstraint("order_id", name="pk_order_clocks"),
    )
    op.create_table(
        "unit",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("group", sa.Text, nullable=False, comment="department, street"),
        sa.Column("duties", JSONB, nullable=False, comment="text, kind, keywords, streets"),
        sa.Column("first_responsible", sa.Text, nullable=False, comment="第一责任人"),
        sa.Column("deputy", sa.Text, nullable=False, comment="分管领导"),
        sa.Column("office", sa.Text, nullable=False, comment="责任科室"),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.CheckConstraint("\"group\" in ('department', 'street')", name=op.f("ck_unit_group")),
        sa.PrimaryKeyConstraint("code", name="pk_unit"),
    )
    op.create_table(
        "draft",
        sa.Column("account", sa.Text, nullable=False, comment="whose; nobody else reads it"),
        sa.Column("unit", sa.Text, nullable=False, comment="for which unit the person works; empty for none"),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False, comment="sealed"),
        sa.Column(
            "version", sa.BigInteger, nullable=False, comment="the moment of the change in milliseconds, or more"
        ),
        sa.Column("changed_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order_case.order_id"], name="fk_draft_order_id_order_case"),
        sa.PrimaryKeyConstraint("account", "unit", "order_id", "form", name="pk_draft"),
    )
    op.create_index("ix_draft_changed_at", "draft", ["changed_at"])
    op.create_table(
        "assignment",
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("grounds", sa.Text, nullable=False, comment="sealed"),
        sa.Column("recommended", JSONB, nullable=False, comment="what was recommended then"),
        sa.Column(
            "followed", sa.Boolean, nullable=False, comment="whether the first recommended unit was taken (S2.1c)"
        ),
        sa.Column("decision", sa.Text, comment="sealed: the panel's decision, S3.1h"),
        sa.Column("reason", sa.Text, comment="sealed: why it was reassigned, S2.2.1h"),
        sa.Column("no_return", sa.Boolean, nullable=False),
        sa.Column("determined_at", moment, nullable=False),
        sa.Column("assigned_at", moment, nullable=False),
        sa.Column("assigned_by", sa.Text, nullable=False),
        sa.CheckConstraint("basis in ('duty', 'territory', 'industry')", name=op.f("ck_assignment_basis")),
        sa.CheckConstraint("cause in ('first', 'returned', 'reassigned', 'redo')", name=op.f("ck_assignment_cause")),
        sa.ForeignKeyConstraint(["order_id"], ["order_case.order_id"], name="fk_assignment_order_id_order_case"),
        sa.PrimaryKeyConstraint("order_id", "number", name="pk_assignment"),
    )
    op.create_table(
        "attachment",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("owner_id", sa.Text, nullable=False, comment="the return's or the reply's id"),
        sa.Column("unit", sa.Text, nullable=False, comment="whose file it is"),
        sa.Column("name", sa.Text, nullable=False, comment="sealed: a file's name may name its caller"),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False, comment="under which the file store keeps its bytes"),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("attached_at", moment, nullable=False),
        sa.Column("attached_by", sa.Text, nullable=False),
        sa.CheckConstraint("purpose in ('return', 'reply')", name=op.f("ck_attachment_purpose")),
        sa.ForeignKeyConstraint(["order_id"], ["order_case.order_id"], name="fk_attachment_order_id_order_case"),
        sa.PrimaryKeyConstraint("id", name="pk_attachment"),
    )
    op.create_index("ix_attachment_order_id", "attachment", ["order_id", "attached_at"])
    op.create_index("ix_attachment_sha256", "attachment", ["sha256"])
    op.create_table(
        "contact",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("turn", sa.BigInteger, nullable=False, comment="of the order: a turn's contacts count for its reply"),
        sa.Column("attempt", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("counts", sa.Boolean, nullable=False),
        sa.Column(
            "separate",
            sa.Boolean,
            nullable=False,
            comment="false: a failed call too soon after another one (A39)",
        ),
        sa.Column("sealed", sa.Text, nullable=False, comment="phone, person, content"),
        sa.Column("contacted_at", moment, nullable=False),
        sa.Column("promised_at", moment),
        sa.Column("recorded_at", moment, nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.CheckConstraint("outcome in ('reached', 'not_reached', 'refused')", name=op.f("ck_contact_outcome")),
        sa.ForeignKeyConstraint(["order_id"], ["order_case.order_id"], name="fk_contact_order_id_order_case"),
        sa.PrimaryKeyConstraint("id", name="pk_contact"),
    )
    op.create_index("ix_contact_order_id", "contact", ["order_id", "recorded_at"])
    op.create_table(
        "note",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("promised_at", moment, nullable=False),
        sa.Column("noted_at", moment, nullable=False),
        sa.Column("noted_by", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order_case.order_id"], name="fk_note_order_id_order_case"),
        sa.PrimaryKeyConstraint("id", name="pk_note"),
    )
    op.create_index("ix_note_order_id", "note", ["order_id", "noted_at"])
    op.create_table(
        "recommendation",
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("candidates", JSONB, nullable=False),
        sa.Column("returned", JSONB, nullable=False, comment="accepted returns: unit and suggested_unit"),
        sa.Column("made_at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["order_case.order_id"],
            name="fk_recommendation_order_id_order_case",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.PrimaryKeyConstraint("order_id", name="pk_recommendation"),
    )
    op.create_table(
        "reply",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("round", sa.BigInteger, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("disposition", sa.Text, nullable=False),
        sa.Column("sealed", sa.Text, nullable=False, comment="the five elements"),
        sa.Column("grounds", sa.Text, comment="sealed: statement, legal_basis, site_record"),
        sa.Column("plan_on", sa.Date),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("opinion", sa.Text, comment="sealed: why it came back"),
        sa.Column("submitted_at", moment, nullable=False),
        sa.Column("submitted_by", sa.Text, nullable=False),
        sa.Column("judged_at", moment),
        sa.CheckConstraint(
            "disposition in ('solved', 'out_of_scope', 'not_true', 'explanation', 'planned')",
            name=op.f("ck_reply_disposition"),
        ),
        sa.CheckConstraint(
            "state in ('submitted', 'leader_approved', 'leader_rejected', 'approved', 'rejected', 'void')",
            name=op.f("ck_reply_state"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["order_case.order_id"], name="fk_reply_order_id_order_case"),
        sa.PrimaryKeyConstraint("id", name="pk_reply"),
        sa.UniqueConstraint("order_id", "round", name="uq_reply_order_id"),
    )
    op.create_table(
        "return_request",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("assignment", sa.BigInteger, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False, comment="sealed"),
        sa.Column("policy_basis", sa.Text, nullable=False, comment="sealed"),
        sa.Column("suggested_unit", sa.Text, nullable=False),
        sa.Column("requested_at", moment, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("decision", sa.Text),
        sa.Column("decision_reason", sa.Text, comment="sealed"),
        sa.Column("decided_at", moment),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided_as", sa.Text, comment="in which role: what the unit that asked is told"),
        sa.CheckConstraint("decision in ('accept', 'reject')", name=op.f("ck_return_request_decision")),
        sa.ForeignKeyConstraint(["order_id"], ["order_case.order_id"], name="fk_return_request_order_id_order_case"),
        sa.PrimaryKeyConstraint("id", name="pk_return_request"),
        sa.UniqueConstraint("order_id", "unit", name="uq_return_request_order_id"),
    )
    op.create_index(
        "ix_return_request_open",
        "return_request",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("decision is null"),
    )
    _create_timelines()


def _create_timelines() -> None:
    op.create_table(
        "timeline_entry",
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column(
            "part",
            sa.Integer,
            autoincrement=False,
            nullable=False,
            comment="of the event: a digest tells of several deadlines",
        ),
        sa.Column("position", sa.BigInteger, nullable=False, comment="in the sequence of arrival, of all orders"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="when it happened"),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, comment="what it changed for somebody; null for nobody"),
        sa.Column(
            "unit",
            sa.Text,
            comment="whose matter it is: the event's unit, or who led the order then; null is the centre",
        ),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("actor_role", sa.Text, nullable=False),
        sa.Column("actor_unit", sa.Text),
        sa.Column("facts", JSONB, nullable=False, comment="of its sentence, and its references; no words of people"),
        sa.PrimaryKeyConstraint("order_id", "event_id", "part", name="pk_timeline_entry"),
    )
    news = sa.text("topic is not null")
    op.create_index("uq_timeline_entry_news", "timeline_entry", ["position"], unique=True, postgresql_where=news)
    op.create_index("ix_timeline_entry_news_of_unit", "timeline_entry", ["unit", "position"], postgresql_where=news)
    op.create_table(
        "timeline_head",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_timeline_head_one_row")),
        sa.PrimaryKeyConstraint("id", name="pk_timeline_head"),
    )
    op.create_table(
        "news_seen",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False, comment="of the last entry that was seen"),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_news_seen"),
    )
    op.execute("insert into timeline_head (id, last) values (1, 0)")
    op.execute(_FORGET)
    op.execute(_ON_DELETE)


def downgrade() -> None:
    kernel_v1.drop()  # first: the policy of the audit trail looks at order_case
    op.execute("drop trigger order_case_forgets_timelines on order_case")
    op.execute("drop function forget_timelines()")
    for table in (
        "news_seen",
        "timeline_head",
        "timeline_entry",
        "return_request",
        "reply",
        "recommendation",
        "note",
        "contact",
        "draft",
        "attachment",
        "assignment",
        "unit",
        "order_clocks",
        "order_case",
        "login_attempt",
        "experience",
        "browser_session",
        "account",
    ):
        op.drop_table(table)
    op.drop_table("confidential_order")
    op.drop_table("order_part")
    op.drop_table("followed_rule_set")
    op.drop_table("followed_calendar")
