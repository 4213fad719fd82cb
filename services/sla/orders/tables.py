"""What sla remembers of an order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.sla.orders.model import Received
from services.sla.record import Record
from shared.db.logins import PROTECTED, OrderTable


class OrderRecord(Record):
    """What the clocks need of an order; every handler locks it first, so that its events are applied one by one."""

    __tablename__ = "clocked_order"

    order_id: Mapped[str] = mapped_column(primary_key=True)
    scheme: Mapped[str]
    urgent: Mapped[bool]
    received_at: Mapped[datetime]
    upstream_due_at: Mapped[datetime | None]
    unit: Mapped[str | None] = mapped_column(comment="the unit that has the order now")
    ended_at: Mapped[datetime | None]
    rules: Mapped[str] = mapped_column(
        server_default=text("'circular-2022'"), comment="the rule set in force when the order was received (X3)"
    )
    cancelled: Mapped[bool] = mapped_column(
        server_default=text("false"), comment="nothing starts any more, also not by events from before the cancellation"
    )
    redos: Mapped[int] = mapped_column(
        server_default=text("0"), comment="how often it was reopened: acknowledgements of earlier cycles stop nothing"
    )
    answered_redos: Mapped[int | None] = mapped_column(comment="the latest cycle whose reply the upstream has")
    answered_at: Mapped[datetime | None] = mapped_column(comment="since when")
    queue: Mapped[int] = mapped_column(
        Integer,
        server_default=text("3"),
        comment="0 safety, 1 livelihood, 2 policy, 3 ordinary: the most urgent orders come first (S1.3.1b)",
    )
    safety: Mapped[bool] = mapped_column(
        server_default=text("false"), comment="a safety emergency: no quiet hours for its warnings"
    )
    urgent_since: Mapped[datetime | None] = mapped_column(comment="since when it is urgent without a break")
    flags_version: Mapped[int] = mapped_column(
        server_default=text("1"), comment="of the urgent classes, as intake counts their changes"
    )
    answering: Mapped[list[str]] = mapped_column(
        JSONB,
        server_default=text("'[]'"),
        comment="from when the unit that has it has a day to answer the caller: at most one in each of its turns",
    )
    steps: Mapped[list[list[str]]] = mapped_column(
        JSONB,
        server_default=text("'[]'"),
        comment="moment, step and reply: what these days depend on, since the assignment",
    )
    no_return: Mapped[bool] = mapped_column(server_default=text("false"), comment="the unit can no longer return it")
    assigned_at: Mapped[datetime | None] = mapped_column(comment="the latest assignment")
    released: Mapped[list[dict[str, Any]]] = mapped_column(
        server_default=text("'[]'"),
        comment="unit and moment of every reply that a unit's leader let go: the unit returns the order no more (S3.1b)",
    )
    occasions: Mapped[list[str]] = mapped_column(
        server_default=text("'[]'"), comment="kind and occasion of every clock that was started: each starts one clock"
    )

    __table_args__ = ({"info": {PROTECTED: OrderTable(lead="unit")}},)

    def answered(self, unit: str, since: datetime) -> datetime | None:
        """When the unit's leader first let a reply go, not before `since`; None when none has."""
        found = [datetime.fromisoformat(one["at"]) for one in self.released if one["unit"] == unit]
        return min((at for at in found if at >= since), default=None)

    @property
    def answering_since(self) -> frozenset[datetime]:
        """From when the unit has its days to answer the caller (S1.3.1c)."""
        return frozenset(map(datetime.fromisoformat, self.answering))

    @answering_since.setter
    def answering_since(self, moments: frozenset[datetime]) -> None:
        self.answering = [at.isoformat() for at in sorted(moments)]

    @property
    def facts(self) -> Received:
        """What the rules need to know of the order."""
        return Received(
            self.order_id,
            self.scheme,
            self.urgent,
            self.received_at,
            self.upstream_due_at,
            queue=self.queue,
            safety=self.safety,
            urgent_since=self.urgent_since,
        )
