"""The clocks of the orders, as sla tells them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from services.dispatch.record import Record
from shared.db.logins import PROTECTED, OrderTable


class ClocksRecord(Record):
    """All clocks of one order; a row may come before its order does."""

    __tablename__ = "order_clocks"

    order_id: Mapped[str] = mapped_column(primary_key=True)
    clocks: Mapped[dict[str, dict[str, Any]]] = mapped_column(
        comment="by the clock's id: kind, due_at, provisional, running, told_at; ended ones too"
    )

    __table_args__ = ({"info": {PROTECTED: OrderTable(lead=None, changed_by_units=False)}},)
