"""What a transaction has read and locked, so that each row is read once however many events are applied in it.

Whoever changes the clocks of an order locks the order first, and the loops pass by clocks that are locked: nothing that
is held here changes under the transaction that holds it. It ends with its session, which is one unit of work.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Text, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.model import State
from services.sla.policy import RuleSet
from services.sla.tables import ClockRecord, OrderRecord, RuleSetRecord

_NAME: Final = "held"

Occasion = tuple[str, str]
"""A clock's kind and what started it: together at most once per order."""


@dataclass(slots=True)
class Held:
    """The rows of one transaction, by order."""

    orders: dict[str, OrderRecord] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    """Orders that were looked for and are not there."""
    clocks: dict[str, list[ClockRecord]] = field(default_factory=dict)
    """Those that ran when they were read, and those that were armed since."""
    occasions: dict[str, set[Occasion]] = field(default_factory=dict)
    """What has started a clock so far, ended ones included; not known of every order."""
    published: list[RuleSetRecord] | None = None
    rule_sets: dict[str, RuleSet] = field(default_factory=dict)

    def receive(self, order: OrderRecord) -> None:
        """An order that was absent is there, and has no clocks yet."""
        self.absent.discard(order.order_id)
        self.orders[order.order_id] = order
        self.clocks[order.order_id], self.occasions[order.order_id] = [], set()

    def arm(self, clock: ClockRecord) -> bool:
        """Another clock of an order; False when this occasion has started one of its kind before."""
        occasion, known = (clock.kind, clock.occasion), self.occasions[clock.order_id]
        if occasion in known:
            return False
        known.add(occasion)
        self.clocks[clock.order_id].append(clock)
        return True

    def forget_clocks(self, order_ids: Iterable[str]) -> None:
        """The clocks of these orders are no longer known: they are read again."""
        for order_id in order_ids:
            self.clocks.pop(order_id, None)


def held_by(session: AsyncSession) -> Held:
    """What the session's transaction holds."""
    held: Held = session.info.setdefault(_NAME, Held())
    return held


# Built once, with one array for the ids: a list of its own length would be another statement to the server each time.
_IDS: Final = any_(bindparam("ids", type_=ARRAY(Text)))
_ORDERS: Final = (
    select(OrderRecord).where(OrderRecord.order_id == _IDS).order_by(OrderRecord.order_id).with_for_update()
)
_RUNNING: Final = (
    select(ClockRecord)
    .where(ClockRecord.order_id == _IDS, ClockRecord.state == State.RUNNING)
    .order_by(ClockRecord.id)
    .with_for_update()
)
_STARTED: Final = select(ClockRecord.order_id, ClockRecord.kind, ClockRecord.occasion).where(
    ClockRecord.order_id == _IDS
)


async def hold(session: AsyncSession, order_ids: Collection[str]) -> None:
    """Lock these orders and their running clocks and read all that handlers ask of them, in three statements."""
    held = held_by(session)
    orders = await session.scalars(_ORDERS, {"ids": list(order_ids)})
    held.orders |= {order.order_id: order for order in orders}
    held.absent |= set(order_ids) - held.orders.keys()
    found = [order_id for order_id in order_ids if order_id in held.orders]
    if not found:
        return
    held.clocks |= {order_id: [] for order_id in found}
    held.occasions |= {order_id: set() for order_id in found}
    for clock in await session.scalars(_RUNNING, {"ids": found}):
        held.clocks[clock.order_id].append(clock)
    # After the lock of the orders: what another transaction armed before it let them go is among these.
    for order_id, kind, occasion in await session.execute(_STARTED, {"ids": found}):
        held.occasions[order_id].add((kind, occasion))
