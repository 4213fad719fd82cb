"""The figures computed once more from the beginning, and each compared with the running one."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.analytics.facts.rules import fact_of
from services.analytics.facts.store import last_position
from services.analytics.figures.model import FigureKey
from services.analytics.figures.rules import figures_of
from services.analytics.rebuilds import clients, store
from services.analytics.rebuilds.errors import BusIncomplete
from services.analytics.rebuilds.model import Source
from services.analytics.rebuilds.tables import RebuildRecord
from shared.bus import ORDERS, SLA_BREACHES, Subscription
from shared.identity import Person
from shared.service import Runtime
from shared.work import Work

TOPICS: Final = (ORDERS, SLA_BREACHES)
"""The topics with facts; the directory has none."""
_SHOWN: Final = 200
"""How many differences a report lists."""


@dataclass(slots=True)
class _Rebuild:
    """One run of a rebuild."""

    runtime: Runtime
    person: Person
    id: UUID
    source: Source
    swap: bool
    decided: dict[str, bytes | None]
    """What operators decided on parked events: their new content by event id, None for a dropped one."""

    async def facts_read(self, subscription: Subscription) -> AsyncGenerator[list[store.ShadowRow], None]:
        """The facts of the events that are still on the bus, up to its end."""
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
                    if envelope.event is not None and (fact := fact_of(envelope.event)) is not None
                ]


async def rebuild(runtime: Runtime, person: Person, *, source: Source, swap: bool) -> UUID:
    """The id of the report: the figures are computed anew, compared with the running ones and, with `swap`, replace them.

    `bus` reads every event from the beginning, as a consumer group of its own; `facts` takes the stored facts.
    Raises RebuildRunning, BusIncomplete (with `swap` only) and BusAway.
    """
    async with store.only_rebuild(runtime.works.engine):
        run = _Rebuild(runtime, person, runtime.works.ids(), source, swap, {})
        async with runtime.works.begin(person) as work:
            await store.clear_shadows(work.session)
            died = await store.fail_unfinished(work.session, work.now)
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
            for earlier in died:
                await clients.forget(runtime.bus, _group_of(runtime, earlier))
            if source == "bus":
                await _from_bus(run)
            else:
                await _from_facts(run)
        finally:
            # What was put beside the running tables is not needed any more, and a run that raised has failed.
            async with runtime.works.begin(person) as work:
                await store.clear_shadows(work.session)
                await store.fail_unfinished(work.session, work.now)
        return run.id


def _group_of(runtime: Runtime, rebuild_id: UUID) -> str:
    """The consumer group in which a rebuild reads the bus, and nobody after it."""
    return f"{runtime.works.service}-rebuild-{rebuild_id}"


async def _from_bus(run: _Rebuild) -> None:
    works = run.runtime.works
    async with clients.reading(run.runtime.bus, _group_of(run.runtime, run.id), TOPICS) as subscription:
        async with contextlib.aclosing(run.facts_read(subscription)) as batches:
            async for rows in batches:
                async with works.begin(run.person) as work:
                    await store.add_shadow_facts(work.session, run.id, rows)
        async with works.begin(run.person) as work:
            await store.stop_projection(work.session)
            # Every applied event was on the bus before it was applied: up to the end, none of them is left unread.
            async with contextlib.aclosing(run.facts_read(subscription)) as batches:
                async for rows in batches:
                    await store.add_shadow_facts(work.session, run.id, rows)
            pending = await store.drop_pending(work.session, run.id)
            missing, surplus = await store.compare_facts(work.session, run.id)
            if run.swap and surplus:
                raise BusIncomplete(surplus)
            await store.copy_figures(work.session, run.id)
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
        await store.copy_figures(work.session, run.id)
        until = await last_position(work.session)
        if run.swap:
            await _finish(work, run, until=until)
    if not run.swap:
        async with works.begin(run.person) as work:
            await _finish(work, run, until=until)


async def _finish(work: Work, run: _Rebuild, *, until: int) -> None:
    """Compute, compare and report; with `swap`, replace, in the transaction that stops the projection."""
    figures: Counter[FigureKey] = Counter()
    facts = 0
    shadow = run.id if run.source == "bus" else None
    async with contextlib.aclosing(store.each_order(work.session, rebuild_id=shadow, until=until)) as orders:
        async for order in orders:
            facts += len(order)
            figures.update(figures_of(order))
    await store.add_rebuilt(work.session, run.id, {key: count for key, count in figures.items() if count})
    many, shown = await store.differences(work.session, run.id, _SHOWN)
    record = await store.rebuild_of(work.session, run.id)
    record.facts, record.figures_different, record.differences = facts, many, shown
    record.finished_at = work.now
    different = bool(many or record.facts_missing or record.facts_surplus)
    if run.swap:
        await store.swap_in(work.session, run.id, facts=run.source == "bus")
        record.state = "swapped"
    else:
        record.state = "different" if different else "equal"
    work.audit(
        "figures.rebuilt" if run.swap else "figures.checked",
        f"rebuild:{run.id}",
        after={"source": run.source, "state": record.state, "different": many, "facts": facts},
    )
