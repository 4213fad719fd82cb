"""Which events are new: by their id (the inbox) and by their number within their stream (R16, R17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts import Event
from shared.outbox import Envelope

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
# The same with what waits for an operator: one more condition costs less than one more statement.
_LAST_SEEN_UNLESS_WAITING = text(
    """
select t.source, t.key, coalesce(s.sequence, 0),
  exists (select from parked p where p.state = 'waiting' and p.topic = :topic and p.key = t.key)
from unnest(cast(:sources as text[]), cast(:keys as text[])) as t(source, key)
left join seen s on s.source = t.source and s.topic = :topic and s.key = t.key
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


class Gap(Exception):
    """An event of a stream is missing before this one."""

    def __init__(self, last: int, found: int) -> None:
        super().__init__(f"{last} is followed by {found}")


class KeyWaits(Exception):
    """Earlier events of a key wait for an operator."""


async def new_ones(
    session: AsyncSession,
    topic: str,
    envelopes: Sequence[Envelope],
    *,
    now: datetime,
    remembered: frozenset[type[Event]] | None = None,
    heed_waiting: bool = False,
) -> list[Envelope]:
    """Return the events that were not applied before, and store them as applied; Gap when one is missing.

    With `heed_waiting` it raises KeyWaits when an earlier event of one of the keys is parked.

    Of an event that the service does not handle only the number is stored, not the id: it has no effect to repeat.  The
    same holds for types that are not in `remembered` (None: all are), whose effect does no harm a second time.
    If another member applies the same events at this moment, this waits for it: its rows in the inbox decide.
    """
    handled = [e for e in envelopes if e.event is not None and (remembered is None or type(e.event) in remembered)]
    inserted: set[UUID] = set()
    connection = await session.connection()
    if handled:
        rows = await connection.execute(
            _TAKE_IN, {"ids": [e.id for e in handled], "types": [e.type for e in handled], "now": now}
        )
        inserted = {row[0] for row in rows}
    streams = sorted({(e.source, e.subject) for e in envelopes})
    # Read after the wait above, so that the numbers of the other member are included.
    places = {"topic": topic, "sources": [s for s, _ in streams], "keys": [k for _, k in streams]}
    found = (await connection.execute(_LAST_SEEN_UNLESS_WAITING if heed_waiting else _LAST_SEEN, places)).all()
    if heed_waiting and any(row[3] for row in found):
        raise KeyWaits
    last: dict[tuple[str, str], int] = {(row[0], row[1]): row[2] for row in found}
    advanced: dict[tuple[str, str], int] = {}
    fresh: list[Envelope] = []
    for envelope in envelopes:
        stream = (envelope.source, envelope.subject)
        before = last.get(stream, 0)
        if envelope.sequence <= before:
            continue  # seen, even if the inbox has forgotten it (R17)
        if envelope.sequence != before + 1:
            raise Gap(before, envelope.sequence)
        last[stream] = advanced[stream] = envelope.sequence
        if envelope.id in inserted:
            inserted.discard(envelope.id)
            fresh.append(envelope)
        elif envelope.event is None or (remembered is not None and type(envelope.event) not in remembered):
            fresh.append(envelope)
    if advanced:
        await store_numbers(session, topic, advanced)
    return fresh


async def was_seen(session: AsyncSession, envelope: Envelope) -> bool:
    """Whether the event, or a later one of its stream, was applied or dropped before."""
    found = await session.execute(
        _LAST_SEEN, {"topic": envelope.topic, "sources": [envelope.source], "keys": [envelope.subject]}
    )
    row = found.first()
    return row is not None and envelope.sequence <= row[2]


async def store_numbers(session: AsyncSession, topic: str, last: Mapping[tuple[str, str], int]) -> None:
    """Store the last number of each (source, key)."""
    await (await session.connection()).execute(
        _SAW,
        {
            "topic": topic,
            "sources": [s for s, _ in last],
            "keys": [k for _, k in last],
            "sequences": list(last.values()),
        },
    )
