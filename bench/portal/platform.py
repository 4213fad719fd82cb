"""A platform with the history of the sample district, and with as many ended orders as are wanted."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg
import httpx

from bench import upstream
from bench.http import Http
from bench.stand import Child, scratch
from shared.db.logins import OWNER
from shared.run.postgres.place import home_for

_HISTORY_WITHIN: Final = 1_200.0
_WAITING: Final = 40
"""Orders that wait on the dispatch desk, so that there is always a next one."""
# Copies of orders that have ended: of all that services ask for by the order, with other ids.  Nobody opens them; what is
# sealed for one order cannot be opened for another.
_COPIES: Final = {
    "dispatch": """
create temporary table copied as
  select o.order_id as was, o.order_id || '-' || n as order_id, n from order_case o, generate_series(1, $1) n
  where o.ended_at is not null;
insert into order_case select (jsonb_populate_record(o, jsonb_build_object('order_id', c.order_id,
  'platform_no', o.platform_no || '-' || c.n))).* from copied c join order_case o on o.order_id = c.was;
insert into order_part select (jsonb_populate_record(p, jsonb_build_object('order_id', c.order_id))).*
  from copied c join order_part p on p.order_id = c.was;
insert into timeline_entry select (jsonb_populate_record(t, jsonb_build_object('order_id', c.order_id, 'topic', null))).*
  from copied c join timeline_entry t on t.order_id = c.was where c.n % 10 = 0;
analyze
""",
    "sla": """
create temporary table copied as
  select o.order_id as was, o.order_id || '-' || n as order_id, n from clocked_order o, generate_series(1, $1) n
  where o.ended_at is not null;
insert into clocked_order select (jsonb_populate_record(o, jsonb_build_object('order_id', c.order_id))).*
  from copied c join clocked_order o on o.order_id = c.was;
insert into clock select (jsonb_populate_record(k, jsonb_build_object('order_id', c.order_id, 'id', gen_random_uuid()))).*
  from copied c join clock k on k.order_id = c.was where c.n % 10 = 0 and k.state <> 'running';
analyze
""",
}
"""By the service; timelines and clocks of a tenth of them, because they are twenty times as many as the orders."""


@dataclass
class Platform:
    """A running platform, as its staff use it."""

    address: str
    folder: Path

    @property
    def secrets(self) -> dict[str, Any]:
        """Passwords and keys of its folder."""
        kept: dict[str, Any] = json.loads((self.folder / "secrets.json").read_text(encoding="utf-8"))
        return kept

    async def token(self, account: str) -> str:
        """A token for a program of this account."""
        body = {"account": account, "password": self.secrets["staff_password"]}
        async with httpx.AsyncClient(base_url=self.address, trust_env=False, timeout=30) as http:
            answer = await http.post("/api/dispatch/v1/tokens", json=body)
        return str(answer.raise_for_status().json()["access_token"])

    async def listed(self, **wanted: str | int) -> list[dict[str, Any]]:
        """A page of the dispatcher's orders."""
        headers = {"authorization": f"Bearer {await self.token('paidan')}"}
        async with httpx.AsyncClient(base_url=self.address, trust_env=False, timeout=30, headers=headers) as http:
            answer = await http.get("/api/dispatch/v1/orders", params=wanted)
        found: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        return found

    async def push(self, count: int) -> None:
        """New orders by the upstream's webhook, until they wait on the desk."""
        http = Http(urlsplit(self.address).port or 0)
        secret, rng = self.secrets["channels"][upstream.CHANNEL]["in"], random.Random(7)
        for serial in range(count):
            answer = await http.send(upstream.signed(secret, "orders", upstream.order_body(serial, rng, run="P")))
            assert answer.status == 201, answer.body
        deadline = time.monotonic() + 60
        while len(await self.listed(group="to_assign", limit=200)) < count:
            assert time.monotonic() < deadline, "the pushed orders have not arrived on the desk"
            await asyncio.sleep(0.2)

    async def fill(self, orders: int) -> int:
        """Ended orders until there are so many; how many there are then."""
        port = (home_for((self.folder / "postgres").absolute()) / "data" / "postmaster.pid").read_text().splitlines()[3]
        known = 0
        for service, statements in _COPIES.items():
            owner = await asyncpg.connect(
                host="127.0.0.1", port=int(port), user=OWNER, password=self.secrets["owner_password"],
                database=f"gongdan_{service}", command_timeout=600,
            )  # fmt: skip
            try:
                table = "order_case" if service == "dispatch" else "clocked_order"
                ended = await owner.fetchval(f"select count(*) from {table} where ended_at is not null")
                copies = -(-orders // ended)
                for statement in statements.split(";"):
                    await owner.execute(statement.replace("$1", str(copies)))
                if service == "dispatch":
                    known = int(await owner.fetchval("select count(*) from order_case"))
            finally:
                await owner.close()
        return known


@asynccontextmanager
async def running() -> AsyncIterator[Platform]:
    """A platform that has lived through its history, with orders that wait on the desk."""
    with scratch("portal") as folder:
        environment = {"GONGDAN_VAR": str(folder), "GONGDAN_PORT": "0", "GONGDAN_SAMPLE_SECONDS": "100000"}
        child = Child("services", environment, folder / "bench.log")
        await child.start()
        try:
            platform = Platform(await _noted(child, folder), folder)
            await platform.push(_WAITING)
            yield platform
        finally:
            await child.stop()


async def _noted(child: Child, folder: Path) -> str:
    """The address, once the history is over."""
    deadline = time.monotonic() + _HISTORY_WITHIN
    while True:
        history, note = folder / "history.json", folder / "running"
        if note.exists() and history.exists() and json.loads(history.read_text(encoding="utf-8"))["finished"]:
            return note.read_text(encoding="utf-8").split()[0]
        if child.process is not None and child.process.returncode is not None:
            raise RuntimeError(f"the platform ended:\n{(folder / 'bench.log').read_text()[-3000:]}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"the history is not over:\n{(folder / 'bench.log').read_text()[-3000:]}")
        await asyncio.sleep(0.5)


def load() -> str:
    """How busy the machine is, and with what Python, for the note below a table."""
    return f"load {os.getloadavg()[0]:.1f} at the start, Python {sys.version.split()[0]}"
