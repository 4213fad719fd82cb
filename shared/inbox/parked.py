"""Events that could not be applied: kept by key, visible, and replayed in order by an operator (R25-R27)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.bus import Delivery
from shared.contracts.kernel import EventParked
from shared.errors import BusinessError, NotFound
from shared.identity import Person
from shared.work import Work, Works


class Park(Exception):
    """Why an event is set aside: a stable word and, without personal data, the detail."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail

    @property
    def final(self) -> bool:
        """Whether another try is pointless."""
        return self.reason != "failed"


def key_of(delivery: Delivery) -> str:
    """The key under which a delivery is parked; an unreadable one stands alone."""
    return delivery.key if delivery.key is not None else f"?{delivery.topic}/{delivery.partition}/{delivery.offset}"


_WAITING = text(
    "select exists (select from parked where state = 'waiting' and topic = :topic and key = any(cast(:keys as text[])))"
)
_KNOWN = text(
    'select exists (select from parked where topic = :topic and partition = :partition and "offset" = :offset)'
)
_PARK = text(
    """
insert into parked (topic, partition, "offset", key, event_id, type, headers, payload, reason, detail, parked_at)
values (:topic, :partition, :offset, :key, :event_id, :type, cast(:headers as jsonb), :payload, :reason, :detail, :now)
on conflict (topic, partition, "offset") do nothing
"""
)
_ROW = 'id, topic, partition, "offset", key, event_id, type, headers, payload, reason, detail, parked_at, state, decided_by, decided_at, why'


async def any_waiting(session: AsyncSession, topic: str, keys: Collection[str]) -> bool:
    """Whether an event of one of these keys waits for an operator."""
    return bool(await session.scalar(_WAITING, {"topic": topic, "keys": sorted(keys)}))


async def is_known(session: AsyncSession, delivery: Delivery) -> bool:
    """Whether this very delivery was parked before, whatever became of it."""
    place = {"topic": delivery.topic, "partition": delivery.partition, "offset": delivery.offset}
    return bool(await session.scalar(_KNOWN, place))


async def park(work: Work, delivery: Delivery, why: Park) -> None:
    """Keep the delivery with its bytes, and say so on the topic of dead letters."""
    headers = {name: value.decode("utf-8", "replace") for name, value in delivery.headers.items()}
    key = key_of(delivery)
    event_id, event_type = headers.get("ce_id"), headers.get("ce_type")
    await work.session.execute(
        _PARK,
        {
            "topic": delivery.topic,
            "partition": delivery.partition,
            "offset": delivery.offset,
            "key": key,
            "event_id": event_id,
            "type": event_type,
            "headers": orjson.dumps(headers).decode(),
            "payload": delivery.value or b"",
            "reason": why.reason,
            "detail": why.detail,
            "now": work.now,
        },
    )
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


class NothingWaits(BusinessError):
    """The parked event was replayed or dropped before."""

    code = "nothing_waits"

    def __init__(self) -> None:
        super().__init__("该事件已处理，无需再次操作")


class ReplayRefused(BusinessError):
    """The event still cannot be applied."""

    code = "replay_refused"

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__("重放未成功，请查看原因，修改内容后重试或放弃该事件")
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class ParkedEvents:
    """What an operator can do: see, edit and replay, drop.  `apply` is the consumer's way of applying one delivery."""

    works: Works
    apply: Callable[[Work, Delivery], Awaitable[None]]

    async def listing(self, *, waiting: bool = True, after: int = 0, limit: int = 50) -> list[dict[str, Any]]:
        """Parked events, oldest first, with everything but their content."""
        where = "state = 'waiting' and id > :after" if waiting else "id > :after"
        async with self.works.read() as session:
            rows = await session.execute(
                text(f"select {_ROW} from parked where {where} order by id limit :limit"),  # noqa: S608 - fixed words
                {"after": after, "limit": limit},
            )
            return [dict(row) for row in rows.mappings()]

    async def one(self, parked_id: int) -> dict[str, Any]:
        """One parked event with its bytes; NotFound."""
        async with self.works.read() as session:
            return await _row(session, parked_id, lock=False)

    async def replay(self, topic: str, key: str, person: Person) -> int:
        """Apply the waiting events of a key in order, each in a transaction of its own; how many went through."""
        done = 0
        while True:
            async with self.works.begin(person) as work:
                rows = await work.session.execute(
                    text(
                        f"select {_ROW} from parked where state = 'waiting' and topic = :topic and key = :key "  # noqa: S608
                        'order by "offset" limit 1 for update'
                    ),
                    {"topic": topic, "key": key},
                )
                row = rows.mappings().first()
                if row is None:
                    return done
                await self._replay_row(work, dict(row), person)
            done += 1

    async def _replay_row(self, work: Work, row: dict[str, Any], person: Person) -> None:
        await _decide(work, row, "replayed", person, None)
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
            raise ReplayRefused(why.reason, why.detail) from why

    async def edit(self, parked_id: int, payload: bytes, person: Person, why: str) -> None:
        """Put other content in place of what could not be applied; it is replayed by `replay`."""
        async with self.works.begin(person) as work:
            row = await _row(work.session, parked_id, lock=True)
            if row["state"] != "waiting":
                raise NothingWaits
            await work.session.execute(
                text("update parked set payload = :payload, why = :why where id = :id"),
                {"payload": payload, "why": why, "id": parked_id},
            )
            work.audit("parked.edited", f"parked:{parked_id}", reason=why)

    async def drop(self, parked_id: int, person: Person, why: str) -> None:
        """Give the event up, with a reason; the events behind it may then be replayed."""
        async with self.works.begin(person) as work:
            row = await _row(work.session, parked_id, lock=True)
            if row["state"] != "waiting":
                raise NothingWaits
            await _decide(work, row, "dropped", person, why)
            await _pass_over(work.session, row)


async def _row(session: AsyncSession, parked_id: int, *, lock: bool) -> dict[str, Any]:
    suffix = " for update" if lock else ""
    rows = await session.execute(text(f"select {_ROW} from parked where id = :id{suffix}"), {"id": parked_id})  # noqa: S608
    row = rows.mappings().first()
    if row is None:
        raise NotFound("暂存事件", str(parked_id))
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


async def _pass_over(session: AsyncSession, row: dict[str, Any]) -> None:
    """A dropped event counts as seen, else every later one of its stream would look like a gap."""
    headers = row["headers"]
    if not {"ce_source", "ce_sequence"} <= headers.keys() or not str(headers["ce_sequence"]).isdigit():
        return
    await session.execute(
        text(
            "insert into seen as s (source, topic, key, sequence) values (:source, :topic, :key, :sequence) "
            "on conflict (source, topic, key) do update set sequence = greatest(s.sequence, excluded.sequence)"
        ),
        {
            "source": headers["ce_source"],
            "topic": row["topic"],
            "key": row["key"],
            "sequence": int(headers["ce_sequence"]),
        },
    )
