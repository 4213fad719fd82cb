"""A batch of orders, written: what is new in one statement, what is known answered or made a new version (S1.1.4c)."""

from __future__ import annotations

from typing import Any, Final

import asyncpg
import orjson

from services.intake.errors import IntakeBusy, NotUnderstood, RequestIdReused
from services.intake.handlers import sealing
from services.intake.handlers.submission import Accepted, Answer, Submission
from services.intake.rules import changed_fields, flags_of
from services.intake.store import acceptance as store
from shared.contracts.intake import OrderReceived, OrderUpdated
from shared.outbox.writer import Pending, headers_beside
from shared.telemetry import logger
from shared.wakes import EVENTS_WRITTEN
from shared.work import Works

log = logger("intake.acceptance")

_TRIES: Final = 3


class Writing:
    """Writes batches, each order answered after its commit; one for all connections of a process."""

    def __init__(self, works: Works) -> None:
        self._works = works

    async def write(self, connection: store.Connection, batch: list[Submission]) -> None:
        """Write a batch; where one row spoils it, each row by itself (trap a)."""
        if not batch:
            return
        try:
            known = await self._accept_new(connection, batch)
            if known:
                await self._answer_known(connection, known)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
            if connection.is_closed() or _away(fault):
                for one in batch:
                    one.settle(IntakeBusy())
                raise
            for one in batch:
                if not one.answer.done():
                    one.settle(await self._alone(connection, one))
        except BaseException:
            # Cancelled in the middle: whether it was committed is unknown, and the platform sends it again.
            for one in batch:
                one.settle(IntakeBusy())
            raise

    async def _accept_new(self, connection: store.Connection, batch: list[Submission]) -> list[Submission]:
        """Store and answer what is new, in one statement that is its own transaction; the others."""
        new = await store.accept_new(connection, [one.row for one in batch], [self._received(one) for one in batch])
        if new:
            self._works.wakes.wake([EVENTS_WRITTEN])
        known = []
        for one in batch:
            if one.row.order_id in new:
                one.settle(Accepted(201, one.row.order_id, 1))
            else:
                known.append(one)
        return known

    async def _answer_known(self, connection: store.Connection, known: list[Submission]) -> None:
        """Requests and numbers that are known: the answer of before, the same again, or a new version."""
        answers: dict[str, Answer] = {}
        pending: list[Pending] = []
        async with connection.transaction():
            rest = await self._not_answered(connection, known, answers)
            await self._settle_known(connection, rest, answers, pending)
            if pending:
                await store.write_outbox(connection, pending)
        if pending:
            self._works.wakes.wake([EVENTS_WRITTEN])
        for one in known:
            one.settle(answers[one.row.order_id])

    async def _alone(self, connection: store.Connection, one: Submission) -> Answer:
        for _ in range(_TRIES):
            try:
                return await self._transaction(connection, one)
            except asyncpg.UniqueViolationError:
                continue  # another replica was faster with the same request: now it is known
            except (asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
                if connection.is_closed() or _away(fault):
                    return IntakeBusy()
                if _sqlstate(fault)[:2] not in {"40", "55"}:
                    log.warning("order cannot be stored", error=type(fault).__name__, channel=one.channel.code)
                    return NotUnderstood("unstorable", "内容含有无法保存的字符或数值，请修改后重新发送")
        return IntakeBusy()

    async def _transaction(self, connection: store.Connection, one: Submission) -> Answer:
        """One order in a transaction of its own, its request looked up first."""
        answers: dict[str, Answer] = {}
        pending: list[Pending] = []
        async with connection.transaction():
            if await self._not_answered(connection, [one], answers):
                if await store.accept_new(connection, [one.row], [self._received(one)]):
                    answers[one.row.order_id] = Accepted(201, one.row.order_id, 1)
                else:
                    await self._settle_known(connection, [one], answers, pending)
                    await store.write_outbox(connection, pending)
        self._works.wakes.wake([EVENTS_WRITTEN])
        return answers[one.row.order_id]

    async def _not_answered(
        self, connection: store.Connection, asked: list[Submission], answers: dict[str, Answer]
    ) -> list[Submission]:
        """Answer those whose webhook-id is known (R34); the others."""
        receipts = await store.known_receipts(connection, [one.request for one in asked])
        rest = []
        for one in asked:
            receipt = receipts.get(one.request)
            if receipt is None:
                rest.append(one)
            elif receipt.body_hash != one.row.body_hash:
                answers[one.row.order_id] = RequestIdReused(one.row.webhook_id)
            else:
                answers[one.row.order_id] = Accepted(
                    receipt.status,
                    receipt.order_id,
                    receipt.version,
                    replayed=True,
                    quarantine_id=receipt.quarantine_id,
                )
        return rest

    async def _settle_known(
        self,
        connection: store.Connection,
        known: list[Submission],
        answers: dict[str, Answer],
        pending: list[Pending],
    ) -> None:
        """Orders whose number is known: the same again, or a new version (S1.1.4c)."""
        if not known:
            return
        existing = await store.lock_existing(connection, [one.number for one in known])
        receipts = []
        for one in sorted(known, key=lambda one: one.number):
            found = existing[one.number]
            order_id, version = found["order_id"], found["version"]
            if found["fingerprint"] != one.row.fingerprint:
                version, event = await self._update(connection, one, found)
                pending.append(event)
            answers[one.row.order_id] = Accepted(200, order_id, version)
            receipts.append((*one.request, one.row.body_hash, 200, order_id, version, one.row.at))
        await store.insert_receipts(connection, receipts)

    async def _update(self, connection: store.Connection, one: Submission, found: Any) -> tuple[int, Pending]:
        order_id: str = found["order_id"]
        sealer = self._works.sealer
        changed = changed_fields(sealing.opened(found, order_id, sealer), sealing.as_json(one.order))
        row = sealing.sealed_order(
            one.channel,
            one.order,
            flags_of(one.order),
            order_id=order_id,
            fingerprint=one.row.fingerprint,
            at=one.row.at,
            sealer=sealer,
            webhook_id=one.row.webhook_id,
            body_hash=one.row.body_hash,
        )
        said = orjson.dumps(changed).decode()
        version, urgent, out_of_scope = await store.store_version(connection, order_id, row, said)
        await store.audit_update(
            connection,
            at=row.at,
            actor=f"channel:{one.channel.code}",
            order_id=order_id,
            before=orjson.dumps({"version": found["version"]}).decode(),
            after=orjson.dumps({"version": version, "changed": changed}).decode(),
            correlation=one.correlation,
        )
        event = OrderUpdated(
            order_id=order_id,
            version=version,
            changed=changed,
            category=row.category,
            urgent=tuple(orjson.loads(urgent)),
            out_of_scope=out_of_scope,
            street=row.street,
            demand=row.demand,
            updated_at=row.at,
            upstream_due_at=row.upstream_due_at,
        )
        return version, Pending(self._works.ids(), event, row.at, _headers(one))

    def _received(self, one: Submission) -> Pending:
        row = one.row
        # Every value is ours and was checked when it came in: to check it again is a hundredth of an order's time.
        event = OrderReceived.model_construct(
            order_id=row.order_id,
            platform=row.platform,
            platform_no=row.platform_no,
            level=one.channel.level,
            subject="enterprise" if row.subject == "enterprise" else "person",
            scheme=one.channel.scheme,
            category=row.category,
            urgent=tuple(orjson.loads(row.urgent)),
            out_of_scope=row.out_of_scope,
            street=row.street,
            confidential=row.confidential,
            demand=row.demand,
            received_at=row.at,
            upstream_due_at=row.upstream_due_at,
            is_test=row.is_test,
        )
        return Pending(self._works.ids(), event, row.at, _headers(one))


def _headers(one: Submission) -> str:
    return headers_beside(one.correlation, f"channel:{one.channel.code}")


def _sqlstate(fault: BaseException) -> str:
    return str(getattr(fault, "sqlstate", None) or "")


def _away(fault: BaseException) -> bool:
    """Whether the database itself is away or going, rather than one row wrong."""
    return isinstance(fault, OSError) or _sqlstate(fault)[:2] in {"08", "57", "53"}
