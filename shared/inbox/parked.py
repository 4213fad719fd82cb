"""Events that could not be applied: kept by key, visible, and replayed in order by an operator (R25-R27)."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.bus import Delivery
from shared.contracts.kernel import EventParked
from shared.db.faults import is_transient, name_of
from shared.errors import BusinessError, NotListed
from shared.identity import Person
from shared.inbox.seen import store_numbers
from shared.outbox.envelope import LONGEST_NAME
from shared.telemetry import logger
from shared.work import Work, Works

log = logger("parked")

BEHIND: Final = "behind"


class Park(Exception):
    """Why an event is parked: a stable code and the detail, without personal data."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail

    @property
    def final(self) -> bool:
        """Whether trying again is of no use."""
        return self.reason != "failed"


def key_of(delivery: Delivery) -> str:
    """The key under which a delivery is parked; an unreadable key gets one of its own, a very long one its hash."""
    key = delivery.key
    if key is None:
        return f"?{delivery.topic}/{delivery.partition}/{delivery.offset}"
    if len(key) > LONGEST_NAME:
        return f"#{hashlib.sha256(key.encode()).hexdigest()}"
    return _storable(key)


def _identity_of(delivery: Delivery) -> str:
    """What identifies the event beside its place: its id, or a hash of its bytes. A new broker uses places again.

    A very long id does not fit an index, so its hash is taken.
    """
    event_id = _storable(delivery.headers.get("ce_id", b"").decode("utf-8", "replace"))
    if not event_id:
        return f"?{hashlib.sha256(delivery.value or b'').hexdigest()}"
    return event_id if len(event_id) <= LONGEST_NAME else f"#{hashlib.sha256(event_id.encode()).hexdigest()}"


def _storable(text_: str) -> str:
    """The text without NUL, which PostgreSQL does not store; the payload itself keeps its bytes."""
    return text_.replace("\x00", "\ufffd")


_WAITING = text(
    "select exists (select from parked where state = 'waiting' and topic = :topic and key = any(cast(:keys as text[])))"
)
_KNOWN = text(
    'select exists (select from parked where topic = :topic and partition = :partition and "offset" = :offset'
    " and event_id = :event_id)"
)
_PARK = text(
    """
insert into parked (topic, partition, "offset", key, event_id, type, headers, payload, reason, detail, parked_at)
values (:topic, :partition, :offset, :key, :event_id, :type, cast(:headers as jsonb), :payload, :reason, :detail, :now)
on conflict do nothing returning id
"""
)
# Parking behind others must not overlap with replaying them, or an event would wait for a replay that is over.
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended('parked ' || :topic || ' ' || :key, 0))")
_FIRST = text("select id from parked where state = 'waiting' and topic = :topic and key = :key order by id limit 1")
_HOW_MANY = text("select count(*) from parked where state = 'waiting'")
_ROW = 'id, topic, partition, "offset", key, event_id, type, headers, payload, reason, detail, parked_at, state, decided_by, decided_at, why'


def _place_of(delivery: Delivery) -> dict[str, Any]:
    return {
        "topic": delivery.topic,
        "partition": delivery.partition,
        "offset": delivery.offset,
        "event_id": _identity_of(delivery),
    }


async def any_waiting(session: AsyncSession, topic: str, keys: Collection[str]) -> bool:
    """Whether an event of one of these keys waits for an operator."""
    return bool(await (await session.connection()).scalar(_WAITING, {"topic": topic, "keys": sorted(keys)}))


async def is_known(session: AsyncSession, delivery: Delivery) -> bool:
    """Whether this very delivery was parked before, whatever became of it."""
    return bool(await session.scalar(_KNOWN, _place_of(delivery)))


async def how_many(session: AsyncSession) -> int:
    """Events that wait for an operator."""
    return int(await session.scalar(_HOW_MANY) or 0)


