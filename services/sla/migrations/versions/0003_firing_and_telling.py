"""A queue in two halves, extensions, supervision candidates, and notices in an order without gaps."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "sla_0003"
down_revision = "sla_0002"
branch_labels = None
depends_on = None

_PLAIN = (
    "next_at is not null and next_at = due_at and breached_at is null and lapse = 'breach' "
    "and kind not in ('accept', 'next_contact', 'plan')"
)
_SPECIAL = (
    "next_at is not null and (next_at <> due_at or breached_at is not null or lapse <> 'breach' "
    "or kind in ('accept', 'next_contact', 'plan'))"
)
# The head is locked last of all: business rows, then streams (the statement that fires this), then the head.
_TELL = """
create function tell_notices() returns trigger language plpgsql as $$
declare
  many bigint;
  before bigint;
begin
  select count(*) into many from written where type in ('clock.breached.v1', 'clock.warned.v1', 'clock.warnings_digested.v1');
  if many = 0 then
    return null;
  end if;
  update notice_head set last = last + many returning last - many into before;
  insert into notice (position, stream, unit, type, event_id, payload, at)
  select before + row_number() over (order by w.position),
    case w.type when 'clock.breached.v1' then 'breaches' else 'warnings' end,
    convert_from(w.payload, 'UTF8')::json ->> 'unit', w.type, w.id, w.payload, w.created_at
  from written w where w.type in ('clock.breached.v1', 'clock.warned.v1', 'clock.warnings_digested.v1');
  return null;
end $$
"""
_ON_OUTBOX = """
create trigger outbox_tells_notices after insert on outbox
  referencing new table as written for each statement execute function tell_notices()
