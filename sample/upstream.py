"""A simulated upstream: it pushes signed orders, takes the feedback, checks its signature, and sends the revisit's result.

It uses only the public webhooks. It has its own code for signatures, written from the standard, so that each side
checks the other.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sample.orders import Demand, demand
from shared.calendar import SHANGHAI
from shared.clock import Clock

_TOLERANCE: Final = 300
_TRIES: Final = 8
Weights = tuple[tuple[str, str, int], ...]
RESULTS: Final[Weights] = (
    ("解决", "满意", 70),
    ("基本解决", "基本满意", 18),
    ("未解决", "不满意", 7),
    ("解决", "不满意", 5),
)


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The Standard Webhooks signature of a message: `v1,<base64>`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def signed_headers(secret: str, body: bytes, *, now: int, message_id: str | None = None) -> dict[str, str]:
    """The three headers of a signed message."""
    message_id = message_id or f"msg_{uuid.uuid4().hex}"
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(now),
        "webhook-signature": sign(secret, message_id, now, body),
        "content-type": "application/json",
    }


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, *, now: int) -> bool:
    """Whether a received message is signed with this secret and recent."""
    try:
        stamp = int(headers["webhook-timestamp"])
        wanted = sign(secret, headers["webhook-id"], stamp, body)
        return abs(now - stamp) <= _TOLERANCE and any(
            hmac.compare_digest(given, wanted) for given in headers["webhook-signature"].split(" ")
        )
    except (KeyError, ValueError):
        return False


def in_words_of_city(order: Demand) -> dict[str, Any]:
    """A demand in the municipal upstream's format."""
    return {
        "orderNum": order.number,
        "title": order.title,
        "eventDesc": order.content,
        "orderType": order.kind,
        "category": order.category,
        "acceptWay": "电话",
        "callerName": order.caller_name,
        "callerPhone": order.caller_phone,
        "isSecret": "0",
        "area": "莱山区",
        "street": order.street,
        "address": order.address,
        "callTime": f"{order.called_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}",
    }


@dataclass
class Feedback:
    """A reply that the platform sent."""

    channel: str
    number: str
    message_id: str
    body: dict[str, Any]