async def park(work: Work, delivery: Delivery, why: Park) -> bool:
    """Keep the delivery with its bytes, and publish that on the topic of dead letters.

    False when it was to wait behind others that are gone by now: nothing was stored, and it can be applied.
    """
    headers = {_storable(n): _storable(value.decode("utf-8", "replace")) for n, value in delivery.headers.items()}
    key = key_of(delivery)
    await work.session.execute(_ONE_AT_A_TIME, {"topic": delivery.topic, "key": key})
    if why.reason == BEHIND and not await any_waiting(work.session, delivery.topic, {key}):
        return False
    event_id, event_type = headers.get("ce_id"), headers.get("ce_type")
    entered = await work.session.execute(
        _PARK,
        {
            **_place_of(delivery),
            "key": key,
            "type": event_type,
            "headers": orjson.dumps(headers).decode(),
            "payload": delivery.value or b"",
            "reason": why.reason,
            "detail": _storable(why.detail[:500]),
            "now": work.now,
        },
    )
    if entered.first() is None:
        if not await is_known(work.session, delivery):  # older databases have an index on the place alone
            log.error("parked event hides another", service=work.outbox.service, topic=delivery.topic, key=key)
        return True  # delivered again: it was parked and published before
    work.emit(
        EventParked(
            consumer=f"{work.outbox.service}",
            parked_key=key,
            event_id=event_id or "",
            event_type=event_type or "",
            reason=why.reason,
            parked_at=work.now,
        )
    )
    return True


class NothingWaits(BusinessError):
    """The parked event was replayed or dropped before."""

    code = "nothing_waits"

    def __init__(self) -> None:
        super().__init__("该事件已处理，无需再次操作")


class EarlierWaits(BusinessError):
    """An earlier event of the same key is to be decided first: events of a key are decided in their order."""

    code = "earlier_waits"

    def __init__(self, parked_id: int) -> None:
        super().__init__("同一对象还有更早的事件待处理，请先处理该事件")
        self.parked_id = parked_id


class ReplayRefused(BusinessError):
    """The event still cannot be applied; `replayed` events before it were applied."""

    code = "replay_refused"

    def __init__(self, parked_id: int, reason: str, detail: str, replayed: int) -> None:
        super().__init__("重放未成功，请查看原因，修改内容后重试或放弃该事件")
        self.parked_id, self.reason, self.detail, self.replayed = parked_id, reason, detail, replayed


