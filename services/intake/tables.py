"""Intake's records.

The tables of the hot path (receipt, upstream_order, caller, order_version) have no foreign keys among them: one
statement writes them together, and the check of each row would cost more than the row.  Personal data stands in
sealed columns only (R43).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, SmallInteger, text
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.db import TYPES, new_metadata
from shared.db.kernel_v3 import identify_parked

_Id = UUID(as_uuid=False)


class Record(DeclarativeBase):
    """The service's metadata with the kernel's tables."""

    metadata = new_metadata()
    type_annotation_map = TYPES


identify_parked(Record.metadata)


class Receipt(Record):
    """A signed request that was answered, kept for ever: the same id again gets the same answer (R34)."""

    __tablename__ = "receipt"

    channel: Mapped[str] = mapped_column(primary_key=True)
    webhook_id: Mapped[str] = mapped_column(primary_key=True)
    body_hash: Mapped[bytes] = mapped_column(LargeBinary, comment="SHA-256 of the body")
    status: Mapped[int] = mapped_column(SmallInteger, comment="of the answer")
    order_id: Mapped[str | None] = mapped_column(_Id)
    version: Mapped[int | None] = mapped_column(Integer)
    quarantine_id: Mapped[str | None] = mapped_column(_Id)
    received_at: Mapped[datetime]


class UpstreamOrderRecord(Record):
    """The upstream copy of an order: what it is, which version holds, and how far it is."""

    __tablename__ = "upstream_order"

    order_id: Mapped[str] = mapped_column(_Id, primary_key=True)
    platform: Mapped[str] = mapped_column(comment="channel code")
    platform_no: Mapped[str] = mapped_column(comment="the platform's own number")
    level: Mapped[str]
    subject: Mapped[str]
    scheme: Mapped[str]
    version: Mapped[int] = mapped_column(Integer, comment="of the content; 1 is the first")
    fingerprint: Mapped[str] = mapped_column(comment="keyed hash of the whole content: the same or changed?")
    category: Mapped[str]
    street: Mapped[str | None]
    urgent: Mapped[list[str]]
    out_of_scope: Mapped[str | None]
    flagged_by: Mapped[str] = mapped_column(
        server_default=text("'rules'"), comment="rules, or the account that overruled"
    )
    confidential: Mapped[bool]
    is_test: Mapped[bool]
    received_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    upstream_due_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(server_default=text("'received'"))
    holder_unit: Mapped[str | None] = mapped_column(comment="the unit that has the order now")
    urges: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    revisits: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    revision: Mapped[int] = mapped_column(Integer, server_default=text("1"), comment="of the row, for If-Match")

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - the mapper's own form
    __table_args__ = (
        CheckConstraint("level in ('national', 'provincial', 'municipal')", name="known_level"),
        CheckConstraint("subject in ('person', 'enterprise')", name="known_subject"),
        CheckConstraint("scheme in ('ordinary', 'enterprise_fast', 'national_report')", name="known_scheme"),
        CheckConstraint(
            "state in ('received', 'assigned', 'approved', 'fed_back', 'closed', 'cancelled')", name="known_state"
        ),
        Index("uq_upstream_order_number", "platform", "platform_no", unique=True),
        Index("ix_upstream_order_received", "received_at", "order_id"),
        Index(
            "ix_upstream_order_holder",
            "holder_unit",
            "received_at",
            "order_id",
            postgresql_where=text("holder_unit is not null"),
        ),
    )


class Caller(Record):
    """Who called: every column sealed and bound to its place; the phone findable by a keyed hash only (R43, R44)."""

    __tablename__ = "caller"

    order_id: Mapped[str] = mapped_column(_Id, primary_key=True)
    name: Mapped[str | None]
    phone: Mapped[str | None]
    contact_phone: Mapped[str | None]
    id_number: Mapped[str | None]
    email: Mapped[str | None]
    address: Mapped[str | None]
    private: Mapped[str | None] = mapped_column(comment="JSON of the other fields that may name a person")
    phone_print: Mapped[str | None] = mapped_column(comment="keyed hash of the phone")

    __table_args__ = (Index("ix_caller_phone_print", "phone_print", postgresql_where=text("phone_print is not null")),)


class OrderVersion(Record):
    """What the platform said at one time; never changed afterwards (S1.1.4c)."""

    __tablename__ = "order_version"

    order_id: Mapped[str] = mapped_column(_Id, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    received_at: Mapped[datetime]
    category: Mapped[str]
    changed: Mapped[list[str]] = mapped_column(comment="fields that differ from the version before")
    demand: Mapped[str] = mapped_column(comment="sealed JSON: title, content")
    details: Mapped[dict[str, Any]] = mapped_column(comment="fields that name nobody")


class Quarantined(Record):
    """A request that could not be understood, with its very bytes, until a person decides (S1.1.1a)."""

    __tablename__ = "quarantine"

    id: Mapped[str] = mapped_column(_Id, primary_key=True)
    channel: Mapped[str] = mapped_column(comment="as the address named it, known or not")
    kind: Mapped[str] = mapped_column(comment="orders, cancellations, urges, revisits, redos")
    verified: Mapped[bool] = mapped_column(comment="whether its signature was checked and right")
    source: Mapped[str] = mapped_column(comment="network address of the sender")
    webhook_id: Mapped[str | None]
    reason: Mapped[str]
    faults: Mapped[list[dict[str, Any]]] = mapped_column(comment="field, code, message; never the value")
    body: Mapped[str] = mapped_column(comment="sealed base64 of the very bytes, which may name a person")
    size: Mapped[int] = mapped_column(Integer, comment="bytes")
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    why: Mapped[str | None]
    order_id: Mapped[str | None] = mapped_column(_Id, comment="what its release led to")
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - the mapper's own form
    __table_args__ = (
        CheckConstraint("state in ('waiting', 'released', 'dropped')", name="known_state"),
        CheckConstraint("kind in ('orders', 'cancellations', 'urges', 'revisits', 'redos')", name="known_kind"),
        Index("ix_quarantine_listing", "state", "received_at", "id"),
        Index("ix_quarantine_source", "source", postgresql_where=text("state = 'waiting' and not verified")),
    )


class Reveal(Record):
    """Somebody looked at a caller's identity, and why (X2); counted for the hourly limit."""

    __tablename__ = "reveal"

    id: Mapped[str] = mapped_column(_Id, primary_key=True)
    account: Mapped[str]
    order_id: Mapped[str] = mapped_column(_Id)
    purpose: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = (Index("ix_reveal_account", "account", "at"),)


