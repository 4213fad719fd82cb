"""The orders."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.dispatch.orders.model import Case, Status
from services.dispatch.recommending.model import Demand
from services.dispatch.record import Record, one_of
from shared.contracts.intake import Level, ReplyScheme
from shared.contracts.places import DEMAND
from shared.contracts.sla import ClockKind
from shared.db.logins import PROTECTED, OrderTable
from shared.personal.sealing import Sealer

_KEPT = (
    *("platform", "platform_no", "level", "subject", "scheme", "demand", "demand_version", "received_at", "is_test"),
    *("urgent", "queue", "out_of_scope", "flags_version", "urgent_found"),
    *(
        "first_unit",
        "assignment",
        "return_rejected",
        "assigned_at",
        "first_assigned_at",
        "returns",
        "redos",
        "revisits",
        "ended_at",
    ),
    *("answered_by", "turn", "turn_at", "fed_back_at", "changed_at"),
    *("pressing_at", "pressing_kind", "pressing_clock", "pressing_provisional"),
)
"""What no request of a unit changes."""


class CaseRecord(Record):
    """An order and its state; locked first by whoever changes it, so that its events leave in sequence (R7)."""

    __tablename__ = "order_case"

    order_id: Mapped[str] = mapped_column(primary_key=True)
    platform: Mapped[str]
    platform_no: Mapped[str]
    level: Mapped[str]
    subject: Mapped[str]
    scheme: Mapped[str]
    category: Mapped[str]
    urgent: Mapped[list[str]]
    queue: Mapped[int] = mapped_column(
        comment="0 safety, 1 livelihood, 2 policy, 3 ordinary: the most urgent orders come first (S1.3.1b)"
    )
    out_of_scope: Mapped[str | None]
    flags_version: Mapped[int] = mapped_column(comment="of urgent and out_of_scope, as intake counts their changes")
    urgent_found: Mapped[list[str]] = mapped_column(comment="what the words of the latest version suggest (S1.3.1a)")
    street: Mapped[str | None]
    confidential: Mapped[bool]
    demand: Mapped[str] = mapped_column(comment="sealed: title, content")
    demand_version: Mapped[int]
    demand_changes: Mapped[list[dict[str, Any]]] = mapped_column(
        comment="version, fields, at, since the assignment or the last reply: the unit has not answered them"
    )
    changed_at: Mapped[datetime | None] = mapped_column(comment="when the upstream last changed the order")
    pressing_at: Mapped[datetime] = mapped_column(
        server_default=text("'9999-12-31 00:00:00+00'"),
        comment="when the running clock is due that is due first; the end of 9999 while none runs (S1.3.1b)",
    )
    pressing_kind: Mapped[ClockKind | None] = mapped_column(Text)
    pressing_clock: Mapped[str | None]
    pressing_provisional: Mapped[bool | None]
    recommended: Mapped[list[str]] = mapped_column(comment="unit codes, best first (S2.1c)")
    received_at: Mapped[datetime]
    upstream_due_at: Mapped[datetime | None]
    is_test: Mapped[bool]

    status: Mapped[Status]
    unit: Mapped[str | None] = mapped_column(comment="who has the order now; null is the centre")
    first_unit: Mapped[str | None] = mapped_column(comment="immutable once set (S3.1a)")
    assignment: Mapped[int] = mapped_column(comment="number of the current or last assignment; 0 before the first")
    assigned_at: Mapped[datetime | None]
    first_assigned_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    no_return: Mapped[bool]
    return_rejected: Mapped[bool] = mapped_column(
        comment="the centre left it with its present unit, which had asked (S3.1d)"
    )
    returned_by: Mapped[list[str]] = mapped_column(comment="units that have asked to return it (A20)")
    answered_by: Mapped[list[str]] = mapped_column(comment="units whose leader has released a reply to it (S3.1b)")
    returns: Mapped[int] = mapped_column(comment="accepted returns (S3.1h)")
    turn: Mapped[int] = mapped_column(
        comment="an assignment, a redo and an approved plan begin one; 0 before the first"
    )
    turn_at: Mapped[datetime | None] = mapped_column(
        comment="when this turn began: earlier contacts do not count for it"
    )
    attempts: Mapped[int] = mapped_column(comment="contacts in this turn")
    failed_attempts: Mapped[int]
    counted_contacts: Mapped[int]
    promised_at: Mapped[datetime | None] = mapped_column(comment="the next contact that was promised (S2.2.1d)")
    round: Mapped[int] = mapped_column(comment="replies submitted so far")
    reply_id: Mapped[str | None] = mapped_column(comment="the reply that counts now")
    disposition: Mapped[str | None]
    redos: Mapped[int]
    fed_back_at: Mapped[datetime | None] = mapped_column(comment="when the upstream had the first reply of this cycle")
    revisits: Mapped[int] = mapped_column(comment="number of the last revisit")
    failed_revisit_days: Mapped[list[str]] = mapped_column(comment="days on which the upstream reached nobody (A32)")
    urges: Mapped[int]
    urged_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __table_args__ = (
        CheckConstraint(one_of("status", *Status), name="status"),
        CheckConstraint("queue between 0 and 3", name="queue"),
        CheckConstraint("returns >= 0 and redos >= 0 and round >= 0 and assignment >= 0", name="counters"),
        Index("ix_order_case_queue", "queue", "received_at", "order_id", postgresql_where=text("ended_at is null")),
        Index("ix_order_case_status", "status", "queue", "received_at", "order_id"),
        Index("ix_order_case_unit", "unit", "queue", "received_at", "order_id"),
        # A unit's open orders are a hundredth of all that it ever had.
        Index(
            "ix_order_case_unit_open",
            *("unit", "queue", "received_at", "order_id"),
            postgresql_where=text("ended_at is null"),
        ),
        Index(
            "ix_order_case_pressing",
            *("queue", "pressing_at", "received_at", "order_id"),
            postgresql_where=text("ended_at is null"),
        ),
        Index(
            "ix_order_case_unit_pressing",
            *("unit", "queue", "pressing_at", "received_at", "order_id"),
            postgresql_where=text("ended_at is null"),
        ),
        {"info": {PROTECTED: OrderTable(lead="unit", kept=_KEPT)}},
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    def open_demand(self, sealer: Sealer) -> Demand:
        """What the caller asks for, opened; intake sealed it."""
        content = sealer.open_json(self.demand, DEMAND.at(order_id=self.order_id))
        return Demand(content["title"], content["content"])

    def begin_turn(self, at: datetime) -> None:
        """The unit is to speak with the caller anew: contacts of before count no more (S2.2.3a, S2.2.2f)."""
        self.turn, self.turn_at = self.turn + 1, at
        self.attempts = self.failed_attempts = self.counted_contacts = 0

    def as_case(self) -> Case:
        """The facts that the rules look at."""
        level: Level = self.level  # type: ignore[assignment]  # written from the event, which is checked
        scheme: ReplyScheme = self.scheme  # type: ignore[assignment]
        return Case(
            status=self.status,
            unit=self.unit,
            level=level,
            scheme=scheme,
            received_at=self.received_at,
            assigned_at=self.assigned_at,
            first_assigned_at=self.first_assigned_at,
            no_return=self.no_return,
            returned_by=tuple(self.returned_by),
            answered_by=tuple(self.answered_by),
            returns=self.returns,
            turn_at=self.turn_at,
            counted_contacts=self.counted_contacts,
        )
