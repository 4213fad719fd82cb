"""Orders as they are read and followed; the reader's scope is applied here and nowhere else (S4.2a)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, func, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.orders.model import State
from services.intake.orders.tables import Caller, OrderVersion, Reveal, UpstreamOrderRecord
from services.intake.record import Record
from shared.access import Scope
from shared.errors import NotFound
from shared.lists import Keyset, Listed
from shared.work import Work

_NEWEST_FIRST: Final = Keyset(UpstreamOrderRecord.received_at, UpstreamOrderRecord.order_id, descending=True)
_MOST_URGENT_FIRST: Final = Keyset(
    UpstreamOrderRecord.queue, UpstreamOrderRecord.received_at, UpstreamOrderRecord.order_id
)
_OVER: Final = (State.CLOSED, State.CANCELLED)


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders a listing asks for; None for all."""

    channel: str | None = None
    level: str | None = None
    state: State | None = None
    received_from: datetime | None = None
    received_to: datetime | None = None
    urgent_first: bool = False
    """Those that are not over, by urgent class and then the oldest first; otherwise all, the newest first."""


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """An order with its present version and its caller (in lists where it is needed); personal data still sealed."""

    record: UpstreamOrderRecord
    version: OrderVersion
    caller: Caller | None


def visible(scope: Scope) -> ColumnElement[bool]:
    """The whole district, or what the unit holds now."""
    return true() if scope.everything else UpstreamOrderRecord.holder_unit == scope.unit


def with_version(*extra: Any) -> Any:
    """Orders, each with its present version."""
    return select(UpstreamOrderRecord, OrderVersion, *extra).join(
        OrderVersion,
        and_(
            OrderVersion.order_id == UpstreamOrderRecord.order_id,
            OrderVersion.version == UpstreamOrderRecord.version,
        ),
    )


async def orders_page(
    session: AsyncSession, scope: Scope, wanted: OrderFilter, *, cursor: str | None, limit: int
) -> Listed[StoredOrder]:
    """Newest first, or the most urgent of those that are not over (S1.3.1b)."""
    record = UpstreamOrderRecord
    # The columns of the cursor beside the records: the list reads them from each row.
    query = with_version(record.queue, record.received_at, record.order_id).where(visible(scope))
    for column, value in (
        (record.platform, wanted.channel),
        (record.level, wanted.level),
        (record.state, wanted.state),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.received_from is not None:
        query = query.where(record.received_at >= wanted.received_from)
    if wanted.received_to is not None:
        query = query.where(record.received_at < wanted.received_to)
    if wanted.urgent_first and wanted.state is None:
        query = query.where(record.state.not_in(_OVER))
    sequence = _MOST_URGENT_FIRST if wanted.urgent_first else _NEWEST_FIRST
    page = await sequence.page(session, query, cursor=cursor, limit=limit)
    callers = await callers_to_strike(session, scope, [row[0] for row in page.rows])
    return Listed([StoredOrder(row[0], row[1], callers.get(row[0].order_id)) for row in page.rows], page.next)


async def callers_to_strike(
    session: AsyncSession, scope: Scope, records: Sequence[UpstreamOrderRecord]
) -> dict[str, Caller]:
    """The callers whom the reader may not know, by order: what names them is struck out of the titles."""
    ids = [] if scope.knows_callers else [record.order_id for record in records if record.confidential]
    if not ids:
        return {}
    found = await session.scalars(select(Caller).where(Caller.order_id.in_(ids)))
    return {caller.order_id: caller for caller in found}


_ORDER = (
    with_version(Caller)
    .outerjoin(Caller, Caller.order_id == UpstreamOrderRecord.order_id)
    .where(UpstreamOrderRecord.order_id == bindparam("of"))
)


async def order_of(session: AsyncSession, scope: Scope, order_id: str) -> StoredOrder:
    """One order with its caller; NotFound when unknown or not the reader's."""
    query = _ORDER if scope.everything else _ORDER.where(visible(scope))
    row = (await session.execute(query, {"of": order_id})).one_or_none()
    if row is None:
        raise NotFound("工单", order_id)
    return StoredOrder(row[0], row[1], row[2])


async def versions_of(session: AsyncSession, order_id: str) -> Sequence[OrderVersion]:
    """All versions of an order that the reader was found to reach, the oldest first."""
    query = select(OrderVersion).where(OrderVersion.order_id == order_id).order_by(OrderVersion.version)
    return (await session.scalars(query)).all()


async def order_for_update(work: Work, order_id: str) -> UpstreamOrderRecord:
    """The order's record, locked; NotFound when there is none."""
    record = await work.locked(UpstreamOrderRecord, order_id)
    if record is None:
        raise NotFound("工单", order_id)
    return record


# Built once: the columns take longer to put into a statement than PostgreSQL takes to read them.
_NUMBERED = (
    select(UpstreamOrderRecord)
    .where(UpstreamOrderRecord.platform == bindparam("of"), UpstreamOrderRecord.platform_no == bindparam("no"))
    .with_for_update()
)


async def numbered_for_update(session: AsyncSession, platform: str, platform_no: str) -> UpstreamOrderRecord | None:
    """The record of a platform's order, locked; None when the platform never sent it."""
    return await session.scalar(_NUMBERED, {"of": platform, "no": platform_no})


_VERSIONS: Final = Record.metadata.tables[OrderVersion.__tablename__]
_CHANGED_SINCE: Final = (
    select(_VERSIONS.c.version, _VERSIONS.c.changed)
    .where(_VERSIONS.c.order_id == bindparam("of"), _VERSIONS.c.version > bindparam("version"))
    .order_by(_VERSIONS.c.version)
)


async def present_version(session: AsyncSession, record: UpstreamOrderRecord) -> OrderVersion:
    """The order's present version."""
    return (
        await session.scalars(
            select(OrderVersion).where(OrderVersion.order_id == record.order_id, OrderVersion.version == record.version)
        )
    ).one()


async def fields_changed_since(session: AsyncSession, order_id: str, version: int) -> Mapping[int, Sequence[str]]:
    """Of each version of the order after this one, the first first, which fields differ from the one before."""
    connection = await session.connection()
    rows = await connection.execute(_CHANGED_SINCE, {"of": order_id, "version": version})
    return {row.version: row.changed for row in rows}


async def caller_of_order(session: AsyncSession, order_id: str) -> Caller:
    """Who called."""
    return (await session.scalars(select(Caller).where(Caller.order_id == order_id))).one()


async def note_reveal(
    session: AsyncSession, *, id: str, account: str, order_id: str, purpose: str, at: datetime
) -> None:
    """Store who looked at a caller's identity, and why."""
    await session.execute(insert(Reveal).values(id=id, account=account, order_id=order_id, purpose=purpose, at=at))


async def reveals_since(session: AsyncSession, account: str, since: datetime) -> int:
    """How many identities an account looked at since then."""
    found = await session.scalar(
        select(func.count()).select_from(Reveal).where(Reveal.account == account, Reveal.at > since)
    )
    return int(found or 0)
