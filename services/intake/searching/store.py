"""The query of a search.  A unit searches among the orders that it has (S4.2a)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.channels.policy import CHANNELS
from services.intake.orders.rules import pairs_of
from services.intake.orders.store import StoredOrder, visible, with_version
from services.intake.orders.tables import Caller, UpstreamOrderRecord
from services.intake.searching.model import Search
from shared.access import Scope
from shared.lists import Keyset, Listed
from shared.personal.sealing import Sealer

_NEWEST_FIRST: Final = Keyset(UpstreamOrderRecord.received_at, UpstreamOrderRecord.order_id, descending=True)


async def orders_found(
    session: AsyncSession, sealer: Sealer, scope: Scope, search: Search, *, cursor: str | None, limit: int
) -> Listed[StoredOrder]:
    """Newest first: the orders whose hashes fit; that the words stand together the caller sees in the titles."""
    record = UpstreamOrderRecord
    query = with_version(Caller, record.received_at, record.order_id)
    query = query.join(Caller, Caller.order_id == record.order_id).where(visible(scope))
    if search.order_no is not None:
        query = query.where(_numbered(search.order_no))
    prints = {sealer.search_print("pair", pair) for word in search.words for pair in pairs_of(word)}
    if search.phone is not None:
        prints.add(sealer.search_print("phone", search.phone))
        if not scope.knows_callers:
            query = query.where(record.confidential.is_(False))
    if prints:
        query = query.where(Caller.prints.contains(sorted(prints)))
    page = await _NEWEST_FIRST.page(session, query, cursor=cursor, limit=limit)
    return Listed([StoredOrder(row[0], row[1], row[2]) for row in page.rows], page.next)


def _numbered(number: str) -> ColumnElement[bool]:
    # By the channels' codes, so that the index of platform and number is used.
    theirs = and_(UpstreamOrderRecord.platform.in_(list(CHANNELS)), UpstreamOrderRecord.platform_no == number)
    try:
        ours = str(UUID(number))
    except ValueError:
        return theirs
    return or_(theirs, UpstreamOrderRecord.order_id == ours)
