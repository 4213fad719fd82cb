"""The consumer runner: event id, effect and follow-up events in one transaction; the offset is committed after (R16).

A batch of one partition is applied in one transaction.  When an event of it cannot be applied, the batch is rolled
back and its events are applied one by one, so that only the culprit is parked, and its later siblings behind it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from shared.bus import Bus, BusUnavailable, Delivery, Subscription, TopicPartition
from shared.clock import RealClock
from shared.contracts import Event
from shared.errors import BusinessError
from shared.inbox import parked
from shared.outbox import Envelope, Undecodable, decode
from shared.telemetry import Metrics, logger
from shared.work import Work, Works

log = logger("consumer")

Handler = Callable[[Work, Any], Awaitable[None]]
"""`async def open_case(work, event)`: apply one event; a second run does no harm."""
BatchHandler = Callable[[Work, Sequence[Envelope]], Awaitable[None]]
"""Apply many events at once, for projections; each event in it is new."""

_TRIES: Final = 3
_BATCH: Final = 500
_LOOK_SECONDS: Final = 5.0

_TAKE_IN = text(
    """
insert into inbox (event_id, type, received_at)
select id, type, :now from unnest(cast(:ids as uuid[]), cast(:types as text[])) as t(id, type)
on conflict do nothing returning event_id
"""
)
_LAST_SEEN = text(
    """
select s.source, s.key, s.sequence from seen s
join unnest(cast(:sources as text[]), cast(:keys as text[])) as t(source, key) using (source, key)
where s.topic = :topic
"""
)
_SAW = text(
    """
insert into seen as s (source, topic, key, sequence)
select source, :topic, key, sequence
from unnest(cast(:sources as text[]), cast(:keys as text[]), cast(:sequences as bigint[]))
  as t(source, key, sequence) order by source, key
