"""The running clocks of an order, locked for what changes them; and clocks for people, within their scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.clocks.errors import ClockUnknown, OrderHasNoClocks
from services.sla.clocks.model import State
from services.sla.clocks.policy import STEP_KINDS
from services.sla.clocks.tables import CLOSED_UNUSED, ClockChange, ClockRecord, StopRecord
from services.sla.orders.tables import OrderRecord
from shared.access import Scope
from shared.contracts.sla import ClockKind
from shared.following.parts import seen_rows
from shared.lists import Keyset, Listed
from shared.work import Work

OBSERVED_STEPS: Final = 50  # of each kind, the latest
_BY_DUE: Final = Keyset(ClockRecord.due_at, ClockRecord.id)
_BY_BREACH: Final = Keyset(ClockRecord.breached_at, ClockRecord.id, descending=True)


def _visible(scope: Scope) -> ColumnElement[bool]:
    return seen_rows(scope, unit=ClockRecord.unit, order_id=ClockRecord.order_id)


async def running_clocks(work: Work, order_id: str) -> Sequence[ClockRecord]:
    """The running clocks of an order that the caller has locked, locked too, oldest due first."""
    clocks = await work.rows(ClockRecord, order_id)
    running = [clock for clock in clocks if clock.state is State.RUNNING]
    return sorted(running, key=lambda clock: (clock.due_at, clock.id))


async def closed_window(session: AsyncSession, order: OrderRecord, unit: str) -> ClockRecord | None:
    """The return window of the order's present assignment to this unit, locked, if it closed unused; else None.

    It closes at its due moment, or when the unit's leader lets a reply go.
    """
    unused = CLOSED_UNUSED
    if order.assigned_at is not None and (at := order.answered(unit, order.assigned_at)) is not None:
        unused |= (ClockRecord.state == State.VOID) & (ClockRecord.stopped_at == at)
    return await session.scalar(
        select(ClockRecord)
        .where(
            ClockRecord.order_id == order.order_id,
            ClockRecord.kind == "return_window",
            ClockRecord.unit == unit,
            ClockRecord.started_at == order.assigned_at,
            unused,
        )
        .with_for_update()
    )


async def step_spans(session: AsyncSession) -> dict[str, list[tuple[datetime, datetime]]]:
    """From when to when the latest steps of signature chains took, by the names of the steps (S2.2.3i)."""
    found: dict[str, list[tuple[datetime, datetime]]] = {}
    for kind in STEP_KINDS:
        rows = await session.execute(
            select(ClockRecord.occasion, ClockRecord.started_at, ClockRecord.stopped_at)
            # Written out, so that every plan of the statement may use the index that has these kinds alone.
            .where(ClockRecord.kind == literal_column(f"'{kind}'"), literal_column("state in ('met', 'late')"))
            .order_by(ClockRecord.stopped_at.desc())
            .limit(OBSERVED_STEPS)
        )
        for occasion, started_at, stopped_at in rows:
            name = "centre" if kind == "review_turnaround" else occasion.split(":", 1)[0]
            if stopped_at is not None:
                found.setdefault(name, []).append((started_at, stopped_at))
    return found


async def clock_for_update(session: AsyncSession, clock_id: UUID) -> ClockRecord:
    """One clock, locked; ClockUnknown when there is none."""
    record = await session.get(ClockRecord, clock_id, with_for_update=True)
    if record is None:
        raise ClockUnknown(str(clock_id))
    return record


async def ended_breaches(session: AsyncSession, order_id: str, kind: ClockKind | None = None) -> Sequence[ClockRecord]:
    """The clocks, of this kind or of any, that have ended after a breach that counts, locked; the order is locked already."""
    query = select(ClockRecord).where(
        ClockRecord.order_id == order_id,
        ClockRecord.state != State.RUNNING,
        ClockRecord.breached_at.is_not(None),
    )
    if kind is not None:
        query = query.where(ClockRecord.kind == kind)
    return (await session.scalars(query.order_by(ClockRecord.id).with_for_update())).all()


async def requeue_ended(session: AsyncSession, order_id: str, queue: int) -> None:
    """Give the ended clocks of an order the place of its urgent class."""
    ended = (ClockRecord.order_id == order_id, ClockRecord.state != State.RUNNING, ClockRecord.queue != queue)
    await session.execute(update(ClockRecord).where(*ended).values(queue=queue))


async def order_of_clock(session: AsyncSession, clock_id: UUID) -> str:
    """Whose clock it is, so that the order can be locked first."""
    order_id: str | None = await session.scalar(select(ClockRecord.order_id).where(ClockRecord.id == clock_id))
    if order_id is None:
        raise ClockUnknown(str(clock_id))
    return order_id


async def clocks_of_order(session: AsyncSession, order_id: str, scope: Scope) -> Sequence[ClockRecord]:
    """Every clock of an order, first started first; a unit sees those of an order that is with it, or its own.

    OrderHasNoClocks when there is none it may see.
    """
    query = select(ClockRecord).where(ClockRecord.order_id == order_id, _visible(scope))
    found = (await session.scalars(query.order_by(ClockRecord.started_at, ClockRecord.due_at, ClockRecord.id))).all()
    if not found:
        raise OrderHasNoClocks(order_id)
    return found


async def clock_with_changes(
    session: AsyncSession, clock_id: UUID, scope: Scope
) -> tuple[ClockRecord, Sequence[ClockChange]]:
    """One clock and its history; ClockUnknown when it is another unit's."""
    clock = await session.scalar(select(ClockRecord).where(ClockRecord.id == clock_id, _visible(scope)))
    if clock is None:
        raise ClockUnknown(str(clock_id))
    changes = await session.scalars(
        select(ClockChange).where(ClockChange.clock_id == clock_id).order_by(ClockChange.changed_at, ClockChange.id)
    )
    return clock, changes.all()


