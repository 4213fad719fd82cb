"""The figures computed once more from the beginning, and compared with the running ones place by place."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import text

from services.analytics import clients, rules, store
from services.analytics.errors import BusIncomplete, RebuildRunning
from services.analytics.model import Fact, Place
from services.analytics.tables import RebuildRecord
from shared.bus import ORDERS, SLA_BREACHES, Subscription
from shared.identity import Person
from shared.service import Runtime
from shared.work import Work

Source = Literal["bus", "facts"]

TOPICS: Final = (ORDERS, SLA_BREACHES)
"""Where the facts of orders are told; the directory makes no figures."""
_SHOWN: Final = 200
_LOCK: Final = 0x72656275  # "rebu": one rebuild at a time, whichever process runs it


@dataclass(slots=True)
class _Rebuild:
    """One run of it."""

    runtime: Runtime
    person: Person
    id: UUID
    source: Source
    swap: bool
    decided: dict[str, bytes | None]

    async def told(self, subscription: Subscription) -> AsyncGenerator[list[store.ShadowRow], None]:
        """What the bus still has to tell of orders, up to its end."""
        async with contextlib.aclosing(clients.read_to_end(subscription, TOPICS)) as batches:
            async for deliveries in batches:
                yield [
                    store.ShadowRow(
                        source=envelope.source,
                        topic=envelope.topic,
                        subject=envelope.subject,
                        sequence=envelope.sequence,
                        event_id=envelope.id,
                        fact=fact,
                    )
                    for envelope in clients.envelopes_of(deliveries, self.decided)
                    if envelope.event is not None and (fact := rules.fact_of(envelope.event)) is not None
                ]


async def rebuild(runtime: Runtime, person: Person, *, source: Source, swap: bool) -> UUID:
    """Compute the figures anew and compare them with the running ones; with `swap`, put them in their place.

    `bus` reads every event from the beginning, under a group of its own; `facts` takes the stored facts.  The id of
    the report is the answer.  Raises RebuildRunning, BusIncomplete (swap only), BusAway.
    """
    async with _alone(runtime):
        run = _Rebuild(runtime, person, runtime.works.ids(), source, swap, {})
        async with runtime.works.begin(person) as work:
            await store.clear_shadows(work.session)
            await store.give_up_running(work.session, work.now)
            work.session.add(
                RebuildRecord(
                    id=run.id,
                    source=source,
                    swap=swap,
                    state="running",
                    asked_by=person.account,
                    asked_at=work.now,
                    differences=[],
                )
            )
            run.decided = await store.decided_events(work.session)
        try:
            if source == "bus":
                await _from_bus(run)
            else:
                await _from_facts(run)
        finally:
            # Finished or not: the shadows are of no use any more, and a run that raised has failed.
            async with runtime.works.begin(person) as work:
                await store.clear_shadows(work.session)
                await store.give_up_running(work.session, work.now)
        return run.id


@asynccontextmanager
async def _alone(runtime: Runtime) -> AsyncIterator[None]:
    """Hold the rebuild's lock on a connection of its own; it falls with the process."""
    async with runtime.works.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        if not await connection.scalar(text("select pg_try_advisory_lock(:lock)"), {"lock": _LOCK}):
            raise RebuildRunning
        try:
            yield
        finally:
            await connection.execute(text("select pg_advisory_unlock(:lock)"), {"lock": _LOCK})


async def _from_bus(run: _Rebuild) -> None:
    works = run.runtime.works
    group = f"{works.service}-rebuild-{run.id}"
    async with clients.reading(run.runtime.bus, group, TOPICS) as subscription:
        async with contextlib.aclosing(run.told(subscription)) as told:
            async for rows in told:
                async with works.begin(run.person) as work:
                    await store.add_shadow_facts(work.session, run.id, rows)
        async with works.begin(run.person) as work:
            await store.stop_projection(work.session)
            # Whatever is applied was on the bus before: read on to its end, and nothing applied is left unread.
            async with contextlib.aclosing(run.told(subscription)) as told:
                async for rows in told:
                    await store.add_shadow_facts(work.session, run.id, rows)
            pending = await store.drop_pending(work.session, run.id)
            missing, surplus = await store.compare_facts(work.session, run.id)
            if run.swap and surplus:
                raise BusIncomplete(surplus)
            await store.freeze_figures(work.session, run.id)
            record = await store.rebuild_of(work.session, run.id)
            record.pending, record.facts_missing, record.facts_surplus = pending, missing, surplus
            if run.swap:
                await _finish(work, run, until=0)
    if not run.swap:
        async with works.begin(run.person) as work:
            await _finish(work, run, until=0)


async def _from_facts(run: _Rebuild) -> None:
    works = run.runtime.works
    async with works.begin(run.person) as work:
        await store.stop_projection(work.session)
        await store.freeze_figures(work.session, run.id)
        until = await store.last_position(work.session)
        if run.swap:
            await _finish(work, run, until=until)
    if not run.swap:
        async with works.begin(run.person) as work:
            await _finish(work, run, until=until)


async def _finish(work: Work, run: _Rebuild, *, until: int) -> None:
    """Compute, compare, report; with `swap`, inside the transaction that keeps the projection out, take over."""
    figures: Counter[Place] = Counter()
    facts = 0
    shadow = run.id if run.source == "bus" else None
    async with contextlib.aclosing(store.each_order(work.session, rebuild_id=shadow, until=until)) as orders:
        async for order in orders:
            facts += len(order)
            _add(figures, order)
    await store.add_rebuilt(work.session, run.id, {place: count for place, count in figures.items() if count})
    many, shown = await store.differences(work.session, run.id, _SHOWN)
    record = await store.rebuild_of(work.session, run.id)
    record.facts, record.figures_different, record.differences = facts, many, shown
    record.finished_at = work.now
    different = bool(many or record.facts_missing or record.facts_surplus)
    if run.swap:
        await store.take_over(work.session, run.id, facts=run.source == "bus")
        record.state = "swapped"
    else:
        record.state = "different" if different else "equal"
    work.audit(
        "figures.rebuilt" if run.swap else "figures.checked",
        f"rebuild:{run.id}",
        after={"source": run.source, "state": record.state, "different": many, "facts": facts},
    )


def _add(figures: Counter[Place], order: Sequence[Fact]) -> None:
    for place, count in rules.figures_of(order).items():
        figures[place] += count