on conflict (source, topic, key) do update set sequence = greatest(s.sequence, excluded.sequence)
"""
)


class Stuck(RuntimeError):
    """A partition has events and made no progress: the process must end, and its supervisor start it anew (R23)."""


class _Unsound(Exception):
    """One event of a batch cannot be applied; go through the batch one by one."""


@dataclass(frozen=True, slots=True)
class _Taken:
    delivery: Delivery
    envelope: Envelope


class Consumer:
    """One member of a service's group on the bus."""

    def __init__(
        self,
        *,
        works: Works,
        bus: Bus,
        topics: Sequence[str],
        handlers: Mapping[type[Event], Handler],
        batch: BatchHandler | None,
        metrics: Metrics,
        member: str,
        watchdog: float = 60.0,
    ) -> None:
        self._works, self._bus, self._topics = works, bus, tuple(topics)
        self._handlers, self._batch, self._metrics = dict(handlers), batch, metrics
        self._member, self._watchdog = member, watchdog
        self._progress: dict[TopicPartition, float] = {}
        self._retries: dict[TopicPartition, int] = {}
        self.joined = False

    async def run(self) -> None:
        """Until cancelled; Stuck when a partition makes no progress."""
        pause = 0.1
        while True:
            try:
                async with self._bus.subscribe(self._works.service, self._topics, member=self._member) as subscription:
                    self.joined = True
                    pause = 0.1
                    await self._read(subscription)
            except BusUnavailable as fault:
                log.warning("bus away", service=self._works.service, error=fault.reason, pause=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
            finally:
                self.joined = False

    async def _read(self, subscription: Subscription) -> None:
        looked = time.monotonic()
        while True:
            batches = await subscription.fetch(max_records=_BATCH, timeout=0.2)
            for place, deliveries in batches.items():
                await self._apply(subscription, place, deliveries)
            if time.monotonic() - looked > _LOOK_SECONDS:
                looked = time.monotonic()
                await self._watch(subscription)

    async def _apply(self, subscription: Subscription, place: TopicPartition, deliveries: Sequence[Delivery]) -> None:
        try:
            await self._apply_together(place, deliveries)
        except _Unsound:
            if not await self._apply_singly(subscription, place, deliveries):
                return
        except (DBAPIError, PoolTimeout, OSError) as fault:
            await self._back_off(subscription, place, deliveries[0].offset, fault)
            return
        self._progress[place] = time.monotonic()
        self._retries.pop(place, None)
        await subscription.commit({place: deliveries[-1].offset + 1})

    async def _back_off(self, subscription: Subscription, place: TopicPartition, offset: int, fault: Exception) -> None:
        """The database is away or refused: nothing is wrong with the event, so read it again later (R25)."""
        tries = self._retries[place] = self._retries.get(place, 0) + 1
        log.warning("apply interrupted", service=self._works.service, error=type(fault).__name__, tries=tries)
        await asyncio.sleep(min(0.05 * 2**tries, 5.0))
        with contextlib.suppress(BusUnavailable):
            await subscription.rewind(place, offset)

    async def _apply_together(self, place: TopicPartition, deliveries: Sequence[Delivery]) -> None:
        """The whole batch in one transaction; _Unsound when any event needs a closer look."""
        taken = [self._decoded(delivery) for delivery in deliveries]
        async with self._works.begin() as work:
            if await parked.any_waiting(work.session, place.topic, {t.envelope.subject for t in taken}):
                raise _Unsound
            fresh = await self._new_ones(work, place.topic, taken)
            try:
                await self._effects(work, fresh)
                await work.session.flush()
            except (DBAPIError, PoolTimeout, OSError) as fault:
                if isinstance(fault, IntegrityError):
                    raise _Unsound from fault
                raise
            except Exception as fault:
                raise _Unsound from fault
        self._count(taken, fresh)

    def _decoded(self, delivery: Delivery) -> _Taken:
        # A simulated clock may be set back: what was written before is then no sign of a wrong clock.
        clock = self._works.clock
        try:
            return _Taken(delivery, decode(delivery, now=clock.now() if isinstance(clock, RealClock) else None))
        except Undecodable as fault:
            raise _Unsound from fault

    async def _new_ones(self, work: Work, topic: str, taken: Sequence[_Taken]) -> list[Envelope]:
        """The events of `taken` that were not applied before; _Unsound when one is missing before them."""
        envelopes = [t.envelope for t in taken]
        rows = await work.session.execute(
            _TAKE_IN, {"ids": [e.id for e in envelopes], "types": [e.type for e in envelopes], "now": work.now}
        )
        inserted = {row[0] for row in rows}
        streams = sorted({(e.source, e.subject) for e in envelopes})
        found = await work.session.execute(
            _LAST_SEEN, {"topic": topic, "sources": [s for s, _ in streams], "keys": [k for _, k in streams]}
        )
        last: dict[tuple[str, str], int] = {(row[0], row[1]): row[2] for row in found}
        fresh: list[Envelope] = []
        for envelope in envelopes:
            stream = (envelope.source, envelope.subject)
            before = last.get(stream, 0)
            if envelope.sequence <= before:
                continue  # seen, even if the inbox has forgotten it (R17)
            if envelope.sequence != before + 1:
                raise _Unsound(f"gap: {before} is followed by {envelope.sequence}")
            last[stream] = envelope.sequence
            if envelope.id in inserted:
                inserted.discard(envelope.id)
                fresh.append(envelope)
        if fresh:
            await self._remember(work.session, topic, last)
        return fresh

    async def _remember(self, session: AsyncSession, topic: str, last: Mapping[tuple[str, str], int]) -> None:
        await session.execute(
            _SAW,
            {
                "topic": topic,
                "sources": [s for s, _ in last],
                "keys": [k for _, k in last],
                "sequences": list(last.values()),
            },
        )

    async def _effects(self, work: Work, fresh: Sequence[Envelope]) -> None:
        if self._batch is not None and fresh:
            await self._batch(work, fresh)
        for envelope in fresh:
            handler = self._handlers.get(type(envelope.event)) if envelope.event is not None else None
            if handler is not None:
                work.cause = envelope
                await handler(work, envelope.event)
        work.cause = None

    def _count(self, taken: Sequence[_Taken], fresh: Sequence[Envelope]) -> None:
        for envelope in fresh:
            self._metrics.consumed.labels(envelope.type if envelope.event is not None else "unknown").inc()
        if repeats := len(taken) - len(fresh):
            self._metrics.redelivered.inc(repeats)

    async def _apply_singly(
        self, subscription: Subscription, place: TopicPartition, deliveries: Sequence[Delivery]
    ) -> bool:
        """One transaction per event; what cannot be applied is parked.  False when the database went away."""
        for delivery in deliveries:
            try:
                await self.apply_one(delivery)
            except (DBAPIError, PoolTimeout, OSError) as fault:
                await self._back_off(subscription, place, delivery.offset, fault)
                return False
            await subscription.commit({place: delivery.offset + 1})
        return True

    async def apply_one(self, delivery: Delivery) -> None:
        """Apply one event, or park it: at once when it can never be applied, after some tries when a handler failed."""
        reason = parked.Park("failed", "not tried")
        for attempt in range(1, _TRIES + 1):
            try:
                async with self._works.begin() as work:
                    await self._apply_or_raise(work, delivery)
            except parked.Park as why:
                reason = why
            except (DBAPIError, PoolTimeout, OSError) as fault:
                if not isinstance(fault, IntegrityError):
                    raise
                reason = parked.Park("failed", type(fault.orig).__name__)
            except BusinessError as refusal:
                reason = parked.Park("refused", f"{refusal.code}: {refusal.message}")
            except Exception as fault:
                # The text of a strange exception may quote a citizen; its class and place are enough to find it.
                log.exception("handler failed", service=self._works.service, attempt=attempt)
                reason = parked.Park("failed", f"{type(fault).__name__}")
            else:
                return
            if reason.final or attempt == _TRIES:
                break
            await asyncio.sleep(0.1 * 2**attempt)
        async with self._works.begin() as work:
            await parked.park(work, delivery, reason)
        self._metrics.parked.inc()

    async def replay(self, work: Work, delivery: Delivery) -> None:
        """Apply a parked event in an operator's transaction; Park when it still cannot be applied."""
        try:
            await self._apply_or_raise(work, delivery, heed_waiting=False)
        except BusinessError as refusal:
            raise parked.Park("refused", f"{refusal.code}: {refusal.message}") from refusal
        except (IntegrityError, ArithmeticError, LookupError, TypeError, ValueError) as fault:
            raise parked.Park("failed", type(fault).__name__) from fault

    async def _apply_or_raise(self, work: Work, delivery: Delivery, *, heed_waiting: bool = True) -> None:
        try:
            taken = self._decoded(delivery)
        except _Unsound as fault:
            cause = fault.__cause__
            assert isinstance(cause, Undecodable)
            raise parked.Park(cause.reason, cause.detail) from fault
        if heed_waiting and await parked.any_waiting(work.session, delivery.topic, {taken.envelope.subject}):
            if await parked.is_known(work.session, delivery):
                return
            raise parked.Park("behind", "an earlier event of this key waits")
        try:
            fresh = await self._new_ones(work, delivery.topic, [taken])
        except _Unsound as gap:
            raise parked.Park("gap", str(gap)) from gap
        await self._effects(work, fresh)
        await work.session.flush()
        self._count([taken], fresh)

    async def _watch(self, subscription: Subscription) -> None:
        """Lag and progress; a partition with events and none applied for `watchdog` seconds ends the process (R23)."""
        try:
            lags = await subscription.lag()
        except BusUnavailable:
            return  # nothing can progress while the bus is away, and restarting would not help
        now = time.monotonic()
        for place, waiting in lags.items():
            self._metrics.lag.labels(place.topic, str(place.partition)).set(waiting)
            since = self._progress.setdefault(place, now)
            if waiting <= 0 or self._retries.get(place):
                self._progress[place] = now
            elif now - since > self._watchdog:
                log.critical("partition stuck", topic=place.topic, partition=place.partition, waiting=waiting)
                raise Stuck(
                    f"{place.topic}/{place.partition}: {waiting} waiting, none applied for {self._watchdog:.0f} s"
                )
        for place in self._progress.keys() - lags.keys():
            del self._progress[place]
