"""The queries for rounds.  What a person may see is decided here, by `scope`, and nowhere else (S4.2a)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.review.checks.model import DemandChange
from services.review.record import Record
from services.review.rounds.model import State
from services.review.rounds.tables import CaseworkerRecord, OrderRecord, RoundRecord
from shared.access import Scope, Sight, Words
from shared.errors import NotFound
from shared.following.confidential import callers_kept_back
from shared.following.parts import seen_rows
from shared.lists import Keyset, Listed
from shared.personal.sealing import Sealer

SEQUENCE: Final = (RoundRecord.round, RoundRecord.submitted_at, RoundRecord.reply_id)
"""How the rounds of one order are sorted."""

_LONGEST_WAITING_FIRST: Final = Keyset(RoundRecord.submitted_at, RoundRecord.reply_id)
# Built once: building a statement takes longer than running it.
_ROUND: Final = select(RoundRecord).where(RoundRecord.reply_id == bindparam("of")).with_for_update()
_ORDERS: Final = Record.metadata.tables[OrderRecord.__tablename__]
_HANDLED: Final = Record.metadata.tables[CaseworkerRecord.__tablename__]
_BACKGROUND: Final = select(
    select(_ORDERS.c.scheme).where(_ORDERS.c.order_id == bindparam("of")).scalar_subquery(),
    select(_ORDERS.c.demand_changes).where(_ORDERS.c.order_id == bindparam("of")).scalar_subquery(),
    func.array(select(_HANDLED.c.account).where(_HANDLED.c.order_id == bindparam("of")).scalar_subquery()),
)


@dataclass(frozen=True, slots=True)
class Background:
    """Of an order: the reply scheme that its channel demands (None when it is not known here), and who handled it."""

    scheme: str | None
    changes: tuple[DemandChange, ...]
    """What the upstream has changed of the order since it was received."""
    caseworkers: frozenset[str]


def _visible(scope: Scope) -> ColumnElement[bool]:
    return seen_rows(scope, unit=RoundRecord.unit, order_id=RoundRecord.order_id)


async def round_for_update(session: AsyncSession, reply_id: str, *, unit: str | None = None) -> RoundRecord:
    """The round, locked; NotFound when it is unknown or, with `unit`, another unit's."""
    found = (await session.scalars(_ROUND, {"of": reply_id})).one_or_none()
    if found is None or (unit is not None and found.unit != unit):
        raise NotFound("答复", reply_id)
    return found


async def background_of(session: AsyncSession, order_id: str) -> Background:
    """What is known here of the round's order, in one statement."""
    connection = await session.connection()
    scheme, changes, accounts = (await connection.execute(_BACKGROUND, {"of": order_id})).one()
    return Background(scheme, tuple(map(DemandChange.of, changes or ())), frozenset(accounts))


async def sights_of(
    session: AsyncSession, sealer: Sealer, scope: Scope, records: Sequence[RoundRecord], background: Background
) -> dict[str, Sight]:
    """How the words of each of these rounds of one order are shown, by the reply's id (X2)."""
    kept_back = await callers_kept_back(session, sealer, scope, {record.order_id for record in records})
    # A reply may be heard of before its order: until then nobody here knows whether the order is confidential.
    unknown = background.scheme is None and not scope.knows_callers
    return {
        record.reply_id: Sight(Words.NONE if unknown else scope.words_for(record.unit), kept_back.get(record.order_id))
        for record in records
    }


async def round_of(session: AsyncSession, scope: Scope, reply_id: str) -> RoundRecord:
    """The round for reading; NotFound when it is unknown or not in the caller's scope."""
    query = select(RoundRecord).where(RoundRecord.reply_id == reply_id, _visible(scope))
    found = (await session.scalars(query)).one_or_none()
    if found is None:
        raise NotFound("答复", reply_id)
    return found


async def rounds_of(session: AsyncSession, scope: Scope, order_id: str) -> Sequence[RoundRecord]:
    """The order's rounds in their sequence, as far as the caller may see them; NotFound when there is none."""
    query = select(RoundRecord).where(RoundRecord.order_id == order_id, _visible(scope)).order_by(*SEQUENCE)
    found = (await session.scalars(query)).all()
    if not found:
        raise NotFound("工单答复", order_id)
    return found


async def page_of_rounds(
    session: AsyncSession,
    scope: Scope,
    *,
    states: Collection[State],
    unit: str | None,
    cursor: str | None,
    limit: int,
) -> Listed[RoundRecord]:
    """A page of the rounds in these states, the longest waiting first."""
    query = select(RoundRecord).where(RoundRecord.state.in_(states))
    if not scope.everything:  # the work of a unit: what it submitted itself
        query = query.where(RoundRecord.unit == scope.unit)
    if unit is not None:
        query = query.where(RoundRecord.unit == unit)
    return await _LONGEST_WAITING_FIRST.page(session, query, cursor=cursor, limit=limit)
