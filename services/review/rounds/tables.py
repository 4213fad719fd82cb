"""The rows of review: the orders it knows, who handled them, and every round of every reply."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.review.record import Record
from services.review.rounds.model import State, VoidReason
from services.review.rounds.rules import OPEN_STATES
from shared.contracts.dispatch import Disposition
from shared.contracts.intake import ReplyScheme
from shared.db.logins import PROTECTED, OrderTable, RowsOfUnit

_OPEN: Final = text(f"state in ({', '.join(repr(state.value) for state in State if state in OPEN_STATES)})")


class OrderRecord(Record):
    """What review remembers of an order."""

    __tablename__ = "reviewed_order"

    order_id: Mapped[str] = mapped_column(primary_key=True)
    scheme: Mapped[ReplyScheme]
    received_at: Mapped[datetime]
    demand_changes: Mapped[list[dict[str, Any]]] = mapped_column(
        comment="version, fields, at; the first first (S1.1.4c)"
    )
    cancelled_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("scheme in ('ordinary', 'enterprise_fast', 'national_report')", name="known_scheme"),
        {"info": {PROTECTED: OrderTable(lead=None, changed_by_units=False)}},
    )


class CaseworkerRecord(Record):
    """An account that handled an order and may therefore not review its reply (S2.3a)."""

    __tablename__ = "order_caseworker"

    order_id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(primary_key=True)

    __table_args__ = ({"info": {PROTECTED: RowsOfUnit(None)}},)


class ContactRecord(Record):
    """A unit's attempt to speak with the caller, against which its reply is checked (S2.2.3a)."""

    __tablename__ = "caller_contact"

    contact_id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column()
    unit: Mapped[str]
    turn: Mapped[int] = mapped_column(comment="of the order: a turn's contacts count for its reply")
    attempt: Mapped[int]
    outcome: Mapped[str]
    contacted_at: Mapped[datetime]
    sealed: Mapped[str] = mapped_column(comment="phone, person, content, as dispatch sealed them")

    __table_args__ = (
        Index("ix_caller_contact_order", "order_id", "turn", "attempt"),
        {"info": {PROTECTED: RowsOfUnit("unit")}},
    )


class RoundRecord(Record):
    """One reply on its way through review; kept for ever (S2.3c)."""

    __tablename__ = "reply_round"

    reply_id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str]
    unit: Mapped[str]
    round: Mapped[int]
    redos: Mapped[int] = mapped_column(comment="how often the order had been reopened when it was submitted")
    state: Mapped[State]
    disposition: Mapped[Disposition]
    demand_version: Mapped[int] = mapped_column(comment="of the order's content, as the unit answers it")
    reply: Mapped[str] = mapped_column(comment="sealed, as the unit submitted it")
    findings: Mapped[str] = mapped_column(comment="sealed JSON of the pre-check: it quotes the reply")
    blocking: Mapped[int] = mapped_column(comment="how many findings forbid an approval without a reason")
    findings_print: Mapped[str] = mapped_column(comment="keyed fingerprint of the reply's findings")
    submitted_by: Mapped[str]
    submitted_at: Mapped[datetime]
    leader_by: Mapped[str | None]
    leader_name: Mapped[str | None] = mapped_column(comment="sealed: the feedback names who let the reply go")
    leader_at: Mapped[datetime | None]
    centre_by: Mapped[str | None]
    centre_at: Mapped[datetime | None]
    taken_back_at: Mapped[datetime | None] = mapped_column(
        comment="when the platform rejected it after its approval: the demand had changed (S1.1.4c)"
    )
    opinion: Mapped[str | None] = mapped_column(comment="sealed: why it was rejected")
    override_reason: Mapped[str | None] = mapped_column(comment="sealed: why it passed with blocking findings")
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[VoidReason | None] = mapped_column(comment="cancelled, reassigned, reopened, superseded")
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - the mapper's own form
    __table_args__ = (
        CheckConstraint(
            "state in ('leader_review', 'centre_review', 'approved', 'rejected', 'leader_rejected', 'void')",
            name="known_state",
        ),
        CheckConstraint(
            "disposition in ('solved', 'out_of_scope', 'not_true', 'explanation', 'planned')", name="known_disposition"
        ),
        CheckConstraint("state not in ('rejected', 'leader_rejected') or opinion is not null", name="opinion_given"),
        CheckConstraint("taken_back_at is null or state = 'rejected'", name="taken_back_is_rejected"),
        CheckConstraint("(state = 'void') = (void_reason is not null)", name="void_has_a_reason"),
        Index("ix_reply_round_order", "order_id", "round"),
        Index("ix_reply_round_state", "state", "submitted_at", "reply_id"),
        Index("ix_reply_round_unit", "unit", "submitted_at", "reply_id"),
        Index("ix_reply_round_submitted", "submitted_at", "reply_id"),
        # An order has one open round at most: a later reply, of whichever unit, makes the earlier one void.
        Index("uq_reply_round_open", "order_id", unique=True, postgresql_where=_OPEN),
        {"info": {PROTECTED: RowsOfUnit("unit")}},
    )
