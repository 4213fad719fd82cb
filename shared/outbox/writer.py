"""The outbox as a handler sees it: `add` an event; it is written in the handler's own transaction."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

import orjson
from asyncpg.pgproto.pgproto import UUID as FastUUID  # noqa: N811 - the driver's UUID class, ten times as fast

from shared.contracts import PUBLISHERS, Event


def new_id() -> UUID:
    """A UUIDv7: unique, and close together in an index because it begins with the time."""
    millis = time.time_ns() // 1_000_000
    drawn = bytearray(os.urandom(10))
    drawn[0] = drawn[0] & 0x0F | 0x70  # version 7
    drawn[2] = drawn[2] & 0x3F | 0x80  # the variant of RFC 9562
    made: UUID = FastUUID(millis.to_bytes(6, "big") + drawn)
    return made


def headers_beside(
    correlation: str, actor: str, causation: str | None = None, *, role: str | None = None, unit: str | None = None
) -> str:
    """The attributes beside an event's content, as the outbox keeps them; without `role` the platform itself acted."""
    headers = {"correlationid": correlation, "actor": actor}
    if role is not None:
        headers["actorrole"] = role
    if unit is not None:
        headers["actorunit"] = unit
    if causation is not None:
        headers["causationid"] = causation
    return orjson.dumps(headers).decode()


class IdSource(Protocol):
    """Makes new ids; injected, so that a test knows them."""

    def __call__(self) -> UUID:
        """The next id."""
        ...


@dataclass(frozen=True, slots=True)
class Pending:
    """An event that is written at the end of its transaction."""

    id: UUID
    event: Event
    at: datetime
    headers: str
    """Correlation, cause and actor, as JSON."""


# One statement: it locks each stream's counter first, in the order of the keys, and only then draws positions.  So
# the events of one key get positions in the order of their commits, whatever the handler locked before (R7), and two
# transactions cannot deadlock.
_STREAMS: Final = """
fresh as (
  select * from unnest(cast(:ids as uuid[]), cast(:topics as text[]), cast(:keys as text[]), cast(:types as text[]),
    cast(:headers as text[]), cast(:payloads as bytea[]), cast(:times as timestamptz[]))
    with ordinality as f(id, topic, key, type, headers, payload, at, n)
  where {only}
), counted as (
  select topic, key, count(*) as many from fresh group by topic, key
), locked as (
  insert into stream as s (topic, key, last)
  select topic, key, many from counted order by topic, key
  on conflict (topic, key) do update set last = s.last + excluded.last
  returning topic, key, last
)
insert into outbox (id, aggregatetype, aggregateid, type, sequence, headers, payload, created_at)
select f.id, f.topic, f.key, f.type,
  l.last - c.many + row_number() over (partition by f.topic, f.key order by f.n),
  f.headers::jsonb, f.payload, f.at
from fresh f join counted c using (topic, key) join locked l using (topic, key)
order by f.n
"""


def writing(*beside: str, only: str = "true") -> str:
    """The statement that writes the events, with other writes of the same transaction in it (`name as (...)`).

    `only` is a condition on an event's `key`; it may refer to these other writes.
    """
    return "with " + ", ".join((*beside, _STREAMS.format(only=only)))


WRITE: Final = writing()


class Outbox:
    """The events of one transaction; the unit of work writes them at its end."""

    def __init__(self, service: str, ids: IdSource) -> None:
        self._ids = ids
        self._allowed = frozenset(PUBLISHERS[service]) | frozenset(PUBLISHERS["kernel"])
        self.service = service
        self._pending: list[Pending] = []

    def add(self, event: Event, *, at: datetime, headers: str) -> UUID:
        """Add an event; only the owner of a type may publish it."""
        if type(event) not in self._allowed:
            raise TypeError(f"{self.service} may not publish {event.type}: it belongs to another service")
        pending = Pending(self._ids(), event, at, headers)
        self._pending.append(pending)
        return pending.id

    def take(self) -> Sequence[Pending]:
        """Return the added events, to be written now."""
        pending, self._pending = self._pending, []
        return pending


def columns_of(pending: Sequence[Pending]) -> dict[str, list[object]]:
    """The events as the arrays that WRITE takes."""
    return {
        "ids": [p.id for p in pending],
        "topics": [p.event.topic for p in pending],
        "keys": [p.event.key for p in pending],
        "types": [p.event.type for p in pending],
        "headers": [p.headers for p in pending],
        "payloads": [p.event.model_dump_json().encode() for p in pending],
        "times": [p.at for p in pending],
    }
