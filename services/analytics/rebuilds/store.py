"""A rebuild's statements: facts and figures beside the running ones, the comparison, the swap."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.analytics.facts.model import Fact
from services.analytics.facts.store import FACT, FACT_ARRAYS, columns_of, fact_columns, fact_in
from services.analytics.facts.tables import FactRecord
from services.analytics.figures.model import Figures
from services.analytics.figures.store import figure_columns
from services.analytics.rebuilds.errors import RebuildRunning
from services.analytics.rebuilds.tables import RebuildRecord, ShadowFact
from shared.errors import NotListed
from shared.lists import Keyset, Listed

_LATEST_FIRST: Final = Keyset(RebuildRecord.asked_at, RebuildRecord.id, descending=True)
_LOCK: Final = 0x72656275  # "rebu": one rebuild at a time, in whichever process
_ADD_SHADOW_FACTS: Final = text(
    f"""
insert into shadow_fact (rebuild_id, source, topic, subject, sequence, {FACT})
select :rebuild_id, source, topic, subject, sequence, {FACT}
from rows from ({FACT_ARRAYS}, unnest(cast(:sources as text[]), cast(:topics as text[]), cast(:subjects as text[]),
  cast(:sequences as bigint[]))) with ordinality as t({FACT}, source, topic, subject, sequence, n) order by n
on conflict (rebuild_id, event_id) do nothing
"""  # noqa: S608 - constants only
)
_DROP_PENDING: Final = text(
    """
delete from shadow_fact f where rebuild_id = :rebuild_id and not exists (
  select from seen s where s.source = f.source and s.topic = f.topic and s.key = f.subject and f.sequence <= s.sequence)
"""
)
_COPY_FIGURES: Final = text(
    """
insert into shadow_figure (rebuild_id, side, unit, day, measure, count)
select :rebuild_id, 'running', unit, day, measure, count from figure where count <> 0
"""
)
_COMPARE_FACTS: Final = text(
    f"""
select (select count(*) from (select {FACT} from shadow_fact where rebuild_id = :rebuild_id
                              except select {FACT} from fact) as m) as missing,
       (select count(*) from (select {FACT} from fact
                              except select {FACT} from shadow_fact where rebuild_id = :rebuild_id) as s) as surplus
"""  # noqa: S608 - constants only
)
_ADD_REBUILT: Final = text(
    """
insert into shadow_figure (rebuild_id, side, unit, day, measure, count)
select :rebuild_id, 'rebuilt', unit, day, measure, count
from unnest(cast(:units as text[]), cast(:days as date[]), cast(:measures as text[]), cast(:counts as bigint[]))
  as t(unit, day, measure, count)
"""
)
_DIFFERENCES: Final = text(
    """
select unit, day, measure, coalesce(r.count, 0) as running, coalesce(b.count, 0) as rebuilt, count(*) over () as many
from (select * from shadow_figure where rebuild_id = :rebuild_id and side = 'running') r
full join (select * from shadow_figure where rebuild_id = :rebuild_id and side = 'rebuilt') b
  using (unit, day, measure)
where coalesce(r.count, 0) <> coalesce(b.count, 0)
order by day, unit, measure limit :limit
"""
)


@dataclass(frozen=True, slots=True)
class ShadowRow:
    """A fact as it was read from the bus."""

    source: str
    topic: str
    subject: str
    sequence: int
    event_id: UUID
    fact: Fact


@asynccontextmanager
async def only_rebuild(engine: AsyncEngine) -> AsyncIterator[None]:
    """Let no other rebuild begin meanwhile; RebuildRunning.

    The lock belongs to a connection of its own: it is released when the process ends, however it ends.
    """
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        if not await connection.scalar(text("select pg_try_advisory_lock(:lock)"), {"lock": _LOCK}):
            raise RebuildRunning
        try:
            yield
        finally:
            await connection.execute(text("select pg_advisory_unlock(:lock)"), {"lock": _LOCK})


async def add_shadow_facts(session: AsyncSession, rebuild_id: UUID, rows: Sequence[ShadowRow]) -> None:
    """Put facts beside the running ones, in this order; a fact that is there already is left out."""
    await session.execute(
        _ADD_SHADOW_FACTS,
        {
            "rebuild_id": rebuild_id,
            **fact_columns([(row.event_id, row.fact) for row in rows]),
            "sources": [row.source for row in rows],
            "topics": [row.topic for row in rows],
            "subjects": [row.subject for row in rows],
            "sequences": [row.sequence for row in rows],
        },
    )


async def stop_projection(session: AsyncSession) -> None:
    """Let no batch of events be applied until this transaction ends: what is committed now is consistent.

    A consumer that waits too long for the lock backs off and reads its batch again; nothing is lost.
    """
    await session.execute(text("lock table fact in share row exclusive mode"))


async def drop_pending(session: AsyncSession, rebuild_id: UUID) -> int:
    """Leave out what is on the bus and has not been applied yet; how many facts that were."""
    return (await session.execute(_DROP_PENDING, {"rebuild_id": rebuild_id})).rowcount  # type: ignore[attr-defined,no-any-return]


async def copy_figures(session: AsyncSession, rebuild_id: UUID) -> None:
    """Copy the running figures as they are now."""
    await session.execute(_COPY_FIGURES, {"rebuild_id": rebuild_id})


async def compare_facts(session: AsyncSession, rebuild_id: UUID) -> tuple[int, int]:
    """How many facts of the bus are missing or different among the running ones, and the reverse."""
    row = (await session.execute(_COMPARE_FACTS, {"rebuild_id": rebuild_id})).one()
    return row.missing, row.surplus


async def each_order(session: AsyncSession, *, rebuild_id: UUID | None, until: int) -> AsyncGenerator[list[Fact], None]:
    """Every order's facts: those that a rebuild read from the bus, or without one the stored ones up to a position."""
    if rebuild_id is None:
        query = select(*columns_of(FactRecord)).where(FactRecord.position <= until)
        query = query.order_by(FactRecord.order_id, FactRecord.position)
    else:
        query = select(*columns_of(ShadowFact)).where(ShadowFact.rebuild_id == rebuild_id)
        query = query.order_by(ShadowFact.order_id, ShadowFact.position)
    rows = await session.stream(query)
    order: list[Fact] = []
    async for chunk in rows.partitions(5_000):
        for order_id, group in groupby(chunk, key=lambda row: row.order_id):
            if order and order[0].order_id != order_id:
                yield order
                order = []
            order += [fact_in(row) for row in group]
    if order:
        yield order