@dataclass
class SimulatedUpstream:
    """The municipal upstream; it also takes the feedback of the other six."""

    secrets: Mapping[str, Mapping[str, str]]
    clock: Clock
    base_url: str
    state: Path | None = None
    revisit_after: float = 20.0
    """Seconds between a reply and its revisit."""
    results: Weights = RESULTS
    rng: random.Random = field(default_factory=random.Random)
    received: list[Feedback] = field(default_factory=list)
    refused: int = 0
    gone: set[str] = field(default_factory=set)
    """Numbers of orders whose replies it refuses for good (410)."""
    failing: set[str] = field(default_factory=set)
    """Numbers of orders whose replies it takes and answers with 500: its acknowledgement is lost."""
    scripted: set[str] = field(default_factory=set)
    """Numbers of orders whose callers somebody else calls back."""
    serial: int = 0
    prefix: str = "YT"
    """The beginning of its order numbers; it revisits only its own."""
    _revisits: asyncio.Queue[tuple[float, str, str]] = field(default_factory=asyncio.Queue)
    _pending: dict[str, str] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Continue where an earlier run ended."""
        if self.state is not None and self.state.exists():
            kept = json.loads(self.state.read_text(encoding="utf-8"))
            self.serial, self._pending = kept["serial"], kept["pending"]
            for number, channel in self._pending.items():
                self._revisits.put_nowait((time.monotonic() + self.revisit_after, channel, number))

    def _keep(self) -> None:
        if self.state is not None:
            draft = self.state.with_suffix(".new")
            draft.write_text(json.dumps({"serial": self.serial, "pending": self._pending}), encoding="utf-8")
            draft.replace(self.state)

    def app(self) -> Starlette:
        """The application that the platform calls: POST /<channel>/feedback."""
        return Starlette(routes=[Route("/{channel}/feedback", self._take, methods=["POST"])])

    async def _take(self, request: Request) -> Response:
        channel = request.path_params["channel"]
        body = await request.body()
        secret = self.secrets.get(channel, {}).get("out")
        if secret is None or not is_signed(secret, request.headers, body, now=int(self.clock.now().timestamp())):
            self.refused += 1
            return JSONResponse({"message": "签名无效"}, status_code=401)
        content = json.loads(body)
        number = content.get("orderNum") or content.get("taskId") or content.get("letterNo")
        if number in self.gone:
            return JSONResponse({"message": "工单已撤销"}, status_code=410)
        message_id = request.headers["webhook-id"]
        self.received.append(Feedback(channel, number, message_id, content))
        if number in self.failing:
            return JSONResponse({"message": "系统繁忙"}, status_code=500)
        if message_id not in self._seen:
            self._seen.add(message_id)
            self._plan_revisit(channel, number)
        return JSONResponse({"ack": hashlib.sha256(message_id.encode()).hexdigest()[:16]})

    def _plan_revisit(self, channel: str, number: str) -> None:
        if number.startswith(self.prefix) and number not in self.scripted:
            self._pending[number] = channel
            self._keep()
            self._revisits.put_nowait((time.monotonic() + self.revisit_after, channel, number))

    async def push(self, http: httpx.AsyncClient, order: Demand, **changes: Any) -> dict[str, Any]:
        """Push a municipal order, with `changes` to its fields; returns the platform's answer."""
        answer = await self.send(http, "city_12345", "orders", {**in_words_of_city(order), **changes})
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    async def send(
        self, http: httpx.AsyncClient, channel: str, what: str, content: Mapping[str, Any]
    ) -> httpx.Response:
        """Send a signed message, and again with the same id when no answer came."""
        body = json.dumps(content, ensure_ascii=False).encode()
        headers = signed_headers(self.secrets[channel]["in"], body, now=int(self.clock.now().timestamp()))
        url = f"{self.base_url}/api/intake/v1/channels/{channel}/{what}"
        pause = 0.2
        for _ in range(_TRIES):
            try:
                answer = await http.post(url, content=body, headers=headers)
            except httpx.TransportError:
                pass
            else:
                if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    return answer
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)
        return await http.post(url, content=body, headers=headers)

    def next_demand(self) -> Demand:
        """The next order of the sample."""
        self.serial += 1
        self._keep()
        called_at = self.clock.now() - timedelta(minutes=self.rng.randint(2, 20))
        return demand(self.serial, called_at=called_at, rng=self.rng, prefix=self.prefix)

    async def revisit(self, http: httpx.AsyncClient, channel: str, number: str) -> httpx.Response:
        """Send the result of a revisit."""
        chosen = self.rng.choices(self.results, weights=[weight for _, _, weight in self.results])[0]
        return await self.send(
            http, channel, "revisits", self.result(channel, number, *chosen[:2], at=self.clock.now())
        )

    @staticmethod
    def result(channel: str, number: str, solved: str, satisfied: str, *, at: datetime) -> dict[str, Any]:
        """A revisit's result in the format of the channel; only municipal orders are revisited here."""
        del channel
        return {
            "orderNum": number,
            "isConnect": "1",
            "isSolve": solved,
            "satisfaction": satisfied,
            "operateTime": f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}",
        }

    async def keep_revisiting(self, http: httpx.AsyncClient) -> None:
        """Run until cancelled: revisit every order that got a reply."""
        while True:
            due, channel, number = await self._revisits.get()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if channel.startswith("city"):
                with contextlib.suppress(httpx.TransportError):
                    await self.revisit(http, channel, number)
            self._pending.pop(number, None)
            self._keep()

    async def keep_pushing(
        self, http: httpx.AsyncClient, *, every: float, said: Callable[[Demand], Awaitable[None]] | None = None
    ) -> None:
        """Run until cancelled: push an order about every so many seconds, and give up one that is not accepted."""
        while True:
            order = self.next_demand()
            with contextlib.suppress(httpx.HTTPError):
                await self.push(http, order)
                if said is not None:
                    await said(order)
            await asyncio.sleep(every * self.rng.uniform(0.5, 1.5))
