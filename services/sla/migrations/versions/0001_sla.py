"""The tables of sla: the calendar and the rule sets, orders and their clocks, extensions, candidates, announcements."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.db import kernel_v1

revision = "sla_0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT: Final = sa.DateTime(timezone=True)
_ONE_OF: Final = sa.String()

# Two halves of one queue: what only breaches, and what else a clock may do when its moment has come.
_PLAIN: Final = (
    "next_at is not null and next_at = due_at and breached_at is null and lapse = 'breach' "
    "and kind not in ('accept', 'next_contact', 'plan')"
)
_SPECIAL: Final = (
    "next_at is not null and (next_at <> due_at or breached_at is not null or lapse <> 'breach' "
    "or kind in ('accept', 'next_contact', 'plan'))"
)
_REFUSE_CHANGE: Final = """
create function calendar_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'versions of the calendar are append-only';
end $$
"""
_ON_EVERY_CHANGE: Final = """
create trigger {table}_append_only before update or delete or truncate on {table}
  for each statement execute function calendar_is_append_only()
"""
_COPY: Final = """
create function copy_announcements() returns trigger language plpgsql as $$
declare
  many bigint;
  before bigint;
begin
  select count(*) into many from written where type in
    ('clock.breached.v1', 'clock.breach_excused.v1', 'clock.warned.v1', 'clock.warnings_digested.v1');
  if many = 0 then
    return null;
  end if;
  update announcement_head set last = last + many returning last - many into before;
  insert into announcement (position, stream, unit, type, event_id, payload, at)
  select before + row_number() over (order by w.position),
    case when w.type in ('clock.breached.v1', 'clock.breach_excused.v1') then 'breaches' else 'warnings' end,
    convert_from(w.payload, 'UTF8')::json ->> 'unit', w.type, w.id, w.payload, w.created_at
  from written w where w.type in
    ('clock.breached.v1', 'clock.breach_excused.v1', 'clock.warned.v1', 'clock.warnings_digested.v1');
  return null;
end $$
"""
_ON_OUTBOX: Final = """
create trigger outbox_copies_announcements after insert on outbox
  referencing new table as written for each statement execute function copy_announcements()
