"""A platform for tests: writes orders in its own field names and signs them."""

from __future__ import annotations

import asyncio
import base64
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import orjson
from pydantic import SecretStr

from services.intake.acceptance.handlers import Acceptance
from services.intake.acceptance.jobs import write_orders
from services.intake.channels.policy import CHANNELS
from services.intake.channels.rules import signature
from services.intake.service import SERVICE
from services.intake.settings import key_of
from shared.contracts.places import LEADER, REPLY
from shared.contracts.review import ReplyApproved
from tests.support import facts
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk, desk_of
from tests.support.waiting import eventually

_NUMBERS = itertools.count(1)


def secret_of(seed: str) -> str:
    """A secret of 32 bytes, the same for the same seed."""
    return "whsec_" + base64.b64encode(seed.encode().ljust(32, b"."))[:44].decode()


SECRETS: dict[str, Any] = {
    code: {"in": [secret_of(f"{code} new"), secret_of(f"{code} old")], "out": secret_of(f"{code} out")}
    for code in CHANNELS
}

CHANNEL_SECRETS = SecretStr(orjson.dumps(SECRETS).decode())


def an_order(channel: str = "city_12345", **changes: Any) -> dict[str, Any]:
    """The channel's example with a number of its own; `changes` in the channel's field names, None removes a field."""
    number = CHANNELS[channel].theirs("upstream_no")
    order = {**CHANNELS[channel].example, number: f"T{next(_NUMBERS):08d}", **changes}
    return {name: value for name, value in order.items() if value is not None}


class Platform:
    """An upstream platform that knows its secret."""

    def __init__(self, desk: Desk, channel: str = "city_12345") -> None:
        self.desk, self.channel = desk, channel

    def headers(
        self, body: bytes, *, webhook_id: str | None = None, secret: str | None = None, shift: int = 0
    ) -> dict[str, str]:
        """Signature headers, dated `shift` seconds off the desk's clock."""
        webhook_id = webhook_id or f"msg_{next(_NUMBERS)}"
        at = int(self.desk.clock.now().timestamp()) + shift
        key = key_of(secret or SECRETS[self.channel]["in"][0])
        return {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(at),
            "webhook-signature": signature(key, webhook_id, at, body),
            "content-type": "application/json",
        }

    async def push(
        self, content: Mapping[str, Any] | bytes, *, kind: str = "orders", webhook_id: str | None = None, **signing: Any
    ) -> httpx.Response:
        """POST to the channel's address."""
        body = content if isinstance(content, bytes) else orjson.dumps(content)
        return await self.desk.http.post(
            f"/api/intake/v1/channels/{self.channel}/{kind}",
            content=body,
            headers=self.headers(body, webhook_id=webhook_id, **signing),
        )

    async def accepted(self, **changes: Any) -> str:
        """The id of a new order."""
        answer = await self.push(an_order(self.channel, **changes))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["order_id"])


def approved(desk: Desk, order_id: str, *, round: int = 1, **changes: Any) -> ReplyApproved:
    """The centre approves a reply to the order."""
    reply_id = str(uuid4())
    reply = {
        "contact_person": "李工",
        "contact_at": "2026-11-23T11:00:00+08:00",
        "contact_phone": "6881234",
        "findings": "现场已清理，安排专人值守。",
        "satisfaction": "satisfied",
        "remarks": None,
    }
    sealed = desk.runtime.works.sealer.seal_json(reply, REPLY.at(order_id=order_id, reply_id=reply_id))
    leader = desk.runtime.works.sealer.seal("周局长", LEADER.at(order_id=order_id, reply_id=reply_id))
    usual = {"reply": sealed, "leader_name": leader, **changes}
    return facts.approved(order_id, "u1", desk.clock.now(), reply_id=reply_id, number=round, **usual)


@asynccontextmanager
async def intake_desk(server: DatabaseServer, **settings: Any) -> AsyncIterator[Desk]:
    """A desk whose writer runs: `async with intake_desk(postgres_server) as desk`."""
    secrets = settings.pop("secrets", SECRETS)
    channel_secrets = SecretStr(orjson.dumps(secrets).decode())
    async with (
        desk_of(SERVICE, server, channel_secrets=channel_secrets, **settings) as desk,
        asyncio.TaskGroup() as group,
    ):
        writer = group.create_task(write_orders(desk.runtime))
        await eventually(lambda: desk.runtime.parts.of(Acceptance).running)
        try:
            yield desk
        finally:
            writer.cancel()
