"""The tables that every service has beside its own: outbox, inbox, parked events, audit, idempotency keys.

They are added to each service's metadata, so that its migrations create them and the check that models equal the
migrated schema covers them.
"""

from __future__ import annotations

import enum
import uuid
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Enum,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from shared.db.engine import Moment
from shared.db.logins import GRANTED_TO_UNITS, PARTS_TABLE, PROTECTED, OrderTable

NAMING: Final = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# A column of an enumeration, or of a Literal, is text in the database and the member in Python.
_BY_VALUE: Final = Enum(
    enum.Enum, native_enum=False, length=None, values_callable=lambda kind: [member.value for member in kind]
)

TYPES: Final[dict[Any, Any]] = {
    str: Text(),
    datetime: Moment(),
    dict[str, Any]: JSONB(),
    list[str]: JSONB(),
    list[dict[str, Any]]: JSONB(),
    dict[str, dict[str, Any]]: JSONB(),
    bytes: LargeBinary(),
    uuid.UUID: UUID(as_uuid=True),
    int: BigInteger(),
    bool: Boolean(),
    enum.StrEnum: _BY_VALUE,
    Literal: _BY_VALUE,
}


def add_kernel_tables(metadata: MetaData) -> None:
    """Put the kernel's tables beside a service's own."""
    # The names that Debezium's outbox router expects, so that an operator can move to it without a change (R9).
    outbox = Table(
        "outbox",
        metadata,
        Column("position", BigInteger, Identity(always=True), primary_key=True),
        Column("id", UUID(as_uuid=True), nullable=False, unique=True),
        Column("aggregatetype", Text, nullable=False, comment="the topic"),
        Column("aggregateid", Text, nullable=False, comment="the key"),
        Column("type", Text, nullable=False),
        Column("sequence", BigInteger, nullable=False, comment="1, 2, 3 ... within (topic, key)"),
        Column("headers", JSONB, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("created_at", Moment, nullable=False),
        Column("published_at", Moment),
        Column("refused", Text, comment="why the bus will never take it; later events of its key wait behind it"),
        info={GRANTED_TO_UNITS: "insert"},
    )
    Index("ix_outbox_waiting", outbox.c.position, postgresql_where=text("published_at is null"))
    Index(
        "ix_outbox_refused",
        outbox.c.aggregatetype,
        outbox.c.aggregateid,
        postgresql_where=text("refused is not null and published_at is null"),
    )
    Table(
        "stream",
        metadata,
        Column("topic", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("last", BigInteger, nullable=False, comment="sequence of the last event written"),
        info={GRANTED_TO_UNITS: "select, insert, update"},
    )
    inbox = Table(
        "inbox",
        metadata,
        Column("event_id", UUID(as_uuid=True), primary_key=True),
        Column("type", Text, nullable=False),
        Column("received_at", Moment, nullable=False),
    )
    Index("ix_inbox_received_at", inbox.c.received_at)
    Table(
        "seen",
        metadata,
        Column("source", Text, primary_key=True),
        Column("topic", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("sequence", BigInteger, nullable=False, comment="of the last event taken from this stream"),
    )
    parked = Table(
        "parked",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("offset", BigInteger, nullable=False),
        Column("key", Text, nullable=False),
        Column("event_id", Text),
        Column("type", Text),
        Column("headers", JSONB, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("reason", Text, nullable=False, comment="undecodable, invalid, refused, failed, gap, behind"),
        Column("detail", Text, nullable=False),
        Column("parked_at", Moment, nullable=False),
        Column("state", Text, nullable=False, server_default="waiting", comment="waiting, replayed, dropped"),
        Column("decided_by", Text),
        Column("decided_at", Moment),
        Column("why", Text, comment="the operator's reason for an edit or a drop"),
    )
    # By its id beside its place: a broker that was made anew counts its offsets from 0 again.
    Index("uq_parked_event", parked.c.topic, parked.c.partition, parked.c.offset, parked.c.event_id, unique=True)
    Index("ix_parked_waiting", parked.c.topic, parked.c.key, postgresql_where=text("state = 'waiting'"))
    audit = Table(
        "audit",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("at", Moment, nullable=False),
        Column("actor", Text, nullable=False),
        Column("role", Text, nullable=False),
        Column("unit", Text),
        Column("action", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("before", JSONB),
        Column("after", JSONB),
        Column("reason", Text),
        Column("event_id", Text, comment="the event that caused the change, if one did"),
        Column("correlation", Text),
        info={GRANTED_TO_UNITS: "insert"},
    )
    Index("ix_audit_subject", audit.c.subject)
    Table(
        "idempotency",
        metadata,
        Column("actor", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("fingerprint", Text, nullable=False, comment="SHA-256 of method, path and body"),
        Column("status", Integer),
        Column("answer", LargeBinary),
        Column("created_at", Moment, nullable=False),
        info={GRANTED_TO_UNITS: "select, insert, update"},
    )


def add_followed_calendar(metadata: MetaData) -> None:
    """Put the table for the calendar beside the tables of a service that counts working days and does not keep it."""
    Table(
        "followed_calendar",
        metadata,
        Column("single", Boolean, primary_key=True, comment="always true: there is one row"),
        Column("number", BigInteger, nullable=False),
        Column("version", Text, nullable=False),
        Column("years", JSONB, nullable=False, comment="every year's arrangement, as the event carried them"),
        Column("changed_at", Moment, nullable=False),
        CheckConstraint("single", name="one_row"),
        info={GRANTED_TO_UNITS: "select"},
    )


def add_followed_rule_set(metadata: MetaData) -> None:
    """Put the table for published rule sets beside the tables of a service that decides by numbers of the circular."""
    rule_set = Table(
        "followed_rule_set",
        metadata,
        Column("version", Text, primary_key=True),
        Column("document", Text, nullable=False),
        Column("effective_from", Moment, nullable=False),
        Column("published_at", Moment, nullable=False),
        Column("numbers", JSONB, nullable=False, comment="every number by its name, as the event carried them"),
        info={GRANTED_TO_UNITS: "select"},
    )
    Index("ix_followed_rule_set_effective_from", rule_set.c.effective_from)


def add_followed_unit(metadata: MetaData) -> None:
    """Put the table for the directory of units beside the tables of a service that does not keep it."""
    Table(
        "followed_unit",
        metadata,
        Column("code", Text, primary_key=True),
        Column("name", Text, nullable=False),
        Column("group", Text, nullable=False, comment="department, street"),
        Column("active", Boolean, nullable=False),
        Column("ready", Boolean, nullable=False, comment="whether orders may be assigned to it"),
        Column("version", BigInteger, nullable=False, comment="how often the unit was changed; the highest holds"),
        Column("changed_at", Moment, nullable=False),
        info={GRANTED_TO_UNITS: "select"},
    )


def add_order_part(metadata: MetaData) -> None:
    """Put the table of who has a part in an order beside the tables of a service that shows orders to units."""
    part = Table(
        PARTS_TABLE,
        metadata,
        Column("order_id", Text, primary_key=True),
        Column("unit", Text, primary_key=True),
        Column("since", Moment, primary_key=True),
        Column("part", Text, nullable=False, comment="lead, joint"),
        Column("until", Moment, comment="from then on a former part"),
        CheckConstraint("part in ('lead', 'joint')", name="part"),
    )
    Index("ix_order_part_unit", part.c.unit, part.c.order_id)


def add_confidential_order(metadata: MetaData) -> None:
    """Put the table of confidential orders beside the tables of a service that shows texts of orders."""
    Table(
        "confidential_order",
        metadata,
        Column("order_id", Text, primary_key=True),
        Column("version", BigInteger, nullable=False, comment="of the order's content"),
        Column("confidential", Boolean, nullable=False, comment="false: it was, before this version"),
        Column("known_by", Text, comment="sealed JSON: the words by which the caller is known"),
        info={PROTECTED: OrderTable(lead=None, changed_by_units=False)},
    )


def new_metadata() -> MetaData:
    """A service's metadata: our names for constraints, and the kernel's tables."""
    metadata = MetaData(naming_convention=NAMING)
    add_kernel_tables(metadata)
    return metadata