"""


def upgrade() -> None:
    kernel_v1.create()
    kernel_v1.create_followed_unit()
    kernel_v1.create_order_part()
    kernel_v1.create_confidential_order()
    _create_calendar_and_rules()
    _create_orders_and_clocks()
    _create_extensions_and_candidates()
    _create_announcements()


def _create_calendar_and_rules() -> None:
    op.create_table(
        "calendar_version",
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("source", _ONE_OF, nullable=False, comment="statutory, import, edit"),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("document", sa.Text),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("first_day", sa.Date, comment="the first day that counts differently from the version before"),
        sa.Column("last_day", sa.Date),
        sa.CheckConstraint("source in ('statutory', 'import', 'edit')", name=op.f("ck_calendar_version_known_source")),
        sa.PrimaryKeyConstraint("number", name="pk_calendar_version"),
        sa.UniqueConstraint("version", name="uq_calendar_version_version"),
    )
    op.create_table(
        "calendar_year",
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("year", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("source_notice", sa.Text, nullable=False),
        sa.Column("off_days", JSONB, nullable=False, comment="day -> holiday"),
        sa.Column("make_up_days", JSONB, nullable=False, comment="day -> holiday"),
        sa.ForeignKeyConstraint(
            ["number"], ["calendar_version.number"], name="fk_calendar_year_number_calendar_version"
        ),
        sa.PrimaryKeyConstraint("number", "year", name="pk_calendar_year"),
    )
    op.create_table(
        "recomputation",
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("state", _ONE_OF, nullable=False, comment="open, done"),
        sa.Column(
            "expected",
            sa.BigInteger,
            nullable=False,
            comment="clocks whose span holds a changed day, counted at the start",
        ),
        sa.Column("seen", sa.BigInteger, nullable=False),
        sa.Column("moved", sa.BigInteger, nullable=False),
        sa.Column(
            "excused",
            sa.BigInteger,
            nullable=False,
            comment="breaches of the due moments of before that were taken back",
        ),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("started_at", _MOMENT),
        sa.Column("finished_at", _MOMENT),
        sa.CheckConstraint("state in ('open', 'done')", name=op.f("ck_recomputation_known_state")),
        sa.ForeignKeyConstraint(
            ["number"], ["calendar_version.number"], name="fk_recomputation_number_calendar_version"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_recomputation"),
    )
    op.create_table(
        "rule_set",
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("based_on", sa.Text, nullable=False),
        sa.Column("numbers", JSONB, nullable=False, comment="every number by its name"),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("state", _ONE_OF, nullable=False, comment="draft, published"),
        sa.Column("effective_from", _MOMENT),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("published_at", _MOMENT),
        sa.Column("published_by", sa.Text),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint(
            "(state = 'published') = (effective_from is not null)", name=op.f("ck_rule_set_published_is_effective")
        ),
        sa.CheckConstraint("state in ('draft', 'published')", name=op.f("ck_rule_set_known_state")),
        sa.PrimaryKeyConstraint("version", name="pk_rule_set"),
    )
    op.create_index(
        "uq_rule_set_effective_from",
        "rule_set",
        ["effective_from"],
        unique=True,
        postgresql_where=sa.text("state = 'published'"),
    )
    op.execute(_REFUSE_CHANGE)
    for table in ("calendar_version", "calendar_year"):
        op.execute(_ON_EVERY_CHANGE.format(table=table))


def _create_orders_and_clocks() -> None:
    op.create_table(
        "clocked_order",
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("scheme", sa.Text, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("upstream_due_at", _MOMENT),
        sa.Column("unit", sa.Text, comment="the unit that has the order now"),
        sa.Column("ended_at", _MOMENT),
        sa.Column(
            "rules",
            sa.Text,
            server_default=sa.text("'circular-2022'"),
            nullable=False,
            comment="the rule set in force when the order was received (X3)",
        ),
        sa.Column(
            "cancelled",
            sa.Boolean,
            server_default=sa.text("false"),
            nullable=False,
            comment="nothing starts any more, also not by events from before the cancellation",
        ),
        sa.Column(
            "redos",
            sa.BigInteger,
            server_default=sa.text("0"),
            nullable=False,
            comment="how often it was reopened: acknowledgements of earlier cycles stop nothing",
        ),
        sa.Column("answered_redos", sa.BigInteger, comment="the latest cycle whose reply the upstream has"),
        sa.Column("answered_at", _MOMENT, comment="since when"),
        sa.Column(
            "queue",
            sa.Integer,
            server_default=sa.text("3"),
            nullable=False,
            comment="0 safety, 1 livelihood, 2 policy, 3 ordinary: the most urgent orders come first (S1.3.1b)",
        ),
        sa.Column(
            "safety",
            sa.Boolean,
            server_default=sa.text("false"),
            nullable=False,
            comment="a safety emergency: no quiet hours for its warnings",
        ),
        sa.Column("urgent_since", _MOMENT, comment="since when it is urgent without a break"),
        sa.Column(
            "flags_version",
            sa.BigInteger,
            server_default=sa.text("1"),
            nullable=False,
            comment="of the urgent classes, as intake counts their changes",
        ),
        sa.Column(
            "answering",
            JSONB,
            server_default=sa.text("'[]'"),
            nullable=False,
            comment="from when the unit that has it has a day to answer the caller: at most one in each of its turns",
        ),
        sa.Column(
            "steps",
            JSONB,
            server_default=sa.text("'[]'"),
            nullable=False,
            comment="moment, step and reply: what these days depend on, since the assignment",
        ),
        sa.Column(
            "no_return",
            sa.Boolean,
            server_default=sa.text("false"),
            nullable=False,
            comment="the unit can no longer return it",
        ),
        sa.Column("assigned_at", _MOMENT, comment="the latest assignment"),
        sa.Column(
            "released",
            JSONB,
            server_default=sa.text("'[]'"),
            nullable=False,
            comment="unit and moment of every reply that a unit's leader let go: the unit returns the order no more (S3.1b)",
        ),
        sa.Column(
            "occasions",
            JSONB,
            server_default=sa.text("'[]'"),
            nullable=False,
            comment="kind and occasion of every clock that was started: each starts one clock",
        ),
        sa.PrimaryKeyConstraint("order_id", name="pk_clocked_order"),
    )
    op.create_table(
        "clock",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("occasion", sa.Text, nullable=False, comment="what started it: receipt, assignment:2, promise:..."),
        sa.Column("unit", sa.Text, comment="who answers for it; null is the centre"),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("span", _ONE_OF, nullable=False, comment="workdays, hours, day, moment"),
        sa.Column("amount", sa.Integer, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False, comment="the local day that ends it"),
        sa.Column("original_due_at", _MOMENT, nullable=False),
        sa.Column(
            "provisional",
            sa.Boolean,
            nullable=False,
            comment="counted through a year whose arrangement is not published",
        ),
        sa.Column("lapse", _ONE_OF, nullable=False, comment="what passing means: breach, close"),
        sa.Column("clause", sa.Text, nullable=False),
        sa.Column("rules", sa.Text, nullable=False),
        sa.Column("calendar", sa.Text, nullable=False),
        sa.Column("rungs", JSONB, nullable=False, comment="warnings: name and at, in order"),
        sa.Column(
            "fired",
            sa.Integer,
            server_default=sa.text("0"),
            nullable=False,
            comment="how many rungs have fired, the daily red ones included",
        ),
        sa.Column(
            "queue",
            sa.Integer,
            server_default=sa.text("3"),
            nullable=False,
            comment="of its order: its urgent class",
        ),
        sa.Column("next_at", _MOMENT),
        sa.Column("state", _ONE_OF, nullable=False),
        sa.Column("breached_at", _MOMENT),
        sa.Column(
            "excused",
            sa.Boolean,
            server_default=sa.text("false"),
            nullable=False,
            comment="a breach was taken back: the due moment moved, or nothing was missed; a later one is a breach as any",
        ),
        sa.Column("stopped_at", _MOMENT),
        sa.Column(
            "extended_workdays",
            sa.Integer,
            server_default=sa.text("0"),
            nullable=False,
            comment="granted on top, counted from the due moment that was (A10)",
        ),
        sa.Column(
            "kept_by",
            sa.Text,
            comment="the latest calendar by which the ended clock was looked at and left as it ended, explained by its own",
        ),
        sa.Column("note", sa.Text, comment="sealed: why an operator started it"),
        sa.CheckConstraint("lapse in ('breach', 'close')", name=op.f("ck_clock_known_lapse")),
        sa.CheckConstraint("span in ('workdays', 'hours', 'day', 'moment')", name=op.f("ck_clock_known_span")),
        sa.CheckConstraint("state = 'running' or next_at is null", name=op.f("ck_clock_only_running_fire")),
        sa.CheckConstraint("state in ('running', 'met', 'late', 'void')", name=op.f("ck_clock_known_state")),
        sa.CheckConstraint("due_at > started_at", name=op.f("ck_clock_due_after_start")),
        sa.ForeignKeyConstraint(["order_id"], ["clocked_order.order_id"], name="fk_clock_order_id_clocked_order"),
        sa.PrimaryKeyConstraint("id", name="pk_clock"),
        sa.UniqueConstraint("order_id", "kind", "occasion", name="uq_clock_occasion"),
    )
    op.create_index(
        "ix_clock_breached", "clock", ["breached_at", "id"], postgresql_where=sa.text("breached_at is not null")
    )
    op.create_index(
        "ix_clock_calendar", "clock", ["calendar", "due_at", "id"], postgresql_where=sa.text("state = 'running'")
    )
    op.create_index(
        "ix_clock_ended",
        "clock",
        [sa.text("coalesce(kept_by, calendar)"), "due_at", "id"],
        postgresql_where=sa.text(
            "state <> 'running' and (span = 'workdays' or kind = 'first_contact')"
            " and (breached_at is not null or lapse = 'close')"
        ),
    )
    op.create_index("ix_clock_due", "clock", ["due_at", "id"])
    op.create_index("ix_clock_plain", "clock", ["next_at", "id"], postgresql_where=sa.text(_PLAIN))
    op.create_index("ix_clock_special", "clock", ["next_at", "unit", "id"], postgresql_where=sa.text(_SPECIAL))
    op.create_index(
        "ix_clock_steps",
        "clock",
        ["kind", "stopped_at"],
        postgresql_where=sa.text("kind in ('review_turnaround', 'chain_step') and state in ('met', 'late')"),
    )
    op.create_index("ix_clock_excused", "clock", ["due_at", "id"], postgresql_where=sa.text("excused"))
    op.create_index("ix_clock_unit", "clock", ["unit", "due_at", "id"])
    op.create_table(
        "clock_change",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("clock_id", sa.Uuid, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("was_due_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("words", sa.Text, comment="sealed: what a person added to the reason"),
        sa.Column("calendar", sa.Text, nullable=False),
        sa.Column("excused_breach_at", _MOMENT, comment="the breach that this change took back, if any"),
        sa.ForeignKeyConstraint(["clock_id"], ["clock.id"], name="fk_clock_change_clock_id_clock"),
        sa.PrimaryKeyConstraint("id", name="pk_clock_change"),
    )
    op.create_index("ix_clock_change_clock_id", "clock_change", ["clock_id", "changed_at"])
    op.create_table(
        "clock_stop",
        sa.Column("clock_id", sa.Uuid, nullable=False),
        sa.Column("reason", sa.Text, nullable=False, comment="sealed: why an operator stopped it"),
        sa.ForeignKeyConstraint(["clock_id"], ["clock.id"], name="fk_clock_stop_clock_id_clock"),
        sa.PrimaryKeyConstraint("clock_id", name="pk_clock_stop"),
    )


def _create_extensions_and_candidates() -> None:
    op.create_table(
        "extension",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("clock_id", sa.Uuid, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("state", _ONE_OF, nullable=False, comment="requested, granted, refused, declined (by the caller)"),
        sa.Column("reason_code", sa.Text, nullable=False),
        sa.Column("citation", sa.Text, comment="sealed"),
        sa.Column("explanation", sa.Text, comment="sealed"),
        sa.Column("workdays", sa.Integer, nullable=False),
        sa.Column(
            "overridden", sa.Boolean, nullable=False, comment="over the cap, by the head of the centre (S1.3.2d)"
        ),
        sa.Column("override_reason", sa.Text, comment="sealed"),
        sa.Column("consented_at", _MOMENT, nullable=False),
        sa.Column("agreed", sa.Boolean, nullable=False),
        sa.Column("consent", sa.Text, nullable=False, comment="sealed: person, phone, evidence"),
        sa.Column("requested_at", _MOMENT, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("was_due_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, comment="once granted"),
        sa.Column("decided_at", _MOMENT),
        sa.Column("decided_by", sa.Text),
        sa.Column("decision_reason", sa.Text, comment="sealed"),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.CheckConstraint("(state = 'granted') = (due_at is not null)", name=op.f("ck_extension_granted_has_due")),
        sa.CheckConstraint("reason_code in ('legal', 'complex')", name=op.f("ck_extension_known_reason")),
        sa.CheckConstraint(
            "state in ('requested', 'granted', 'refused', 'declined')", name=op.f("ck_extension_known_state")
        ),
        sa.CheckConstraint("workdays > 0", name=op.f("ck_extension_some_workdays")),
        sa.ForeignKeyConstraint(["clock_id"], ["clock.id"], name="fk_extension_clock_id_clock"),
        sa.ForeignKeyConstraint(["order_id"], ["clocked_order.order_id"], name="fk_extension_order_id_clocked_order"),
        sa.PrimaryKeyConstraint("id", name="pk_extension"),
    )
    op.create_index("ix_extension_order_id", "extension", ["order_id", "requested_at"])
    op.create_index("ix_extension_state", "extension", ["state", "requested_at", "id"])
    op.create_table(
        "supervision_candidate",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False, comment="overdue, unsolved, refused, concentrated"),
        sa.Column(
            "occasion", sa.Text, nullable=False, comment="the clock, the order, or the week: each raises it once"
        ),
        sa.Column("order_id", sa.Text),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("raised_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "cause in ('overdue', 'unsolved', 'refused', 'concentrated')",
            name=op.f("ck_supervision_candidate_known_cause"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_supervision_candidate"),
        sa.UniqueConstraint("unit", "cause", "occasion", name="uq_supervision_candidate_occasion"),
    )
    op.create_index("ix_supervision_candidate_raised_at", "supervision_candidate", ["raised_at", "id"])
    op.create_index("ix_supervision_candidate_unit", "supervision_candidate", ["unit", "raised_at", "id"])
    op.create_table(
        "warning_storm",
        sa.Column("unit", sa.Text, nullable=False, comment="the unit, or district"),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("told", sa.Integer, nullable=False),
        sa.Column("digested_at", _MOMENT),
        sa.PrimaryKeyConstraint("unit", name="pk_warning_storm"),
    )


def _create_announcements() -> None:
    op.create_table(
        "announcement",
        sa.Column("position", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("stream", sa.Text, nullable=False, comment="breaches, warnings"),
        sa.Column("unit", sa.Text),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.CheckConstraint("stream in ('breaches', 'warnings')", name=op.f("ck_announcement_known_stream")),
        sa.PrimaryKeyConstraint("position", name="pk_announcement"),
    )
    op.create_table(
        "announcement_head",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_announcement_head_one_row")),
        sa.PrimaryKeyConstraint("id", name="pk_announcement_head"),
    )
    op.execute("insert into announcement_head (id, last) values (1, 0)")
    op.create_table(
        "stream_pass",
        sa.Column("pass_print", sa.Text, nullable=False, comment="keyed hash of the pass"),
        sa.Column("stream", sa.Text, nullable=False, comment="breaches, warnings"),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("roles", JSONB, nullable=False),
        sa.Column("unit", sa.Text),
        sa.Column("expires_at", _MOMENT, nullable=False, comment="of the pass, while it is not used"),
        sa.Column("ends_at", _MOMENT, nullable=False, comment="of the login that asked for it, and so of the stream"),
        sa.Column("cookie_print", sa.Text, comment="keyed hash of the cookie; null before the use"),
        sa.CheckConstraint("stream in ('breaches', 'warnings')", name=op.f("ck_stream_pass_known_stream")),
        sa.PrimaryKeyConstraint("pass_print", name="pk_stream_pass"),
    )
    op.create_index("uq_stream_pass_cookie", "stream_pass", ["cookie_print"], unique=True)
    op.create_index("ix_stream_pass_ends_at", "stream_pass", ["ends_at"])
    op.execute(_COPY)
    op.execute(_ON_OUTBOX)


def downgrade() -> None:
    op.execute("drop trigger outbox_copies_announcements on outbox")
    op.execute("drop function copy_announcements()")
    for table in (
        "stream_pass",
        "announcement_head",
        "announcement",
        "warning_storm",
        "supervision_candidate",
        "extension",
        "clock_stop",
        "clock_change",
        "clock",
        "clocked_order",
        "rule_set",
        "recomputation",
        "calendar_year",
        "calendar_version",
    ):
        op.drop_table(table)
    op.execute("drop function calendar_is_append_only()")
    op.drop_table("confidential_order")
    op.drop_table("order_part")
    op.drop_table("followed_unit")
    kernel_v1.drop()