@dataclass(frozen=True, slots=True)
class ParkedEvents:
    """What an operator can do: list, edit, replay and drop.  `apply` applies one delivery, or raises Park."""

    works: Works
    apply: Callable[[Work, Delivery], Awaitable[None]]

    async def listing(self, *, waiting: bool = True, after: int = 0, limit: int = 50) -> list[dict[str, Any]]:
        """Parked events, oldest first, without their content."""
        where = "state = 'waiting' and id > :after" if waiting else "id > :after"
        async with self.works.read() as session:
            rows = await session.execute(
                text(f"select {_ROW} from parked where {where} order by id limit :limit"),  # noqa: S608 - fixed words
                {"after": after, "limit": limit},
            )
            return [dict(row) for row in rows.mappings()]

    async def one(self, parked_id: int) -> dict[str, Any]:
        """One parked event with its bytes; NotListed."""
        async with self.works.read() as session:
            return await _row(session, parked_id, lock=False)

    async def replay(self, topic: str, key: str, person: Person, *, despite_gap: bool = False) -> int:
        """Apply the waiting events of a key in order, each in its own transaction; returns how many were applied.

        `despite_gap`: the operator has decided that the event missing before the first of them will not come.
        """
        done = 0
        while True:
            try:
                if not await self._replay_next(topic, key, person, done, despite_gap=despite_gap and done == 0):
                    return done
            except BusinessError:
                raise
            except Exception as fault:
                if is_transient(fault):
                    raise
                # Found at the end of the transaction, as a deferred constraint is.
                raise ReplayRefused(0, "failed", name_of(fault), done) from fault
            done += 1

    async def _replay_next(self, topic: str, key: str, person: Person, done: int, *, despite_gap: bool) -> bool:
        async with self.works.begin(person) as work:
            await work.session.execute(_ONE_AT_A_TIME, {"topic": topic, "key": key})
            rows = await work.session.execute(
                text(
                    f"select {_ROW} from parked where state = 'waiting' and topic = :topic and key = :key "  # noqa: S608
                    "order by id limit 1 for update"
                ),
                {"topic": topic, "key": key},
            )
            row = rows.mappings().first()
            if row is None:
                return False
            await self._replay_row(work, dict(row), person, done, despite_gap=despite_gap)
            return True

    async def _replay_row(
        self, work: Work, row: dict[str, Any], person: Person, done: int, *, despite_gap: bool
    ) -> None:
        await _decide(work, row, "replayed", person, "despite a gap" if despite_gap else None)
        if despite_gap:
            await _pass_over(work.session, row, back=1)
        delivery = Delivery(
            topic=row["topic"],
            partition=row["partition"],
            offset=row["offset"],
            key=row["key"],
            value=bytes(row["payload"]),
            headers={name: value.encode() for name, value in row["headers"].items()},
        )
        try:
            await self.apply(work, delivery)
        except Park as why:
            raise ReplayRefused(row["id"], why.reason, why.detail, done) from why

    async def edit(self, parked_id: int, payload: bytes, person: Person, why: str) -> None:
        """Replace the content of an event that could not be applied; `replay` applies it."""
        async with self.works.begin(person) as work:
            row = await _row(work.session, parked_id, lock=True)
            if row["state"] != "waiting":
                raise NothingWaits
            await work.session.execute(
                text("update parked set payload = :payload, why = :why where id = :id"),
                {"payload": payload, "why": why, "id": parked_id},
            )
            work.audit(
                "parked.edited",
                f"parked:{parked_id}",
                before={"sha256": hashlib.sha256(bytes(row["payload"])).hexdigest()},
                after={"sha256": hashlib.sha256(payload).hexdigest()},
                reason=why,
            )

    async def drop(self, parked_id: int, person: Person, why: str) -> None:
        """Give the event up, with a reason; the events behind it may then be replayed.

        Only the first event of a key: if a later one counted as applied, an earlier one would look like a repeat.
        """
        async with self.works.begin(person) as work:
            row = await _row(work.session, parked_id, lock=False)
            await work.session.execute(_ONE_AT_A_TIME, {"topic": row["topic"], "key": row["key"]})
            row = await _row(work.session, parked_id, lock=True)
            if row["state"] != "waiting":
                raise NothingWaits
            first = await work.session.scalar(_FIRST, {"topic": row["topic"], "key": row["key"]})
            if first != parked_id:
                raise EarlierWaits(first or 0)
            await _decide(work, row, "dropped", person, why)
            await _pass_over(work.session, row)


async def _row(session: AsyncSession, parked_id: int, *, lock: bool) -> dict[str, Any]:
    suffix = " for update" if lock else ""
    rows = await session.execute(text(f"select {_ROW} from parked where id = :id{suffix}"), {"id": parked_id})  # noqa: S608
    row = rows.mappings().first()
    if row is None:
        raise NotListed("暂存事件", str(parked_id))
    return dict(row)


async def _decide(work: Work, row: dict[str, Any], state: str, person: Person, why: str | None) -> None:
    await work.session.execute(
        text(
            "update parked set state = :state, decided_by = :by, decided_at = :now, why = coalesce(:why, why) where id = :id"
        ),
        {"state": state, "by": person.account, "now": work.now, "why": why, "id": row["id"]},
    )
    work.audit(
        f"parked.{state}", f"parked:{row['id']}", before={"state": row["state"]}, after={"state": state}, reason=why
    )


async def _pass_over(session: AsyncSession, row: dict[str, Any], *, back: int = 0) -> None:
    """Count a dropped event as applied, or the next one of its stream would look like a gap."""
    headers = row["headers"]
    sequence = str(headers.get("ce_sequence", ""))
    if "ce_source" not in headers or not (sequence.isascii() and sequence.isdigit()) or int(sequence) >= 2**63:
        return
    await store_numbers(session, row["topic"], {(headers["ce_source"], row["key"]): int(sequence) - back})
