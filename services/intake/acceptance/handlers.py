"""Group commit: orders that arrive together become one durable statement (S1.1.4c).

A request seals its order, joins the queue and waits; its answer leaves after the commit (R1).  An answered order is
never lost, and no request waits without a limit (R6).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg
import orjson

from services.intake.acceptance import policy, rules, store
from services.intake.acceptance.errors import IntakeBusy
from services.intake.acceptance.model import NewOrder
from services.intake.acceptance.rules import Repeat
from services.intake.channels.errors import NotUnderstood, RequestIdReused
from services.intake.channels.model import Answered, Channel, UpstreamOrder
from services.intake.endings.model import Told
from services.intake.endings.rules import ending_of, refusal_of, standing_of
from services.intake.first_look.rules import flags_of
from services.intake.orders.model import State
from services.intake.orders.rules import changed_fields
from services.intake.quarantine.store import earliest_waiting
from shared.db import asyncpg_url
from shared.db.engine import SERVER_BOUNDS
from shared.errors import BusinessError
from shared.identity import Person
from shared.outbox.writer import Pending, headers_beside
from shared.telemetry import correlation_id, logger
from shared.wakes import EVENTS_WRITTEN
from shared.work import Works

log = logger("intake.acceptance")

_TRIES: Final = 3

Answer = Answered | BusinessError


@dataclass(slots=True)
class Submission:
    """One order on its way into the database."""

    channel: Channel
    order: UpstreamOrder
    unknown: Mapping[str, str]
    row: NewOrder
    correlation: str
    answer: asyncio.Future[Answered]
    by: Person | None = None
    """Who released it from quarantine: the histories name that person, no platform (X1)."""

    def settle(self, answer: Answer) -> None:
        """Give the request its answer, unless its client has gone."""
        if self.answer.done():
            return
        if isinstance(answer, BusinessError):
            self.answer.set_exception(answer)
        else:
            self.answer.set_result(answer)


class Acceptance:
    """The queue and its writers; one per process and service."""

    def __init__(self, works: Works, database_url: str) -> None:
        self._works, self._url = works, asyncpg_url(database_url)
        self._batches = Batches(works)
        self._waiting: deque[Submission] = deque()
        self._wake = asyncio.Event()
        self._in_hand: set[tuple[str, str]] = set()
        self._counted_at = -policy.COUNT_SECONDS
        self._backlogged = False
        self._writing = asyncio.Event()

    @property
    def running(self) -> bool:
        """Whether there is a writer."""
        return self._writing.is_set()

    async def accept(
        self,
        channel: Channel,
        webhook_id: str,
        body_hash: bytes,
        order: UpstreamOrder,
        unknown: Mapping[str, str],
        *,
        arrived_at: datetime | None = None,
        by: Person | None = None,
    ) -> Answered:
        """Store an order, its `unknown` fields and its event; returns after the commit.

        `arrived_at` says that the request waited in quarantine since then: the district's terms run from there (A04).
        `by` is who released it.

        IntakeBusy when too many wait, RequestIdReused when the webhook-id came with another body.
        """
        if not self.running:
            await self._wait_for_writer()
        if self._backlogged or len(self._waiting) >= policy.WAITING_ORDERS:
            raise IntakeBusy
        works, order_id = self._works, str(self._works.ids())
        row = store.sealed_order(
            channel,
            order,
            unknown,
            flags_of(order),
            order_id=order_id,
            # The number of a revision is no content: the same text under the next number is the same text.
            fingerprint=works.sealer.fingerprint(orjson.dumps(order._replace(revision=None)._asdict()).decode()),
            at=works.clock.now(),
            arrived_at=arrived_at,
            sealer=works.sealer,
            webhook_id=webhook_id,
            body_hash=body_hash,
        )
        answer: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self._waiting.append(Submission(channel, order, unknown, row, correlation_id.get() or order_id, answer, by))
        self._wake.set()
        return await answer

    async def _wait_for_writer(self) -> None:
        """Wait for the writer: the first requests of a process may arrive before it has started.  IntakeBusy without one."""
        try:
            async with asyncio.timeout(policy.WRITER_SECONDS):
                await self._writing.wait()
        except TimeoutError as fault:
            raise IntakeBusy from fault

    async def run(self) -> None:
        """Until cancelled: write what waits.  While the database is away, requests are refused and not queued.

        While one writer waits for the disk, the next collects what arrives.
        """
        self._writing.set()
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(policy.WRITERS):
                    group.create_task(self._keep_writing())
        finally:
            self._writing.clear()
            self._refuse_waiting()

    async def _keep_writing(self) -> None:
        pause = 0.1
        while True:
            connection: store.Connection | None = None
            try:
                connection = await asyncpg.connect(
                    self._url,
                    timeout=10,
                    server_settings={**SERVER_BOUNDS, "application_name": "gongdan-intake-writer"},
                )
                pause = 0.1
                connection.add_termination_listener(lambda _: self._wake.set())
                await self._serve(connection)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
                log.warning("writer interrupted", error=type(fault).__name__, pause=pause)
                self._refuse_waiting()
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)
            finally:
                if connection is not None:
                    connection.terminate()

    async def _serve(self, connection: store.Connection) -> None:
        """Write what arrives until the connection ends; no order fails when it ends while none waits."""
        while not connection.is_closed():
            self._wake.clear()
            batch = self._take()
            if not batch:
                await self._wake.wait()
                # Requests of the same turn of the event loop join the batch.
                await asyncio.sleep(0)
                continue
            keys = {key for one in batch for key in one.row.keys}
            self._in_hand |= keys
            try:
                await self._count_backlog(connection)
                await self._batches.write(connection, batch)
            except BaseException:
                # The backlog is counted before the write: where that fails, nothing else answers the batch.
                for one in batch:
                    one.settle(IntakeBusy())
                raise
            finally:
                self._in_hand -= keys
                self._wake.set()

    def _take(self) -> list[Submission]:
        """The next batch: no number and no request id twice in it, or in a batch that another writer is writing.

        One statement cannot insert a key twice.  Repeats stay at the front of the queue, so that the versions of one
        order are written in the sequence in which they arrived.
        """
        batch: list[Submission] = []
        later: list[Submission] = []
        taken = set(self._in_hand)
        while self._waiting and len(batch) < policy.BATCH:
            one = self._waiting.popleft()
            if one.answer.done():
                continue
            if taken.isdisjoint(one.row.keys):
                batch.append(one)
            else:
                later.append(one)
            taken.update(one.row.keys)
        self._waiting.extendleft(reversed(later))
        return batch

    def _refuse_waiting(self) -> None:
        while self._waiting:
            self._waiting.popleft().settle(IntakeBusy())

    async def _count_backlog(self, connection: store.Connection) -> None:
        now = time.monotonic()
        if now - self._counted_at >= policy.COUNT_SECONDS:
            self._counted_at = now
            self._backlogged = await store.backlog(connection, policy.OUTBOX_CEILING) >= policy.OUTBOX_CEILING


class Batches:
    """Writes batches of orders: what is new in one statement, what is known answered or made a new version (S1.1.4c).

    Each order is answered after its commit; one object serves all connections of a process.
    """

    def __init__(self, works: Works) -> None:
        self._works = works

    async def write(self, connection: store.Connection, batch: list[Submission]) -> None:
        """Write a batch; where one row breaks it, each row in a transaction of its own."""
        if not batch:
            return
        try:
            known = await self._accept_new(connection, batch)
            if known:
                await self._answer_known(connection, known)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
            if connection.is_closed() or store.is_away(fault):
                for one in batch:
                    one.settle(IntakeBusy())
                raise
            for one in batch:
                if not one.answer.done():
                    one.settle(await self._alone(connection, one))
        except BaseException:
            # Cancelled while writing: whether it was committed is unknown, and the platform sends it again.
            for one in batch:
                one.settle(IntakeBusy())
            raise

    async def _accept_new(self, connection: store.Connection, batch: list[Submission]) -> list[Submission]:
        """Store and answer the new ones without copies in quarantine, in one statement; returns the others."""
        received = [self._received(one) for one in batch]
        new = await store.accept_new(connection, [one.row for one in batch], received)
        if new:
            self._works.wakes.wake([EVENTS_WRITTEN])
        for one in batch:
            if one.row.order_id in new:
                one.settle(Answered(201, one.row.order_id, 1))
        return [one for one in batch if one.row.order_id not in new]

    async def _answer_known(self, connection: store.Connection, known: list[Submission]) -> None:
        """Answer what is known: as before, as unchanged, or with a new version; store what has copies in quarantine."""
        answers: dict[str, Answer] = {}
        pending: list[Pending] = []
        async with connection.transaction():
            rest = await self._not_answered(connection, known, answers)
            await self._settle_known(connection, rest, answers, pending)
            if pending:
                await store.write_outbox(connection, pending)
            copied = [one for one in rest if one.row.order_id not in answers]
            new = await self._store_copied(connection, copied) if copied else frozenset[str]()
            answers |= {order_id: Answered(201, order_id, 1) for order_id in new}
        if pending or new:
            self._works.wakes.wake([EVENTS_WRITTEN])
        for one in known:
            one.settle(answers.get(one.row.order_id) or await self._alone(connection, one))

    async def _alone(self, connection: store.Connection, one: Submission) -> Answer:
        for _ in range(_TRIES):
            try:
                return await self._transaction(connection, one)
            except asyncpg.UniqueViolationError:
                continue  # another replica stored the same request first: now it is known
            except (asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
                if connection.is_closed() or store.is_away(fault):
                    return IntakeBusy()
                if store.sqlstate(fault)[:2] not in {"40", "55"}:
                    log.warning("order cannot be stored", error=type(fault).__name__, channel=one.channel.code)
                    return NotUnderstood("unstorable", "内容含有无法保存的字符或数值，请修改后重新发送")
        return IntakeBusy()

    async def _transaction(self, connection: store.Connection, one: Submission) -> Answer:
        """One order in a transaction of its own, its request looked up first."""
        answers: dict[str, Answer] = {}
        pending: list[Pending] = []
        async with connection.transaction():
            if await self._not_answered(connection, [one], answers):
                if await self._store_copied(connection, [one]):
                    answers[one.row.order_id] = Answered(201, one.row.order_id, 1)
                else:
                    await self._settle_known(connection, [one], answers, pending)
                    await store.write_outbox(connection, pending)
        self._works.wakes.wake([EVENTS_WRITTEN])
        return answers[one.row.order_id]

    async def _store_copied(self, connection: store.Connection, asked: list[Submission]) -> frozenset[str]:
        """Store what is new, in this transaction, also with copies in quarantine: received with the earliest of them (A04)."""
        earliest = await earliest_waiting(connection, [one.row.number_print for one in asked])
        for one in asked:
            first = min(one.row.first_at, earliest.get(one.row.number_print, one.row.first_at))
            one.row = one.row._replace(first_at=first)
        received = [self._received(one) for one in asked]
        new = await store.accept_new(connection, [one.row for one in asked], received, also_copied=True)
        for one in asked:
            if one.row.order_id in new and one.row.number_print in earliest:
                await store.overtake_copies(connection, one.row, one.row.order_id, correlation=one.correlation)
        return new

    async def _not_answered(
        self, connection: store.Connection, asked: list[Submission], answers: dict[str, Answer]
    ) -> list[Submission]:
        """Answer those whose webhook-id is known (R34); returns the others."""
        receipts = await store.known_receipts(connection, [one.row.request for one in asked])
        rest = []
        for one in asked:
            receipt = receipts.get(one.row.request)
            if receipt is None:
                rest.append(one)
            elif receipt.body_hash != one.row.body_hash:
                answers[one.row.order_id] = RequestIdReused(one.row.webhook_id)
            else:
                answers[one.row.order_id] = receipt.answer
        return rest

    async def _settle_known(
        self,
        connection: store.Connection,
        known: list[Submission],
        answers: dict[str, Answer],
        pending: list[Pending],
    ) -> None:
        """Answer those whose number is known: unchanged, older, refused, or stored as a new version (S1.1.4c)."""
        if not known:
            return
        existing = await store.lock_existing(connection, [one.row.number for one in known])
        receipts, unknown = [], []
        for one in sorted((one for one in known if one.row.number in existing), key=lambda one: one.row.number):
            found = existing[one.row.number]
            order_id, version, state = found["order_id"], found["version"], State(found["state"])
            known_revision, pushed = found["platform_revision"], one.row.platform_revision
            same = found["fingerprint"] == one.row.fingerprint
            ended = refusal_of(ending_of(standing_of(state), Told.SAME if same else Told.CHANGED), state)
            if ended is not None:
                answers[one.row.order_id] = ended
                continue
            try:
                # Only a request that waited is compared by its moment: the clocks of two replicas differ a little.
                overtaken = one.row.released_at is not None and found["received_at"] > one.row.received_at
                repeat = rules.repeat_of(known_revision, pushed, same=same, overtaken=overtaken)
            except BusinessError as refusal:
                answers[one.row.order_id] = refusal  # its webhook-id stays free for the mended request
                continue
            if repeat is Repeat.NEWER:
                version, event = await self._update(connection, one, found)
                await store.overtake_copies(connection, one.row, order_id, correlation=one.correlation)
                pending.append(event)
            elif repeat is Repeat.SAME and pushed is not None and pushed != known_revision:
                await store.note_revision(connection, order_id, pushed)
            not_applied = "older_revision" if repeat is Repeat.OLDER else None
            answers[one.row.order_id] = Answered(200, order_id, version, not_applied=not_applied)
            receipts.append((*one.row.request, one.row.body_hash, 200, order_id, version, not_applied, one.row.at))
            sealed = store.sealed_unknown(self._works.sealer, one.unknown, order_id, one.row.webhook_id)
            if sealed is not None:
                unknown.append((*one.row.request, order_id, "orders", sealed, one.row.at))
        await store.insert_receipts(connection, receipts)
        await store.insert_unknown(connection, unknown)

    async def _update(self, connection: store.Connection, one: Submission, found: Any) -> tuple[int, Pending]:
        order_id: str = found["order_id"]
        sealer = self._works.sealer
        former, present = store.opened(found, order_id, sealer), rules.as_json(one.order)
        changed = changed_fields(former, present)
        known = store.sealed_known_by(sealer, order_id, former, present, earlier=found["known_by"])
        row = store.sealed_again(one.channel, one.order, one.row, order_id=order_id, sealer=sealer)
        names = orjson.dumps(changed).decode()
        version, flags = await store.store_version(connection, order_id, row, names, known)
        after = {"version": version, "changed": changed, **rules.kept_flags(row, flags)}
        await store.audit_update(
            connection, row, order_id, {"version": found["version"]}, after, correlation=one.correlation
        )
        event = rules.updated(row, version, changed, known, flags)
        return version, Pending(self._works.ids(), event, row.at, _headers(one))

    def _received(self, one: Submission) -> Pending:
        row, sealer = one.row, self._works.sealer
        known = store.sealed_known_by(sealer, row.order_id, one.order._asdict()) if row.confidential else None
        return Pending(self._works.ids(), rules.received(row, known, one.channel), row.at, _headers(one))


def _headers(one: Submission) -> str:
    if one.by is not None:
        return headers_beside(one.correlation, one.by.account, role=one.by.role, unit=one.by.unit)
    return headers_beside(one.correlation, f"channel:{one.channel.code}")
