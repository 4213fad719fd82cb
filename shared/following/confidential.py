"""Which orders are confidential, and by which words their callers are known, in a service that shows texts of orders (X2).

Intake tells it with each version; an order that becomes confidential by a later version is so from then on in all that
is shown of it, also in what was written before.  A service mounts the follower before handlers of its own for the same
events:

    subscriptions={OrderReceived: (follow_confidential, ...), OrderUpdated: (follow_confidential, ...)}
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.access import Scope
from shared.contracts.intake import OrderReceived, OrderUpdated
from shared.contracts.places import KNOWN_BY
from shared.personal.sealing import Sealer
from shared.work import Work

_STORE: Final = text(
    """
insert into confidential_order as c (order_id, version, confidential, known_by)
values (:order_id, :version, true, :known_by)
on conflict (order_id) do update set version = excluded.version, confidential = true, known_by = excluded.known_by
where c.version <= excluded.version
"""
)
# Most orders never were confidential and have no row.
_LIFT: Final = text(
    "update confidential_order set version = :version, confidential = false, known_by = null "
    "where order_id = :order_id and version <= :version"
)
_AMONG: Final = text(
    "select order_id, known_by from confidential_order where confidential and order_id = any(cast(:ids as text[]))"
)


async def follow_confidential(work: Work, event: OrderReceived | OrderUpdated) -> None:
    """Store what this version of the order says; an older one than the stored changes nothing."""
    version = event.version if isinstance(event, OrderUpdated) else 1
    connection = await work.session.connection()
    if event.confidential:
        row = {"order_id": event.order_id, "version": version, "known_by": event.known_by}
        await connection.execute(_STORE, row)
    elif isinstance(event, OrderUpdated):
        await connection.execute(_LIFT, {"order_id": event.order_id, "version": version})


async def callers_kept_back(
    session: AsyncSession, sealer: Sealer, scope: Scope, order_ids: Collection[str]
) -> Mapping[str, tuple[str, ...]]:
    """Of these orders the confidential ones whose caller the reader may not know, with the words by which he is known."""
    if scope.knows_callers or not order_ids:
        return {}
    rows = await (await session.connection()).execute(_AMONG, {"ids": list(order_ids)})
    return {row.order_id: opened_words(sealer, row.order_id, row.known_by) for row in rows}


def opened_words(sealer: Sealer, order_id: str, sealed: str | None) -> tuple[str, ...]:
    """The words by which a caller is known, opened."""
    return () if sealed is None else tuple(sealer.open_json(sealed, KNOWN_BY.at(order_id=order_id)))
