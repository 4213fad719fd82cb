"""The municipal upstream for the benchmarks: signed requests as bytes, and a receiver of feedback."""

from __future__ import annotations

import asyncio
import base64
import hmac
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import orjson

from sample.orders import demand

CHANNEL: Final = "city_12345"
_LOCAL: Final = timezone(timedelta(hours=8))
_SPELT: Final = "%Y-%m-%d %H:%M:%S"


def order_body(serial: int, rng: random.Random, *, run: str = "") -> dict[str, Any]:
    """An order in the municipal upstream's format; the same serial and run give the same number."""
    now = datetime.now(UTC).astimezone(_LOCAL)
    told = demand(serial, called_at=now, rng=rng)
    return {
        "orderNum": f"{told.number}{run}",
        "title": told.title,
        "eventDesc": told.content,
        "orderType": told.kind,
        "category": told.category,
        "categoryCode": "020103",
        "acceptWay": "电话",
        "callerName": told.caller_name,
        "callerSex": "男",
        "callerPhone": told.caller_phone,
        "isSecret": "0",
        "isPublic": "1",
        "area": "莱山区",
        "street": told.street,
        "address": told.address,
        "lng": 121.44,
        "lat": 37.51,
        "callTime": (now - timedelta(minutes=14)).strftime(_SPELT),
        "sendTime": now.strftime(_SPELT),
        "timeLimit": 3,
        "timeUnit": "工作日",
    }


def revisit_body(number: str) -> dict[str, Any]:
    """The caller was reached, the matter is solved, and the caller is satisfied."""
    return {
        "orderNum": number,
        "operateTime": datetime.now(UTC).astimezone(_LOCAL).strftime(_SPELT),
        "isConnect": "1",
        "isSolve": "已解决",
        "satisfaction": "满意",
    }


def signed(
    secret: str, kind: str, body: Mapping[str, Any], *, port: int = 80, webhook_id: str | None = None,
    channel: str = CHANNEL, age: int = 0,
) -> bytes:  # fmt: skip
    """A whole HTTP request with its Standard Webhooks signature."""
    raw = orjson.dumps(body)
    identity = webhook_id or uuid.uuid4().hex
    stamp = int(datetime.now(UTC).timestamp()) - age
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.digest(key, f"{identity}.{stamp}.".encode() + raw, "sha256")).decode()
    head = (
        f"POST /api/intake/v1/channels/{channel}/{kind} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(raw)}\r\nwebhook-id: {identity}\r\n"
        f"webhook-timestamp: {stamp}\r\nwebhook-signature: v1,{signature}\r\n\r\n"
    )
    return head.encode() + raw


_TAKEN: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}"


@dataclass
class Receiver:
    """The upstream's feedback address: checks the signature, keeps the request, answers 200."""

    secret: str
    told: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    """webhook-id, order number and body, in the order of arrival."""
    forged: int = 0
    arrived: dict[str, asyncio.Event] = field(default_factory=dict)
    address: str = ""
    _server: asyncio.Server | None = None

    async def start(self) -> Receiver:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def stop(self) -> None:
        """Close."""
        if self._server is not None:
            self._server.close()

    def told_of(self, number: str) -> asyncio.Event:
        """Set when feedback for this order has come."""
        return self.arrived.setdefault(number, asyncio.Event())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                headers = {}
                for line in head.decode("latin-1").split("\r\n")[1:]:
                    name, _, value = line.partition(":")
                    headers[name.strip().lower()] = value.strip()
                raw = await reader.readexactly(int(headers.get("content-length", "0")))
                self._take(headers, raw)
                writer.write(_TAKEN)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _take(self, headers: Mapping[str, str], raw: bytes) -> None:
        identity, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        expected = base64.b64encode(hmac.digest(key, f"{identity}.{stamp}.".encode() + raw, "sha256")).decode()
        if f"v1,{expected}" not in headers.get("webhook-signature", "").split():
            self.forged += 1
            return
        body = orjson.loads(raw)
        number = str(body.get("orderNum", ""))
        self.told.append((identity, number, body))
        self.told_of(number).set()