"""


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    false = sa.text("false")
    op.add_column(
        "clocked_order",
        sa.Column(
            "safety",
            sa.Boolean,
            nullable=False,
            server_default=false,
            comment="a safety emergency: no quiet hours for its warnings",
        ),
    )
    op.add_column(
        "clocked_order",
        sa.Column(
            "no_return",
            sa.Boolean,
            nullable=False,
            server_default=false,
            comment="the unit can no longer return it",
        ),
    )
    op.add_column("clocked_order", sa.Column("assigned_at", moment, comment="the latest assignment"))
    op.add_column("clocked_order", sa.Column("first_assigned_at", moment))
    op.alter_column(
        "clock",
        "fired",
        existing_type=sa.Integer,
        existing_nullable=False,
        existing_comment="how many rungs have fired",
        comment="how many rungs have fired, the daily red ones included",
    )
    op.add_column(
        "clock",
        sa.Column(
            "extended_workdays",
            sa.Integer,
            nullable=False,
            server_default=sa.text("0"),
            comment="granted on top, counted from the due moment that was (A10)",
        ),
    )
    op.add_column("clock", sa.Column("note", sa.Text, comment="why an operator started it"))
    op.drop_index("ix_clock_next", "clock")
    op.create_index("ix_clock_plain", "clock", ["next_at", "id"], postgresql_where=sa.text(_PLAIN))
    op.create_index("ix_clock_special", "clock", ["next_at", "unit", "id"], postgresql_where=sa.text(_SPECIAL))
    _extension(moment)
    op.create_table(
        "supervision_candidate",
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False, comment="overdue, unsolved, refused, concentrated"),
        sa.Column(
            "occasion", sa.Text, nullable=False, comment="the clock, the order, or the week: each raises it once"
        ),
        sa.Column("order_id", sa.Text),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("raised_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_supervision_candidate"),
        sa.UniqueConstraint("unit", "cause", "occasion", name="uq_supervision_candidate_occasion"),
        sa.CheckConstraint(
            "cause in ('overdue', 'unsolved', 'refused', 'concentrated')",
            name=op.f("ck_supervision_candidate_known_cause"),
        ),
    )
    op.create_index("ix_supervision_candidate_raised_at", "supervision_candidate", ["raised_at", "id"])
    op.create_index("ix_supervision_candidate_unit", "supervision_candidate", ["unit", "raised_at", "id"])
    op.create_table(
        "warning_storm",
        sa.Column("unit", sa.Text, nullable=False, comment="the unit, or district"),
        sa.Column("since", moment, nullable=False),
        sa.Column("told", sa.Integer, nullable=False),
        sa.Column("digested_at", moment),
        sa.PrimaryKeyConstraint("unit", name="pk_warning_storm"),
    )
    op.create_table(
        "notice",
        sa.Column("position", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("stream", sa.Text, nullable=False, comment="breaches, warnings"),
        sa.Column("unit", sa.Text),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("event_id", UUID(as_uuid=True), nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_notice"),
        sa.CheckConstraint("stream in ('breaches', 'warnings')", name=op.f("ck_notice_known_stream")),
    )
    op.create_index("ix_notice_unit", "notice", ["unit", "stream", "position"])
    op.create_table(
        "notice_head",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notice_head"),
        sa.CheckConstraint("id = 1", name=op.f("ck_notice_head_one_row")),
    )
    op.execute("insert into notice_head (id, last) values (1, 0)")
    op.execute(_TELL)
    op.execute(_ON_OUTBOX)


def _extension(moment: sa.DateTime) -> None:
    op.create_table(
        "extension",
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("clock_id", UUID(as_uuid=True), nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, comment="requested, granted, refused, declined (by the caller)"),
        sa.Column("reason_code", sa.Text, nullable=False),
        sa.Column("citation", sa.Text),
        sa.Column("explanation", sa.Text),
        sa.Column("workdays", sa.Integer, nullable=False),
        sa.Column(
            "overridden", sa.Boolean, nullable=False, comment="over the cap, by the head of the centre (S1.3.2d)"
        ),
        sa.Column("override_reason", sa.Text),
        sa.Column("consented_at", moment, nullable=False),
        sa.Column("agreed", sa.Boolean, nullable=False),
        sa.Column("consent", sa.Text, nullable=False, comment="sealed: person, phone, evidence"),
        sa.Column("requested_at", moment, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("was_due_at", moment, nullable=False),
        sa.Column("due_at", moment, comment="once granted"),
        sa.Column("decided_at", moment),
        sa.Column("decided_by", sa.Text),
        sa.Column("decision_reason", sa.Text),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_extension"),
        sa.ForeignKeyConstraint(["order_id"], ["clocked_order.order_id"], name="fk_extension_order_id_clocked_order"),
        sa.ForeignKeyConstraint(["clock_id"], ["clock.id"], name="fk_extension_clock_id_clock"),
        sa.CheckConstraint(
            "state in ('requested', 'granted', 'refused', 'declined')", name=op.f("ck_extension_known_state")
        ),
        sa.CheckConstraint("reason_code in ('legal', 'complex')", name=op.f("ck_extension_known_reason")),
        sa.CheckConstraint("workdays > 0", name=op.f("ck_extension_some_workdays")),
        sa.CheckConstraint("(state = 'granted') = (due_at is not null)", name=op.f("ck_extension_granted_has_due")),
    )
    op.create_index("ix_extension_order_id", "extension", ["order_id", "requested_at"])
    op.create_index("ix_extension_state", "extension", ["state", "requested_at", "id"])


def downgrade() -> None:
    op.execute("drop trigger outbox_tells_notices on outbox")
    op.execute("drop function tell_notices()")
    for table in ("notice_head", "notice", "warning_storm", "supervision_candidate", "extension"):
        op.drop_table(table)
    op.drop_index("ix_clock_special", "clock")
    op.drop_index("ix_clock_plain", "clock")
    op.create_index("ix_clock_next", "clock", ["next_at", "id"], postgresql_where=sa.text("next_at is not null"))
    op.drop_column("clock", "note")
    op.drop_column("clock", "extended_workdays")
    op.alter_column(
        "clock",
        "fired",
        existing_type=sa.Integer,
        existing_nullable=False,
        existing_comment="how many rungs have fired, the daily red ones included",
        comment="how many rungs have fired",
    )
    for column in ("first_assigned_at", "assigned_at", "no_return", "safety"):
        op.drop_column("clocked_order", column)
