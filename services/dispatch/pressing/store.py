"""Which clock presses most, written beside the orders: a list sorted by it reads an index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text

from services.dispatch.orders.model import NEVER
from services.dispatch.pressing.model import KnownClock
from services.dispatch.pressing.rules import most_pressing
from services.dispatch.pressing.tables import ClocksRecord
from shared.work import Work

# Not through the record: its version counts what people change, and a deadline that moves must refuse nobody's command.
_PRESS: Final = text(
    """
update order_case c set pressing_at = p.at, pressing_kind = p.kind, pressing_clock = p.clock,
  pressing_provisional = p.provisional
from unnest(cast(:orders as text[]), cast(:ats as timestamptz[]), cast(:kinds as text[]), cast(:clocks as text[]),
  cast(:provisional as bool[])) as p(order_id, at, kind, clock, provisional)
where c.order_id = p.order_id and (c.pressing_at, c.pressing_kind, c.pressing_clock, c.pressing_provisional)
  is distinct from (p.at, p.kind, p.clock, p.provisional)
"""
)


async def write_pressing(work: Work, order_ids: Sequence[str]) -> None:
    """Write what presses most beside each of these orders, in one statement."""
    pressing: dict[str, KnownClock | None] = {}
    for order_id in sorted(set(order_ids)):
        record = await work.locked(ClocksRecord, order_id)
        known = () if record is None else tuple(map(KnownClock.of, record.clocks.values()))
        pressing[order_id] = most_pressing(known)
    found = list(pressing.values())
    await (await work.session.connection()).execute(
        _PRESS,
        {
            "orders": list(pressing),
            "ats": [NEVER if clock is None else clock.due_at for clock in found],
            "kinds": [None if clock is None else clock.kind for clock in found],
            "clocks": [None if clock is None else clock.clock_id for clock in found],
            "provisional": [None if clock is None else clock.provisional for clock in found],
        },
    )