class Revisit(Record):
    """One call of a platform to the person, and what came of it (A31, A32)."""

    __tablename__ = "revisit"

    order_id: Mapped[str] = mapped_column(_Id, ForeignKey("upstream_order.order_id"), primary_key=True)
    revisit: Mapped[int] = mapped_column(Integer, primary_key=True)
    valid: Mapped[bool]
    solved: Mapped[str | None]
    satisfied: Mapped[str | None]
    opinion: Mapped[str | None] = mapped_column(comment="sealed")
    revisited_at: Mapped[datetime]
    received_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("valid = (solved is not null and satisfied is not null)", name="valid_is_answered"),
    )


class Delivery(Record):
    """One approved reply on its way to its platform; its id is the idempotency key of every attempt (S2.3b)."""

    __tablename__ = "delivery"

    id: Mapped[str] = mapped_column(_Id, primary_key=True, comment="webhook-id of all its attempts")
    order_id: Mapped[str] = mapped_column(_Id, ForeignKey("upstream_order.order_id"))
    reply_id: Mapped[str] = mapped_column(unique=True)
    platform: Mapped[str]
    round: Mapped[int] = mapped_column(Integer)
    unit: Mapped[str]
    disposition: Mapped[str]
    reply: Mapped[str] = mapped_column(comment="sealed, as it came with the approval")
    created_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    scheduled: Mapped[int] = mapped_column(
        Integer, server_default=text("0"), comment="attempts of the present schedule"
    )
    next_at: Mapped[datetime | None]
    lease: Mapped[str | None] = mapped_column(_Id, comment="the attempt that is alive")
    leased_until: Mapped[datetime | None] = mapped_column(comment="by the database's own clock")
    acked_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("state in ('waiting', 'sending', 'acked', 'failed')", name="known_state"),
        CheckConstraint("(state = 'sending') = (lease is not null)", name="sending_is_leased"),
        CheckConstraint("state <> 'waiting' or next_at is not null", name="waiting_is_scheduled"),
        Index("ix_delivery_order", "order_id", "id"),
        Index("ix_delivery_next", "next_at", "id", postgresql_where=text("state in ('waiting', 'sending')")),
        Index("ix_delivery_listing", "state", "created_at", "id"),
    )


class DeliveryAttempt(Record):
    """One attempt to hand a reply over, and how it ended; `ended_at` is null when nobody knows."""

    __tablename__ = "delivery_attempt"

    id: Mapped[str] = mapped_column(_Id, primary_key=True)
    delivery_id: Mapped[str] = mapped_column(_Id, ForeignKey("delivery.id"))
    number: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    status: Mapped[int | None] = mapped_column(SmallInteger, comment="HTTP status of the answer")
    outcome: Mapped[str | None] = mapped_column(comment="acked, or a stable word for what went wrong")

    __table_args__ = (Index("uq_delivery_attempt_number", "delivery_id", "number", unique=True),)
