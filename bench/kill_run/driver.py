"""Upstream and staff during the fault run: a steady rate of orders, some of them taken through their whole lifecycle."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from bench import upstream
from bench.http import Answer, NotSent, Unknown
from bench.kill_run.ledger import Ledger
from bench.walkers import Desk, Late, Refused, Walked, walk

TWICE: Final = 0.03
"""Share of orders that the upstream sends twice at the same time."""
LATE: Final = 0.01
"""Share that is first sent with a timestamp outside the signature's window."""
CHANGED: Final = 0.02
"""Share that is sent again with a changed text."""
CROSSED: Final = 0.25
"""Share of lifecycles whose order is sent with another text while the reviewer approves."""
GIVEN_UP: Final = 0.15
"""Share of requests without an answer that the upstream never repeats: their outcome stays unknown."""
REJECTED: Final = 0.2
"""Share of lifecycles whose first reply the centre rejects."""
_OLD_SECONDS: Final = 400


@dataclass
class Driver:
    """Sends `rate` orders per second for `seconds` and takes `walks` of them through their lifecycle."""

    desk: Desk
    ledger: Ledger
    rng: random.Random
    prefix: str
    rate: float
    seconds: float
    walks: int
    metrics_ports: dict[str, tuple[str, int]]
    faults: Counter[str] = field(default_factory=Counter)
    redelivered: dict[tuple[str, str], float] = field(default_factory=dict)
    _changes: dict[str, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Run until every order has its answer or was given up, and every lifecycle has ended."""
        many = int(self.rate * self.seconds)
        every = max(1, many // max(1, self.walks))
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for serial in range(many):
                await asyncio.sleep(max(0.0, began + serial / self.rate - time.monotonic()))
                group.create_task(self._order(serial, walked=serial % every == 0))

    async def _order(self, serial: int, *, walked: bool) -> None:
        body = upstream.order_body(serial, self.rng, run=self.prefix)
        number: str = body["orderNum"]
        self.ledger.attempt(number)
        if self.rng.random() < LATE:
            await self._old(body)
        try:
            if self.rng.random() < TWICE:
                self.faults["sent twice"] += 1
                first, second = await asyncio.gather(self._push(body), self._push(body))
                order_id = first or second
            else:
                order_id = await self._push(body, may_give_up=not walked)
            changed = order_id is not None and self.rng.random() < CHANGED
            if changed:
                self.faults["changed repeat"] += 1
                await self._push({**body, "eventDesc": body["eventDesc"] + "（补充：至今未解决）"})
            if walked and order_id is not None:
                await self._walk(body, order_id, changed=changed)
        except (Refused, Late) as fault:
            self.ledger.trouble.append(f"{number}: {fault}")

    async def _old(self, body: dict[str, Any]) -> None:
        """Send a request that a slow network delivered too late: it is refused, without any effect."""
        self.faults["late request"] += 1
        request = upstream.signed(self.desk.secret, "orders", body, age=_OLD_SECONDS)
        try:
            answer = await self.desk.intake.next().send(request)
        except (NotSent, Unknown):
            return
        if answer.status not in {401, 503}:
            self.ledger.contradictions.append(f"{body['orderNum']}: an old request was answered {answer.status}")

    async def _push(self, body: dict[str, Any], *, may_give_up: bool = False) -> str | None:
        """Send until there is an answer; the order's id, or None when the upstream gave up without one."""
        number, identity = body["orderNum"], uuid.uuid4().hex
        deadline, pause = time.monotonic() + self.desk.patience, 0.05
        while True:
            request = upstream.signed(self.desk.secret, "orders", body, webhook_id=identity)
            try:
                answer = await self.desk.intake.next().send(request)
            except NotSent:
                self.ledger.note("order", number, "fail")
            except Unknown:
                self.ledger.note("order", number, "unknown")
                if may_give_up and self.rng.random() < GIVEN_UP:
                    self.faults["given up unknown"] += 1
                    return None
                if self.rng.random() < 0.3:
                    identity = uuid.uuid4().hex  # an upstream that does not know that it has sent it before
            else:
                if answer.status in {200, 201}:
                    return self._acked(number, answer)
                self.ledger.note("order", number, "unknown" if answer.status >= 500 else "fail", status=answer.status)
                if answer.status < 500 and answer.status != 429:
                    raise Refused("order", answer)
            if time.monotonic() > deadline:
                raise Late("order")
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)

    def _acked(self, number: str, answer: Answer) -> str:
        order_id: str = answer.json()["order_id"]
        self.ledger.ack(number, order_id)
        return order_id

    async def _walk(self, body: dict[str, Any], order_id: str, *, changed: bool) -> None:
        number: str = body["orderNum"]
        walked = Walked(order_id, number)

        async def change() -> None:
            self.faults["changed while approved"] += 1
            await self._push({**body, "eventDesc": body["eventDesc"] + "（再次补充：请尽快处理）"})

        crosses = self.rng.random() < CROSSED
        await walk(
            self.desk,
            number,
            order_id,
            rejections=int(self.rng.random() < REJECTED),
            changed=changed or crosses,
            meanwhile=change if crosses else None,
            walked=walked,
        )
        if walked.taken_back:
            self.faults["reply taken back"] += walked.taken_back
        self.ledger.walked[order_id] = number
        self.ledger.note("walk", number, "ok", order_id=order_id, replies=walked.replies)

    async def watch_metrics(self) -> None:
        """Keep the last number of redeliveries of every process and restart: a kill loses the counter."""
        while not self.ledger.closing:
            for name, (service, port) in self.metrics_ports.items():
                await self._scrape(name, service, port)
            await asyncio.sleep(1.0)

    async def _scrape(self, name: str, service: str, port: int) -> None:
        request = f"GET /api/{service}/metrics HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
        try:
            async with asyncio.timeout(2.0):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(request.encode())
                text = (await reader.read()).decode()
                writer.close()
        except (OSError, TimeoutError):
            return
        found, born = 0.0, ""
        for line in text.splitlines():
            if line.startswith("#"):  # what the metric is, in words
                continue
            if f"_{service}_events_redelivered_total " in line:
                found = float(line.rsplit(" ", 1)[1])
            elif f"_{service}_events_redelivered_created " in line:
                born = line.rsplit(" ", 1)[1]
        self.redelivered[name, born] = max(found, self.redelivered.get((name, born), 0.0))
