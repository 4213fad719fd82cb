"""News: entries of timelines that have a topic, in the sequence in which they became visible; and who has read how far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.news.model import Interest, News
from services.dispatch.news.policy import COUNTED
from services.dispatch.news.tables import NewsSeenRecord
from services.dispatch.orders.tables import CaseRecord
from services.dispatch.timeline.tables import TimelineHead, TimelineRecord
from shared.lists import Keyset, Listed

_COLUMNS: Final = tuple(getattr(TimelineRecord, name) for name in News._fields)
_NEWEST_FIRST: Final = Keyset(TimelineRecord.position, descending=True)


async def last_position(session: AsyncSession) -> int:
    """The position of the newest entry; 0 before the first."""
    return await session.scalar(select(TimelineHead.last)) or 0


async def news_after(session: AsyncSession, position: int, limit: int) -> Sequence[News]:
    """What follows a position, for whomever it is."""
    query = select(*_COLUMNS).where(TimelineRecord.topic.is_not(None), TimelineRecord.position > position)
    return [News(*row) for row in await session.execute(query.order_by(TimelineRecord.position).limit(limit))]


async def news_of(
    session: AsyncSession, interest: Interest, *, since: int, cursor: str | None, limit: int
) -> Listed[News]:
    """What concerns the person after a position, the newest first."""
    query = select(*_COLUMNS).where(*_concerns(interest), TimelineRecord.position > since)
    listed = await _NEWEST_FIRST.page(session, query, cursor=cursor, limit=limit)
    return Listed([News(*row) for row in listed.rows], listed.next)


async def count_after(session: AsyncSession, interest: Interest, position: int) -> int:
    """How much concerns the person after a position; COUNTED + 1 stands for more than COUNTED."""
    some = select(TimelineRecord.position).where(*_concerns(interest), TimelineRecord.position > position)
    counted = select(func.count()).select_from(some.limit(COUNTED + 1).subquery())
    return int(await session.scalar(counted) or 0)


def _concerns(interest: Interest) -> tuple[ColumnElement[bool], ...]:
    """As `rules.concerns` decides it."""
    topic, unit = TimelineRecord.topic, TimelineRecord.unit
    audiences: list[ColumnElement[bool]] = []
    if interest.own:
        audiences.append(and_(unit == interest.unit, topic.in_(sorted(interest.own))))
    if interest.everywhere:
        audiences.append(topic.in_(sorted(interest.everywhere)))
    if interest.unassigned:
        audiences.append(and_(unit.is_(None), topic.in_(sorted(interest.unassigned))))
    return topic.is_not(None), or_(False, *audiences), TimelineRecord.actor != interest.account


async def orders_of(session: AsyncSession, news: Sequence[News]) -> Mapping[str, CaseRecord]:
    """The orders of these news, those that the reader may see and that have arrived."""
    query = select(CaseRecord).where(CaseRecord.order_id.in_({one.order_id for one in news}))
    return {record.order_id: record for record in await session.scalars(query)}


async def seen_upto(session: AsyncSession, account: str) -> int:
    """Up to where the person has read; 0 before the first time."""
    return await session.scalar(select(NewsSeenRecord.position).where(NewsSeenRecord.account == account)) or 0


async def mark_seen(session: AsyncSession, account: str, position: int, *, now: datetime) -> int:
    """Note that the person has read up to a position, never back and never beyond the newest; up to where by now."""
    seen: Any = NewsSeenRecord
    reached = func.least(position, select(TimelineHead.last).scalar_subquery())
    new = insert(seen).values(account=account, position=reached, seen_at=now)
    changed = new.on_conflict_do_update(
        index_elements=["account"],
        set_={"position": func.greatest(seen.position, new.excluded.position), "seen_at": now},
    )
    found: int = (await session.execute(changed.returning(seen.position))).scalar_one()
    return found
