"""Orders as the platforms sent them.  Personal data stands in sealed columns only (R43).

No foreign keys among these tables: the group commit writes them in one statement, and the check of each row would cost
more than the row.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, Computed, Index, Integer, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.orders.model import State
from services.intake.record import ID, Record
from shared.db.logins import GRANTED_TO_UNITS, PROTECTED, OrderTable, RowsOfUnit
from shared.urgency import ORDINARY, QUEUE

_PLACES: Final = " ".join(f"when jsonb_exists(urgent, '{one}'::text) then {place}" for one, place in QUEUE.items())
_QUEUE: Final = f"case {_PLACES} else {ORDINARY} end"
"""Computed by the database, because several statements write the classes; written as PostgreSQL shows it."""


class UpstreamOrderRecord(Record):
    """The upstream copy of an order: what it is, its present version, and how far it is."""

    __tablename__ = "upstream_order"

    order_id: Mapped[str] = mapped_column(ID, primary_key=True)
    platform: Mapped[str] = mapped_column(comment="channel code")
    platform_no: Mapped[str] = mapped_column(comment="the platform's own number")
    level: Mapped[str]
    subject: Mapped[str]
    scheme: Mapped[str]
    version: Mapped[int] = mapped_column(Integer, comment="of the content; 1 is the first")
    platform_revision: Mapped[int | None] = mapped_column(
        BigInteger, comment="the highest revision number that the platform sent; null where it numbers none"
    )
    fingerprint: Mapped[str] = mapped_column(comment="keyed hash of the whole content: the same or changed?")
    category: Mapped[str]
    street: Mapped[str | None]
    urgent: Mapped[list[str]]
    queue: Mapped[int] = mapped_column(
        Integer, Computed(_QUEUE, persisted=True), comment="0 safety, 1 livelihood, 2 policy, 3 ordinary (S1.3.1b)"
    )
    out_of_scope: Mapped[str | None]
    flagged_by: Mapped[str] = mapped_column(
        server_default=text("'rules'"), comment="rules, or the account that overruled"
    )
    urgent_found: Mapped[list[str]] = mapped_column(comment="what the rules find in the present version")
    flags_version: Mapped[int] = mapped_column(
        Integer,
        server_default=text("1"),
        comment="of urgent and out_of_scope; 1 is what the rules found at the receipt",
    )
    confidential: Mapped[bool]
    is_test: Mapped[bool]
    received_at: Mapped[datetime] = mapped_column(
        comment="when its bytes first arrived, also those that still wait in quarantine (A04)"
    )
    released_at: Mapped[datetime | None] = mapped_column(
        comment="when it came out of quarantine: a person released it, or its platform sent it anew; null where it was understood at once"
    )
    changed_at: Mapped[datetime]
    upstream_due_at: Mapped[datetime | None]
    state: Mapped[State] = mapped_column(server_default=text("'received'"))
    holder_unit: Mapped[str | None] = mapped_column(comment="the unit that has the order now")
    redos: Mapped[int] = mapped_column(Integer, server_default=text("0"), comment="how often it was reopened")
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
            "ix_upstream_order_queue",
            *("queue", "received_at", "order_id"),
            postgresql_where=text("state not in ('closed', 'cancelled')"),
        ),
        Index(
            "ix_upstream_order_holder",
            "holder_unit",
            "received_at",
            "order_id",
            postgresql_where=text("holder_unit is not null"),
        ),
        {"info": {PROTECTED: OrderTable(lead="holder_unit", changed_by_units=False)}},
    )


class Caller(Record):
    """Who called: every column sealed and bound to its place; phone and title are found by keyed hashes only (R43, R44)."""

    __tablename__ = "caller"

    order_id: Mapped[str] = mapped_column(ID, primary_key=True)
    name: Mapped[str | None]
    phone: Mapped[str | None]
    contact_phone: Mapped[str | None]
    id_number: Mapped[str | None]
    email: Mapped[str | None]
    address: Mapped[str | None]
    private: Mapped[str | None] = mapped_column(comment="JSON of the other fields that may name a person")
    prints: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger), comment="keyed hashes of the pairs of the title and of the telephone numbers, for searches"
    )
    known_by: Mapped[str | None] = mapped_column(
        comment="sealed JSON: the words by which the caller is known, of all versions; null while there is one version"
    )

    __table_args__ = (
        Index("ix_caller_prints", "prints", postgresql_using="gin"),
        {"info": {PROTECTED: RowsOfUnit(None)}},
    )


class OrderVersion(Record):
    """The content of an order as the platform sent it at one time; never changed afterwards (S1.1.4c)."""

    __tablename__ = "order_version"

    order_id: Mapped[str] = mapped_column(ID, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    received_at: Mapped[datetime]
    category: Mapped[str]
    changed: Mapped[list[str]] = mapped_column(comment="fields that differ from the version before")
    demand: Mapped[str] = mapped_column(comment="sealed JSON: title, content")
    details: Mapped[dict[str, Any]] = mapped_column(comment="fields that name nobody")

    __table_args__ = ({"info": {PROTECTED: RowsOfUnit(None)}},)


class Reveal(Record):
    """Somebody looked at a caller's identity, and why (X2); counted for the hourly limit."""

    __tablename__ = "reveal"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    account: Mapped[str]
    order_id: Mapped[str] = mapped_column(ID)
    purpose: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = (Index("ix_reveal_account", "account", "at"), {"info": {GRANTED_TO_UNITS: "select, insert"}})
