"""The kernel's tables as the first migration of every service creates them.

Frozen: a later change of the kernel's tables is a migration of its own, in each service.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

_REFUSE_CHANGE = """
create function audit_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the audit trail is append-only';
end $$
"""
_ON_EVERY_CHANGE = """
create trigger audit_append_only before update or delete or truncate on audit
  for each statement execute function audit_is_append_only()
"""


def create() -> None:
    """Create outbox, stream, inbox, seen, parked, audit, idempotency."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("aggregatetype", sa.Text, nullable=False, comment="the topic"),
        sa.Column("aggregateid", sa.Text, nullable=False, comment="the key"),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False, comment="1, 2, 3 ... within (topic, key)"),
        sa.Column("headers", JSONB, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("published_at", moment),
        sa.Column("refused", sa.Text, comment="why the bus will never take it; later events of its key wait behind it"),
        sa.PrimaryKeyConstraint("position", name="pk_outbox"),
        sa.UniqueConstraint("id", name="uq_outbox_id"),
    )
    op.create_index("ix_outbox_waiting", "outbox", ["position"], postgresql_where=sa.text("published_at is null"))
    op.create_index(
        "ix_outbox_refused",
        "outbox",
        ["aggregatetype", "aggregateid"],
        postgresql_where=sa.text("refused is not null and published_at is null"),
    )
    op.create_table(
        "stream",
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False, comment="sequence of the last event written"),
        sa.PrimaryKeyConstraint("topic", "key", name="pk_stream"),
    )
    op.create_table(
        "inbox",
        sa.Column("event_id", UUID(as_uuid=True), nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("received_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_inbox"),
    )
    op.create_index("ix_inbox_received_at", "inbox", ["received_at"])
    op.create_table(
        "seen",
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False, comment="of the last event taken from this stream"),
        sa.PrimaryKeyConstraint("source", "topic", "key", name="pk_seen"),
    )
    op.create_table(
        "parked",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("event_id", sa.Text),
        sa.Column("type", sa.Text),
        sa.Column("headers", JSONB, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("reason", sa.Text, nullable=False, comment="undecodable, invalid, refused, failed, gap, behind"),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("parked_at", moment, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="waiting", comment="waiting, replayed, dropped"),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided_at", moment),
        sa.Column("why", sa.Text, comment="the operator's reason for an edit or a drop"),
        sa.PrimaryKeyConstraint("id", name="pk_parked"),
    )
    op.create_index("uq_parked_event", "parked", ["topic", "partition", "offset", "event_id"], unique=True)
    op.create_index("ix_parked_waiting", "parked", ["topic", "key"], postgresql_where=sa.text("state = 'waiting'"))
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("unit", sa.Text),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("before", JSONB),
        sa.Column("after", JSONB),
        sa.Column("reason", sa.Text),
        sa.Column("event_id", sa.Text, comment="the event that caused the change, if one did"),
        sa.Column("correlation", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_subject", "audit", ["subject"])
    op.create_table(
        "idempotency",
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False, comment="SHA-256 of method, path and body"),
        sa.Column("status", sa.Integer),
        sa.Column("answer", sa.LargeBinary),
        sa.Column("created_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("actor", "key", name="pk_idempotency"),
    )
    op.execute(_REFUSE_CHANGE)
    op.execute(_ON_EVERY_CHANGE)


def drop() -> None:
    """Take them away again."""
    for table in ("idempotency", "audit", "parked", "seen", "inbox", "stream", "outbox"):
        op.drop_table(table)
    op.execute("drop function audit_is_append_only()")


def create_followed_calendar() -> None:
    """Create followed_calendar, where a service that does not keep the calendar counts working days."""
    op.create_table(
        "followed_calendar",
        sa.Column("single", sa.Boolean, nullable=False, comment="always true: there is one row"),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("years", JSONB, nullable=False, comment="every year's arrangement, as the event carried them"),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("single", name="pk_followed_calendar"),
        sa.CheckConstraint("single", name=op.f("ck_followed_calendar_one_row")),
    )


def create_followed_rule_set() -> None:
    """Create followed_rule_set, where a service decides by numbers of the circular and does not keep the rule sets."""
    op.create_table(
        "followed_rule_set",
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("numbers", JSONB, nullable=False, comment="every number by its name, as the event carried them"),
        sa.PrimaryKeyConstraint("version", name="pk_followed_rule_set"),
    )
    op.create_index("ix_followed_rule_set_effective_from", "followed_rule_set", ["effective_from"])


def create_followed_unit() -> None:
    """Create followed_unit, where a service reads the directory of units and does not keep it."""
    op.create_table(
        "followed_unit",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("group", sa.Text, nullable=False, comment="department, street"),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("ready", sa.Boolean, nullable=False, comment="whether orders may be assigned to it"),
        sa.Column(
            "version", sa.BigInteger, nullable=False, comment="how often the unit was changed; the highest holds"
        ),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_followed_unit"),
    )


def create_order_part() -> None:
    """Create order_part, where a service shows orders to units."""
    op.create_table(
        "order_part",
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("part", sa.Text, nullable=False, comment="lead, joint"),
        sa.Column("until", sa.DateTime(timezone=True), comment="from then on a former part"),
        sa.PrimaryKeyConstraint("order_id", "unit", "since", name="pk_order_part"),
        sa.CheckConstraint("part in ('lead', 'joint')", name=op.f("ck_order_part_part")),
    )
    op.create_index("ix_order_part_unit", "order_part", ["unit", "order_id"])


def create_confidential_order() -> None:
    """Create confidential_order, where a service shows texts of orders and does not keep their callers."""
    op.create_table(
        "confidential_order",
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False, comment="of the order's content"),
        sa.Column("confidential", sa.Boolean, nullable=False, comment="false: it was, before this version"),
        sa.Column("known_by", sa.Text, comment="sealed JSON: the words by which the caller is known"),
        sa.PrimaryKeyConstraint("order_id", name="pk_confidential_order"),
    )
