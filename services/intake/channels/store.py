"""The receipts of requests: a webhook-id is taken once, and keeps its answer; and their unknown fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.channels.model import Answered
from services.intake.channels.tables import Receipt, UnknownFields
from services.intake.record import Record

# Built once: such a statement takes longer to put together than to run.
_RECEIPTS = Record.metadata.tables[Receipt.__tablename__]
_CLAIM = insert(_RECEIPTS).on_conflict_do_nothing().returning(_RECEIPTS.c.channel)
_KNOWN = select(
    Receipt.body_hash, Receipt.status, Receipt.order_id, Receipt.version, Receipt.quarantine_id, Receipt.not_applied
).where(Receipt.channel == bindparam("of"), Receipt.webhook_id == bindparam("id"))
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


@dataclass(frozen=True, slots=True)
class KnownReceipt:
    """The answer that a request got before."""

    body_hash: bytes
    status: int
    order_id: str | None
    version: int | None
    quarantine_id: str | None
    not_applied: str | None

    @property
    def answer(self) -> Answered:
        """The same answer again."""
        return Answered(
            self.status,
            self.order_id,
            self.version,
            replayed=True,
            quarantine_id=self.quarantine_id,
            not_applied=self.not_applied,
        )


async def claim_receipt(
    session: AsyncSession, *, channel: str, webhook_id: str, body_hash: bytes, status: int, at: datetime
) -> KnownReceipt | None:
    """Take a request's id; what was answered to it before, if it was.  A second request with the id waits here."""
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
    """Store what a request was answered."""
    answer = {"answered": status, "order": order_id, "as_version": version, "kept": quarantine_id}
    await (await session.connection()).execute(_SETTLE, {"of": channel, "id": webhook_id, **answer})


async def unknown_fields_of(session: AsyncSession, order_id: str, limit: int) -> Sequence[UnknownFields]:
    """The requests about an order that the reader was found to reach which had unknown fields, the newest first."""
    query = (
        select(UnknownFields)
        .where(UnknownFields.order_id == order_id)
        .order_by(UnknownFields.received_at.desc(), UnknownFields.webhook_id)
        .limit(limit)
    )
    return (await session.scalars(query)).all()
