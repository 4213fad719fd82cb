"""The consumer runner: what was read is applied, and the offset is committed after it (R16).

A batch of one partition is applied in one transaction.  When an event of it cannot be applied, the batch is rolled
back and its events are applied one by one, so that only this event and the later ones of its key are parked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Final

from shared.bus import Bus, BusUnavailable, Delivery, Subscription, TopicPartition
from shared.db.faults import is_transient, name_of
from shared.inbox import parked
from shared.inbox.applying import Applier
from shared.inbox.finish import finished
from shared.telemetry import Metrics, logger
from shared.work import Works

log = logger("consumer")

_BATCH: Final = 500
_LOOK_SECONDS: Final = 5.0
# The pause between two batches: what arrives meanwhile is applied with the next one, in one transaction.  An event that
# comes after the pause waits for nothing, and a backlog is read without pauses.  The longer a round took, the longer
# the pause: a busy machine works in fewer and larger transactions, and an idle one hardly pauses.
_PACE_SECONDS: Final = 0.02
_PACE_FACTOR: Final = 4.0
_LONGEST_PACE_SECONDS: Final = 0.2
# A reader that does not fetch loses its membership (R21): after so many seconds the rest of a batch is read again.
_SINGLY_SECONDS: Final = 20.0
# When so many partitions fail in one round the database is away: the others are not tried, to save their timeouts.
_FAULTS: Final = 2
_LONG_TRYING: Final = 10


class Stuck(RuntimeError):
    """A partition has events and made no progress: the process must end, so that its supervisor starts it again (R23)."""


class Consumer:
    """One member of a service's group on the bus."""

    def __init__(
        self,
        *,
        works: Works,
        bus: Bus,
        topics: Sequence[str],
        applier: Applier,
        metrics: Metrics,
        member: str,
        watchdog: float = 60.0,
    ) -> None:
        self._works, self._bus, self._topics = works, bus, tuple(topics)
        self._applier, self._metrics = applier, metrics
        self._member, self._watchdog = member, watchdog
        self._moved: set[TopicPartition] = set()
        self._idle: dict[TopicPartition, float] = {}
        self._retries: dict[TopicPartition, int] = {}
        self._owed: dict[TopicPartition, int] = {}  # offsets that could not be committed yet
        self._shown: set[TopicPartition] = set()
        self._subscription: Subscription | None = None
        self.joined = False
        self.resting = True
        """Whether it applies nothing now: only a hint, an event may just have arrived."""

    async def run(self) -> None:
        """Run until cancelled; Stuck when a partition makes no progress."""
        pause = 0.1
        while True:
            try:
                async with self._bus.subscribe(self._works.service, self._topics, member=self._member) as subscription:
                    self.joined, self._subscription = True, subscription
                    pause = 0.1
                    await self._read(subscription)
            except BusUnavailable as fault:
                log.warning("bus away", service=self._works.service, error=fault.reason, pause=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
            finally:
                self.joined, self._subscription = False, None
                # What was known of the partitions holds for the membership that has ended.
                for known in (self._moved, self._idle, self._retries, self._owed):
                    known.clear()

    async def unread(self) -> int | None:
        """How many events of the partitions of this member have not taken effect yet; None while it has not joined."""
        subscription = self._subscription
        return None if subscription is None else sum((await subscription.lag()).values())

    async def _read(self, subscription: Subscription) -> None:
        every = min(_LOOK_SECONDS, self._watchdog / 4)
        looked = time.monotonic()
        while True:
            batches = await subscription.fetch(max_records=_BATCH, timeout=min(0.2, every))
            fetched = time.monotonic()
            self.resting = not batches
            try:
                await self._apply_all(subscription, batches)
            finally:
                self.resting = True
            if 0 < sum(map(len, batches.values())) < _BATCH:
                took = time.monotonic() - fetched
                await asyncio.sleep(min(max(_PACE_SECONDS - took, _PACE_FACTOR * took), _LONGEST_PACE_SECONDS))
            elapsed = time.monotonic() - looked
            if elapsed > every:
                looked = time.monotonic()
                await self._commit_again(subscription)
                # A process that was suspended did not watch meanwhile, so that time does not count.
                await self._watch(subscription, min(elapsed, 2 * every))

    async def _apply_all(
        self, subscription: Subscription, batches: Mapping[TopicPartition, Sequence[Delivery]]
    ) -> None:
        failed = await self._apply_as_one(subscription, batches)
        if failed is None:
            failed = await self._apply_each(subscription, batches)
        if failed:
            tries = max(self._retries[place] for place in failed)
            # One partition that fails (a lock, a slow statement) delays the others only a little.
            longest = 5.0 if len(failed) >= min(_FAULTS, len(batches)) else 0.5
            await asyncio.sleep(min(0.05 * 2 ** min(tries, _LONG_TRYING), longest))

    async def _apply_as_one(
        self, subscription: Subscription, batches: Mapping[TopicPartition, Sequence[Delivery]]
    ) -> list[TopicPartition] | None:
        """Apply several partitions in one transaction and one commit of offsets: under load a tenth of the round trips.

        Returns the partitions that have to be read again, or None: then each is to be applied by itself, so that a
        fault concerns its own partition only.
        """
        if len(batches) < 2 or self._retries:  # noqa: PLR2004 - one batch is one transaction anyway
            return None
        topics: dict[str, list[Delivery]] = {}
        for place, deliveries in batches.items():
            topics.setdefault(place.topic, []).extend(deliveries)
        try:
            await finished(self._applier.apply_together(topics))
        except Exception as fault:  # noqa: BLE001 - applying one by one shows which event it is, and judges the fault
            if not is_transient(fault):
                return None
            for place, deliveries in batches.items():
                await self._interrupted(subscription, place, deliveries[0].offset, fault)
            return list(batches)
        await self._done(subscription, {place: deliveries[-1].offset + 1 for place, deliveries in batches.items()})
        return []

    async def _apply_each(
        self, subscription: Subscription, batches: Mapping[TopicPartition, Sequence[Delivery]]
    ) -> list[TopicPartition]:
        failed: list[TopicPartition] = []
        for place, deliveries in batches.items():
            if len(failed) >= _FAULTS:
                await subscription.rewind(place, deliveries[0].offset)
            elif not await self._apply(subscription, place, deliveries):
                failed.append(place)
        return failed

    async def _apply(self, subscription: Subscription, place: TopicPartition, deliveries: Sequence[Delivery]) -> bool:
        """Apply a batch of one partition; False when the database is away and the batch is to be read again."""
        try:
            await finished(self.apply_batch(place.topic, deliveries))
        except Exception as fault:  # noqa: BLE001 - applying one by one shows which event it is, and judges the fault
            if is_transient(fault):
                await self._interrupted(subscription, place, deliveries[0].offset, fault)
                return False
            return await self._apply_singly(subscription, place, deliveries)
        await self._done(subscription, {place: deliveries[-1].offset + 1})
        return True

    async def _interrupted(
        self, subscription: Subscription, place: TopicPartition, offset: int, fault: Exception
    ) -> None:
        """The database is away or has refused: the event is sound, so read it again later (R25)."""
        tries = self._retries[place] = self._retries.get(place, 0) + 1
        say = log.error if tries > _LONG_TRYING else log.warning
        say(
            "apply interrupted",
            service=self._works.service,
            topic=place.topic,
            partition=place.partition,
            error=name_of(fault),
            tries=tries,
        )
        await subscription.rewind(place, offset)

    async def _done(self, subscription: Subscription, offsets: Mapping[TopicPartition, int]) -> None:
        self._moved.update(offsets)
        committed = await subscription.commit(offsets)
        for place, upto in offsets.items():
            self._retries.pop(place, None)
            if committed:
                self._owed.pop(place, None)
            else:
                self._owed[place] = upto

    async def _commit_again(self, subscription: Subscription) -> None:
        """Commit again what could not be committed; otherwise a quiet partition would seem to lag until its next event."""
        ours = subscription.assignment()
        for place, upto in tuple(self._owed.items()):
            if place not in ours or await subscription.commit({place: upto}):
                del self._owed[place]

    async def apply_batch(self, topic: str, deliveries: Sequence[Delivery]) -> None:
        """Apply several events in one transaction; if it raises, none was applied."""
        await self._applier.apply_together({topic: deliveries})

    async def _apply_singly(
        self, subscription: Subscription, place: TopicPartition, deliveries: Sequence[Delivery]
    ) -> bool:
        """Apply each event in its own transaction; what cannot be applied is parked.  False when the database is away."""
        ends = time.monotonic() + _SINGLY_SECONDS
        for delivery in deliveries:
            if time.monotonic() > ends:
                await subscription.rewind(place, delivery.offset)
                break
            try:
                await self.apply_one(delivery)
            except Exception as fault:
                if not is_transient(fault):
                    raise
                await self._interrupted(subscription, place, delivery.offset, fault)
                return False
            await self._done(subscription, {place: delivery.offset + 1})
        return True

    async def apply_one(self, delivery: Delivery) -> None:
        """Apply one event, or park it; raises what `is_transient`."""
        await self._applier.apply_one(delivery)

    async def _watch(self, subscription: Subscription, elapsed: float) -> None:
        """Measure lag and progress; a partition with events and none applied for `watchdog` seconds ends the process (R23)."""
        try:
            lags = await subscription.lag()
        except BusUnavailable:
            return  # nothing can progress while the bus is away, and restarting would not help
        for place, waiting in lags.items():
            self._metrics.lag.labels(place.topic, str(place.partition)).set(waiting)
            if waiting <= 0 or place in self._moved or self._retries.get(place):
                self._idle.pop(place, None)
                continue
            idle = self._idle[place] = self._idle.get(place, 0.0) + elapsed
            if idle > self._watchdog:
                log.critical("partition stuck", topic=place.topic, partition=place.partition, waiting=waiting)
                raise Stuck(f"{place.topic}/{place.partition}: {waiting} waiting, none applied for {idle:.0f} s")
        self._forget(lags)
        await self._show_parked()

    def _forget(self, ours: Mapping[TopicPartition, int]) -> None:
        """Stop watching and measuring the partitions that another member has now."""
        self._moved.clear()
        for known in (self._idle, self._retries, self._owed):
            for place in known.keys() - ours.keys():
                del known[place]
        for place in self._shown - ours.keys():
            self._metrics.lag.remove(place.topic, str(place.partition))
        self._shown = set(ours)

    async def _show_parked(self) -> None:
        try:
            async with self._works.read() as session:
                self._metrics.parked.set(await parked.how_many(session))
        except Exception as fault:
            if not is_transient(fault):
                raise
