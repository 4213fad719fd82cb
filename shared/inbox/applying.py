"""Applying the events that a service has read: event id, effect and follow-up events in one transaction (R16).

Several events are applied together or not at all. A single event that cannot be applied is parked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from shared.bus import Delivery
from shared.clock import RealClock
from shared.contracts import Event
from shared.contracts.base import OrderEvent
from shared.db.faults import is_transient, name_of
from shared.errors import BusinessError
from shared.inbox import parked
from shared.inbox.finish import finished
from shared.inbox.listening import Listening
from shared.inbox.seen import Gap, new_ones, was_seen
from shared.outbox import Envelope, Undecodable, decode
from shared.outbox.envelope import SOURCE
from shared.telemetry import Metrics, logger
from shared.work import Work, Works

log = logger("consumer")  # the same name as the runner's: for a reader of the log they are one

Handler = Callable[[Work, Any], Awaitable[None]]
"""`async def open_case(work, event)`: apply one event; a second run does no harm."""
Subscriptions = Mapping[type[Event], Handler | tuple[Handler, ...]]
"""Who applies an event of this type; of several the first one first."""
BatchHandler = Callable[[Work, Sequence[Envelope]], Awaitable[None]]
"""Apply many events at once, for projections; each event in it is new."""

_TRIES: Final = 3


class Applier:
    """Applies the events of one service: by a handler for each type, or by one handler for many events."""

    def __init__(
        self,
        *,
        works: Works,
        listening: Listening,
        handlers: Mapping[type[Event], tuple[Handler, ...]],
        batch: BatchHandler | None,
        remembered: frozenset[type[Event]] | None,
        metrics: Metrics,
    ) -> None:
        self._works, self._types, self._metrics = works, listening.types, metrics
        self._handlers = dict(handlers)
        self._batch, self._remembered = batch, remembered
        self._skipped = {
            topic: frozenset(f"{SOURCE}{name}".encode() for name in listening.skipped_on(topic))
            for topic in listening.topics
        }

    async def apply_together(self, topics: Mapping[str, Sequence[Delivery]]) -> None:
        """Apply all of them, by topic, in one transaction; if it raises, none was applied."""
        taken = {
            topic: [self._decoded(one) for one in deliveries if not self._is_skipped(one)]
            for topic, deliveries in topics.items()
        }
        if not any(taken.values()):
            return
        applied: list[Envelope] = []
        async with self._works.begin() as work:
            for topic, envelopes in taken.items():
                if not envelopes:
                    continue
                # When events of a key are parked it raises, and the events of this batch are applied one by one.
                fresh = await new_ones(
                    work.session, topic, envelopes, now=work.now, remembered=self._remembered, heed_waiting=True
                )
                await self._effects(work, fresh)
                applied += fresh
        self._count(sum(map(len, taken.values())), applied)

    async def apply_one(self, delivery: Delivery) -> None:
        """Apply one event, or park it: at once when it can never be applied, after some tries when a handler failed.

        Raises what `is_transient`: then it was neither applied nor parked.
        """
        if self._is_skipped(delivery):
            return
        attempt = 0
        while True:
            attempt += 1
            try:
                fresh = await finished(self._apply_alone(delivery))
            except Exception as fault:  # of any kind: it must not hold up the events of other keys
                if is_transient(fault):
                    raise
                reason = self._reason(fault, attempt)
            else:
                self._count(1, fresh)
                return
            if not reason.final and attempt < _TRIES:
                await asyncio.sleep(0.1 * 2**attempt)
            elif await finished(self._park(delivery, reason)):
                return

    async def replay(self, work: Work, delivery: Delivery) -> None:
        """Apply a parked event in an operator's transaction; Park when it still cannot be applied."""
        try:
            fresh = await self._apply_or_raise(work, delivery, heed_waiting=False)
        except parked.Park:
            raise
        except Exception as fault:
            if is_transient(fault):
                raise
            raise self._reason(fault, 1) from fault
        self._count(1, fresh)

    def _is_skipped(self, delivery: Delivery) -> bool:
        """Whether its publisher's events are not handled here: up to two thirds of a topic."""
        return delivery.headers.get("ce_source") in self._skipped.get(delivery.topic, ())

    def _decoded(self, delivery: Delivery) -> Envelope:
        # A simulated clock may be set back; an event from before that lies ahead of it, and no clock is wrong.
        clock = self._works.clock
        now = clock.now() if isinstance(clock, RealClock) else None
        return decode(delivery, now=now, types=self._types)

    async def _effects(self, work: Work, fresh: Sequence[Envelope]) -> None:
        handled = [one for one in fresh if type(one.event) in self._handlers]
        if len(handled) > 1:
            await work.read_ahead({one.event.order_id for one in handled if isinstance(one.event, OrderEvent)})
        for envelope in handled:
            for handler in self._handlers[type(envelope.event)]:  # type: ignore[index]  # looked up above
                work.cause = envelope
                await handler(work, envelope.event)
        work.cause = None
        # Last: it may lock what is common to all orders, and the handlers lock orders.
        if self._batch is not None and fresh:
            await self._batch(work, fresh)

    def _count(self, taken: int, fresh: Sequence[Envelope]) -> None:
        for envelope in fresh:
            self._metrics.consumed.labels(envelope.type if envelope.event is not None else "unhandled").inc()
        if repeats := taken - len(fresh):
            self._metrics.redelivered.inc(repeats)

    def _reason(self, fault: Exception, attempt: int) -> parked.Park:
        if isinstance(fault, parked.Park):
            return fault
        if isinstance(fault, BusinessError):
            return parked.Park("refused", f"{fault.code}: {fault.message}")
        # The text of an unexpected exception may quote a caller; its class and place are enough to find it.
        log.error("handler failed", service=self._works.service, attempt=attempt, exc_info=fault)
        return parked.Park("failed", name_of(fault))

    async def _apply_alone(self, delivery: Delivery) -> list[Envelope]:
        async with self._works.begin() as work:
            return await self._apply_or_raise(work, delivery)

    async def _park(self, delivery: Delivery, reason: parked.Park) -> bool:
        """Park the event; False when it had to wait behind others that are gone by now, so that it can be applied."""
        async with self._works.begin() as work:
            return await parked.park(work, delivery, reason)

    async def _apply_or_raise(self, work: Work, delivery: Delivery, *, heed_waiting: bool = True) -> list[Envelope]:
        try:
            envelope = self._decoded(delivery)
        except Undecodable as fault:
            raise parked.Park(fault.reason, fault.detail) from fault
        if heed_waiting and await parked.any_waiting(work.session, delivery.topic, {envelope.subject}):
            if await parked.is_known(work.session, delivery) or await was_seen(work.session, envelope):
                return []  # delivered again: it was applied before its key was parked, so it need not wait
            raise parked.Park(parked.BEHIND, "an earlier event of this key waits")
        try:
            fresh = await new_ones(work.session, delivery.topic, [envelope], now=work.now, remembered=self._remembered)
        except Gap as gap:
            raise parked.Park("gap", str(gap)) from gap
        await self._effects(work, fresh)
        await work.session.flush()
        return fresh