async def reason_of_stop(session: AsyncSession, clock_id: UUID) -> str | None:
    """Why an operator stopped the clock, as it is sealed; None while nobody has."""
    reason: str | None = await session.scalar(select(StopRecord.reason).where(StopRecord.clock_id == clock_id))
    return reason


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which clocks a list shows."""

    state: State | None = None
    kind: str | None = None
    unit: str | None = None
    due_before: datetime | None = None
    provisional: bool = False
    breached: bool = False


async def clocks_by_due(
    session: AsyncSession, scope: Scope, wanted: Wanted, *, cursor: str | None, limit: int
) -> Listed[ClockRecord]:
    """Clocks by due moment, the most urgent first, within the caller's scope (S4.2a)."""
    return await _BY_DUE.page(session, _within(select(ClockRecord), scope, wanted), cursor=cursor, limit=limit)


async def latest_breaches(
    session: AsyncSession, scope: Scope, wanted: Wanted, *, cursor: str | None, limit: int
) -> Listed[ClockRecord]:
    """Clocks that were breached, the latest first, within the caller's scope (S1.1.4b, S4.2a)."""
    query = _within(select(ClockRecord).where(ClockRecord.breached_at.is_not(None)), scope, wanted)
    return await _BY_BREACH.page(session, query, cursor=cursor, limit=limit)


def _within(query: Select[ClockRecord], scope: Scope, wanted: Wanted) -> Select[ClockRecord]:
    if not scope.everything:
        query = query.where(ClockRecord.unit == scope.unit)
    if wanted.state is not None:
        query = query.where(ClockRecord.state == wanted.state)
    if wanted.kind is not None:
        query = query.where(ClockRecord.kind == wanted.kind)
    if wanted.unit is not None:
        query = query.where(ClockRecord.unit == wanted.unit)
    if wanted.due_before is not None:
        query = query.where(ClockRecord.due_at <= wanted.due_before)
    if wanted.provisional:
        query = query.where(ClockRecord.provisional)
    if wanted.breached:
        query = query.where(ClockRecord.breached_at.is_not(None))
    return query