async def add_rebuilt(session: AsyncSession, rebuild_id: UUID, figures: Figures) -> None:
    """Put the rebuilt figures beside the copied ones."""
    await session.execute(_ADD_REBUILT, {"rebuild_id": rebuild_id, **figure_columns(figures)})


async def differences(session: AsyncSession, rebuild_id: UUID, limit: int) -> tuple[int, list[dict[str, Any]]]:
    """How many figures differ, and the first of them."""
    rows = (await session.execute(_DIFFERENCES, {"rebuild_id": rebuild_id, "limit": limit})).all()
    found = [
        {
            "unit": row.unit,
            "day": row.day.isoformat(),
            "measure": row.measure,
            "running": row.running,
            "rebuilt": row.rebuilt,
        }
        for row in rows
    ]
    return (rows[0].many if rows else 0), found


async def swap_in(session: AsyncSession, rebuild_id: UUID, *, facts: bool) -> None:
    """Replace the running figures by the rebuilt ones, and with `facts` the stored facts by those of the bus."""
    given: dict[str, Any] = {"rebuild_id": rebuild_id}
    if facts:
        await session.execute(text("delete from fact"))
        await session.execute(
            text(
                f"insert into fact ({FACT}) select {FACT} from shadow_fact where rebuild_id = :rebuild_id "  # noqa: S608
                "order by position"
            ),
            given,
        )
    await session.execute(text("delete from figure"))
    await session.execute(
        text(
            "insert into figure (unit, day, measure, count) select unit, day, measure, count from shadow_figure "
            "where rebuild_id = :rebuild_id and side = 'rebuilt'"
        ),
        given,
    )


async def clear_shadows(session: AsyncSession) -> None:
    """Delete what earlier rebuilds put beside the running tables, finished or not."""
    await session.execute(text("delete from shadow_figure"))
    await session.execute(text("delete from shadow_fact"))


async def fail_unfinished(session: AsyncSession, now: datetime) -> list[UUID]:
    """Mark as failed every rebuild that did not finish; only inside `only_rebuild`. Their ids."""
    failed = await session.scalars(
        text("update rebuild set state = 'failed', finished_at = :now where state = 'running' returning id"),
        {"now": now},
    )
    return list(failed)


async def decided_events(session: AsyncSession) -> dict[str, bytes | None]:
    """By event id: the content that an operator gave a parked event; None for one that was dropped."""
    rows = await session.execute(
        text("select event_id, state, payload from parked where state in ('replayed', 'dropped') and event_id <> ''")
    )
    return {row.event_id: bytes(row.payload) if row.state == "replayed" else None for row in rows}


async def rebuild_of(session: AsyncSession, rebuild_id: UUID) -> RebuildRecord:
    """A rebuild by its id; NotListed."""
    found = await session.get(RebuildRecord, rebuild_id)
    if found is None:
        raise NotListed("重算任务", str(rebuild_id))
    return found


async def page_of_rebuilds(session: AsyncSession, *, cursor: str | None, limit: int) -> Listed[RebuildRecord]:
    """A page of the rebuilds, the latest first."""
    return await _LATEST_FIRST.page(session, select(RebuildRecord), cursor=cursor, limit=limit)
