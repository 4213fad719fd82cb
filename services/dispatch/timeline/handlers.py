"""The timelines follow the events of all five services."""

from __future__ import annotations

from collections.abc import Sequence

from services.dispatch.timeline import store
from services.dispatch.timeline.model import NEWS_WRITTEN
from services.dispatch.timeline.rules import entries_of
from shared.outbox import Envelope
from shared.work import Work


async def follow_events(work: Work, events: Sequence[Envelope]) -> None:
    """Write what these events say of orders, all in one statement, after whatever else they changed here."""
    entries = [entry for event in events for entry in entries_of(event)]
    if entries:
        # Before the head is locked: whoever waits for it holds no rows that this transaction still has to lock.
        await work.session.flush()
        await store.add_entries(work.session, entries)
        if any(entry.topic is not None for entry in entries):
            work.wake(NEWS_WRITTEN)
