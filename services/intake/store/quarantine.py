"""Receipts of the platforms' smaller requests, and the requests that could not be understood."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from services.intake.store.acceptance import KnownReceipt
from services.intake.store.paging import Position, behind
from services.intake.tables import Quarantined, Receipt, Record
from shared.errors import NotListed

# Built once: such a statement takes longer to put together than to run.
_RECEIPTS = Record.metadata.tables[Receipt.__tablename__]
_CLAIM = insert(_RECEIPTS).on_conflict_do_nothing().returning(_RECEIPTS.c.channel)
_KNOWN = select(Receipt.body_hash, Receipt.status, Receipt.order_id, Receipt.version, Receipt.quarantine_id).where(
    Receipt.channel == bindparam("of"), Receipt.webhook_id == bindparam("id")
)
_SETTLE = (
    update(_RECEIPTS)
    .where(_RECEIPTS.c.channel == bindparam("of"), _RECEIPTS.c.webhook_id == bindparam("id"))
    .values(
        status=bindparam("answered"),
        order_id=bindparam("order"),
        version=bindparam("as_version"),
        quarantine_id=bindparam("kept"),
    )
)


async def claim_receipt(
    session: AsyncSession, *, channel: str, webhook_id: str, body_hash: bytes, status: int, at: datetime
) -> KnownReceipt | None:
    """Take a request's id; what was answered to it before, if it was.  A second one waits here for the first."""
    receipt = {"channel": channel, "webhook_id": webhook_id, "body_hash": body_hash, "status": status}
    connection = await session.connection()
    if (await connection.execute(_CLAIM, {**receipt, "received_at": at})).first() is not None:
        return None
    known = (await connection.execute(_KNOWN, {"of": channel, "id": webhook_id})).one()
    return KnownReceipt(*known)


async def settle_receipt(
    session: AsyncSession,
    *,
    channel: str,
    webhook_id: str,
    status: int,
    order_id: str | None = None,
    version: int | None = None,
    quarantine_id: str | None = None,
) -> None:
    """Say what a request was answered."""
    answer = {"answered": status, "order": order_id, "as_version": version, "kept": quarantine_id}
    await (await session.connection()).execute(_SETTLE, {"of": channel, "id": webhook_id, **answer})


async def unverified_waiting(session: AsyncSession, source: str) -> tuple[int, int]:
    """Unsigned requests that wait for a decision: of this address, and of all."""
    row = (
        await session.execute(
            select(func.count().filter(Quarantined.source == source), func.count()).where(
                Quarantined.state == "waiting", Quarantined.verified.is_(False)
            )
        )
    ).one()
    return int(row[0]), int(row[1])


async def quarantined_page(
    session: AsyncSession, *, state: str | None, after: Position | None, limit: int
) -> Sequence[Quarantined]:
    """Newest first, behind the position `after` (received_at, id); their bodies stay there."""
    query = select(Quarantined).options(defer(Quarantined.body, raiseload=True))
    if state is not None:
        query = query.where(Quarantined.state == state)
    if after is not None:
        query = query.where(behind(Quarantined.received_at, Quarantined.id, after))
    query = query.order_by(Quarantined.received_at.desc(), Quarantined.id.desc()).limit(limit)
    return (await session.scalars(query)).all()


async def quarantined(session: AsyncSession, quarantine_id: str, *, lock: bool = False) -> Quarantined:
    """One request, locked if it is to be decided; NotListed when there is none."""
    record = await session.get(Quarantined, quarantine_id, with_for_update=lock or None)
    if record is None:
        raise NotListed("隔离请求", quarantine_id)
    return record
