"""Five variants that are broken on purpose: the fault run must fail with each, or it proves nothing.

    python -m bench.broken cursor-relay services.intake

Each breaks one of the rules R7 and R16 (docs/reliability.md); none of it is part of the platform itself.
"""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

import shared.inbox.applying as applying_module
import shared.inbox.seen as seen_module
from shared.bus import Delivery, Subscription, TopicPartition
from shared.inbox import Consumer
from shared.outbox import Envelope, Relay
from shared.outbox.relay import _MARK, _TAKE

_FEW: Final = 20
_ROW: Final = "position, id, aggregatetype, aggregateid, type, sequence, headers, payload, created_at"


def cursor_relay() -> None:
    """Reads on from the highest position it has read: what commits later below it is never read."""

    async def publish_waiting(self: Any, connection: Any) -> int:
        if not hasattr(self, "cursor"):
            self.cursor = await connection.fetchval(
                "select coalesce(max(position), 0) from outbox where published_at is not null"
            )
        rows = await connection.fetch(
            f"select {_ROW} from outbox where position > $1 order by position limit 500", self.cursor
        )
        if rows:
            await self._bus.publish([self._message(row) for row in rows])
            await connection.execute(_MARK, [row["position"] for row in rows], self._clock.now())
            self.cursor = rows[-1]["position"]
        self._note_next(None)  # this relay believes that nothing waits, so it must not count as stalled
        return len(rows)

    Relay.publish_waiting = publish_waiting  # type: ignore[method-assign]


def mark_before_ack() -> None:
    """Marks the events as published before it publishes them."""

    async def publish_waiting(self: Any, connection: Any) -> int:
        rows = await connection.fetch(_TAKE, 500, [])
        if rows:
            await connection.execute(_MARK, [row["position"] for row in rows], self._clock.now())
            await self._bus.publish([self._message(row) for row in rows])
        self._note_next(None)
        return len(rows)

    Relay.publish_waiting = publish_waiting  # type: ignore[method-assign]


def skip_locked_relay() -> None:
    """No lock of the service: every replica takes the rows that no other holds, so events of an order change places."""

    async def lead_at_once(self: Any, connection: Any) -> None:  # noqa: ARG001 - the method's signature
        return

    async def publish_waiting(self: Any, connection: Any) -> int:
        taken = 0
        while True:
            async with connection.transaction():
                rows = await connection.fetch(f"{_TAKE} for update of o skip locked", _FEW, [])
                if not rows:
                    self._note_next(None)
                    return taken
                await self._bus.publish([self._message(row) for row in rows])
                await connection.execute(_MARK, [row["position"] for row in rows], self._clock.now())
            taken += len(rows)

    Relay._lock = lead_at_once  # type: ignore[method-assign]  # noqa: SLF001
    Relay.publish_waiting = publish_waiting  # type: ignore[method-assign]


def offset_before_commit() -> None:
    """Commits the offsets of a batch before its effects are in the database."""
    apply = Consumer._apply_all  # noqa: SLF001

    async def apply_all(
        self: Consumer, subscription: Subscription, batches: Mapping[TopicPartition, Sequence[Delivery]]
    ) -> None:
        if batches:
            await subscription.commit({place: some[-1].offset + 1 for place, some in batches.items()})
        await apply(self, subscription, batches)

    Consumer._apply_all = apply_all  # type: ignore[method-assign]  # noqa: SLF001


def inbox_outside() -> None:
    """Stores events in the inbox in a separate transaction, before their effects."""
    usual = seen_module.new_ones

    async def new_ones(session: AsyncSession, topic: str, envelopes: Sequence[Envelope], **more: Any) -> list[Envelope]:
        async with AsyncSession(session.bind) as own, own.begin():
            return await usual(own, topic, envelopes, **more)

    # The module has imported the function by name.
    applying_module.__dict__["new_ones"] = new_ones


VARIANTS: Final[Mapping[str, Callable[[], None]]] = {
    "cursor-relay": cursor_relay,
    "mark-before-ack": mark_before_ack,
    "skip-locked-relay": skip_locked_relay,
    "offset-before-commit": offset_before_commit,
    "inbox-outside": inbox_outside,
}


if __name__ == "__main__":
    variant, module = sys.argv[1:3]
    VARIANTS[variant]()
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
