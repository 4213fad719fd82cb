"""The whole platform for a story: five services in this process, a real bus, a real database, a simulated upstream."""

from __future__ import annotations

import contextlib
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from pydantic import SecretStr

from deploy.cluster import cluster_of
from sample.district import UNITS
from sample.orders import Demand
from sample.staff import Caller, People, Refused
from sample.upstream import SimulatedUpstream
from sample.walk import REPLY
from services.analytics.service import SERVICE as ANALYTICS
from services.dispatch.service import SERVICE as DISPATCH
from services.intake.service import SERVICE as INTAKE
from services.review.service import SERVICE as REVIEW
from services.sla.service import SERVICE as SLA
from shared.bus import Bus
from shared.clock import Clock, RealClock, SimulatedClock
from shared.outbox.writer import new_id
from shared.run.embedded import drawn_secrets, secrets_of
from shared.run.http_server import HttpServer
from shared.run.process import Process, running
from shared.service import Service
from shared.settings import SERVICES, Settings
from tests.support.postgres import LOGIN_PASSWORD, DatabaseServer, migrated_database, named_database
from tests.support.published import HOOKS
from tests.support.service import MONDAY_0900
from tests.support.waiting import eventually

ALL: Final = (INTAKE, DISPATCH, SLA, REVIEW, ANALYTICS)
SOME_UNITS: Final = tuple(unit for unit in UNITS if unit.code in {"zhujian", "chengguan", "jiaotong", "chujia"})
FINDINGS: Final = REPLY["findings"]
"""A reply that passes the pre-check."""


@dataclass
class District:
    """The platform with the people of a story: their logins, what they do and what they can read."""

    http: httpx.AsyncClient
    upstream: SimulatedUpstream
    people: People
    clock: Clock
    process: Process | None = None
    orders: dict[str, Demand] = field(default_factory=dict)
    contacted: dict[str, str] = field(default_factory=dict)
    """When the unit last spoke with the caller of an order: its reply has to say so."""
    revisits: Counter[str] = field(default_factory=Counter)
    """How often the upstream has called the caller of an order back."""

    async def person(self, account: str) -> Caller:
        """The person with this account, logged in."""
        return await self.people.get(account)

    async def push(self, **changes: Any) -> str:
        """The upstream pushes a new municipal order; its id."""
        demand = self.upstream.next_demand()
        answer = await self.upstream.push(self.http, demand, **changes)
        order_id: str = answer["order_id"]
        self.orders[order_id] = demand
        return order_id

    async def case(self, order_id: str, **wanted: Any) -> dict[str, Any]:
        """The order on the dispatch desk, when it is as wanted."""
        return await (await self.person("paidan")).when(f"/api/dispatch/v1/orders/{order_id}", **wanted)

    async def assign(self, order_id: str, unit: str = "zhujian", **more: Any) -> None:
        """The dispatcher gives the order to a unit."""
        dispatcher = await self.person("paidan")
        body = {"unit": unit, "basis": "duty", "grounds": "职责目录与诉求内容相符", **more}
        await dispatcher.call("POST", f"/api/dispatch/v1/orders/{order_id}/assign", body)

    async def received_and_assigned(self, unit: str = "zhujian") -> str:
        """An order that has just come to a unit."""
        order_id = await self.push()
        await self.case(order_id, status="triage")
        await self.assign(order_id, unit)
        return order_id

    async def contact(self, order_id: str, unit: str = "zhujian", **more: Any) -> None:
        """The unit records a contact with the caller."""
        caseworker = await self.person(f"{unit}-jingban")
        self.contacted[order_id] = self.clock.now().isoformat()
        body = {
            "outcome": "reached",
            "contacted_at": self.contacted[order_id],
            "phone": "0535-6890000",
            "person": "经办人",
            "content": "已与来电人联系，了解具体诉求并约定处理时间。",
            **more,
        }
        await caseworker.call("POST", f"/api/dispatch/v1/orders/{order_id}/contacts", body)

    async def reply(self, order_id: str, unit: str = "zhujian", **more: Any) -> str:
        """The unit's caseworker submits the reply; its id, when it has arrived on the leader's desk."""
        caseworker = await self.person(f"{unit}-jingban")
        body = {**REPLY, "contact_at": self.contacted.get(order_id, self.clock.now().isoformat()), **more}
        await caseworker.call("POST", f"/api/dispatch/v1/orders/{order_id}/reply", body)
        newest = await self.newest_reply(order_id, unit, "leader_review")
        found: str = newest["reply_id"]
        return found

    async def newest_reply(self, order_id: str, unit: str, state: str) -> dict[str, Any]:
        """The newest round of an order's reply, when it is in this state."""
        leader = await self.person(f"{unit}-lingdao")
        found: dict[str, Any] = {}

        async def arrived() -> bool:
            with contextlib.suppress(Refused):
                items = (await leader.call("GET", f"/api/review/v1/orders/{order_id}/replies"))["rounds"]
                if items and items[-1]["state"] == state:
                    found.update(items[-1])
            return bool(found)

        await eventually(arrived, within=20)
        return found

    async def leader_approves(self, reply_id: str, unit: str = "zhujian") -> None:
        """The head of the unit approves the reply."""
        leader = await self.person(f"{unit}-lingdao")
        await leader.call("POST", f"/api/review/v1/replies/{reply_id}/leader-approval", {})

    async def centre_approves(self, reply_id: str) -> None:
        """The centre's reviewer approves."""
        reviewer = await self.person("shenhe")
        await reviewer.call("POST", f"/api/review/v1/replies/{reply_id}/approval", {})

    async def centre_rejects(self, reply_id: str, opinion: str) -> None:
        """The centre's reviewer rejects the reply."""
        reviewer = await self.person("shenhe")
        await reviewer.call("POST", f"/api/review/v1/replies/{reply_id}/rejection", {"opinion": opinion})

    async def answered(self, order_id: str, unit: str = "zhujian", **more: Any) -> None:
        """Contact, reply, both approvals, and the feedback to the upstream."""
        await self.contact(order_id, unit)
        reply_id = await self.reply(order_id, unit, **more)
        await self.leader_approves(reply_id, unit)
        await self.centre_approves(reply_id)
        await self.case(order_id, status="revisit")

    async def revisited(self, order_id: str, solved: str = "解决", satisfied: str = "满意") -> None:
        """The upstream sends the result of its revisit."""
        number = self.orders[order_id].number
        self.revisits[order_id] += 1
        # Each call has its own second, also where the clock stands still.
        at = self.clock.now() - timedelta(seconds=int(self.revisits[order_id] == 1))
        result = self.upstream.result("city_12345", number, solved, satisfied, at=at)
        answer = await self.upstream.send(self.http, "city_12345", "revisits", result)
        assert answer.is_success, answer.text

    async def clocks(self, order_id: str) -> dict[str, dict[str, Any]]:
        """The newest clock of each kind."""
        dispatcher = await self.person("paidan")
        items = (await dispatcher.call("GET", f"/api/sla/v1/orders/{order_id}/clocks"))["clocks"]
        return {clock["kind"]: clock for clock in sorted(items, key=lambda clock: clock["started_at"])}

    def at(self, moment: datetime) -> None:
        """Set the clock."""
        assert isinstance(self.clock, SimulatedClock)
        self.clock.set(moment)


@asynccontextmanager
async def settings_of(
    server: DatabaseServer, secrets: dict[str, Any], upstream: str, bus_url: str | None, *, migrated: bool = True
) -> AsyncIterator[Settings]:
    """Settings on new databases of this server, empty if they are not to be `migrated`."""
    run = new_id().hex[-8:]
    channels = {
        code: {"in": [pair["in"]], "out": pair["out"], "url": f"{upstream}/{code}/feedback"}
        for code, pair in secrets["channels"].items()
    }
    async with AsyncExitStack() as stack:
        for name in SERVICES:
            template = await migrated_database(server, name) if migrated else None
            await stack.enter_async_context(named_database(server, f"{name}_{run}", template))
        bus = await stack.enter_async_context(named_database(server, f"bus_{run}"))
        yield Settings(
            database_url=server.url(f"SERVICE_{run}").replace("SERVICE", "{service}"),
            bus_url=bus_url or bus,
            token_public_key=SecretStr(secrets["token_public_key"]),
            token_private_key=SecretStr(secrets["token_private_key"]),
            seal_keys=SecretStr(secrets["seal_keys"]),
            centre_password=SecretStr(LOGIN_PASSWORD),
            unit_password=SecretStr(LOGIN_PASSWORD),
            admin_password=SecretStr(secrets["admin_password"]),
            channel_secrets=SecretStr(json.dumps(channels)),
            files_url="memory:///",
            pool_size=4,
        )


@asynccontextmanager
async def district(
    server: DatabaseServer,
    folder: Path,
    *,
    bus: Bus | None = None,
    bus_url: str | None = None,
    now: datetime = MONDAY_0900,
    services: Sequence[Service] = ALL,
) -> AsyncIterator[District]:
    """A platform of its own for one module of stories, with the sample district loaded."""
    clock = SimulatedClock(folder / "clock.json", at=now, rate=0)
    async with _district(server, clock, bus=bus, bus_url=bus_url, services=services) as found:
        yield found


@asynccontextmanager
async def real_time_district(server: DatabaseServer) -> AsyncIterator[District]:
    """The same on the clock of the machine, which nobody can set."""
    async with _district(server, RealClock()) as found:
        yield found


@asynccontextmanager
async def _district(
    server: DatabaseServer,
    clock: Clock,
    *,
    bus: Bus | None = None,
    bus_url: str | None = None,
    services: Sequence[Service] = ALL,
) -> AsyncIterator[District]:
    secrets = drawn_secrets()
    upstream = SimulatedUpstream(secrets["channels"], clock, "", revisit_after=1e9, rng=random.Random(7))
    async with (
        HttpServer(upstream.app()) as outside,
        settings_of(server, secrets, outside.address, bus_url) as settings,
        running(services, settings, clock=clock, bus=bus) as process,
        HttpServer(process.app) as inside,
        httpx.AsyncClient(base_url=inside.address, timeout=30, trust_env=False, event_hooks=HOOKS) as http,
    ):
        upstream.base_url = inside.address
        people = People(http, admin_password=secrets["admin_password"], staff_password=secrets["staff_password"])
        await eventually(lambda: _ready(http), within=30)
        await people.load_district(SOME_UNITS)
        yield District(http, upstream, people, clock, process)


@asynccontextmanager
async def cluster_district(folder: Path, *, now: datetime = MONDAY_0900) -> AsyncIterator[District]:
    """The same with two replicas of each service as processes of their own, on Kafka, behind the gateway."""
    clock = SimulatedClock(folder / "clock.json", at=now, rate=0)
    secrets = secrets_of(folder)
    upstream = SimulatedUpstream(secrets["channels"], clock, "", revisit_after=1e9, rng=random.Random(7))
    async with HttpServer(upstream.app()) as outside:
        spelling = f"simulated:{folder / 'clock.json'}"
        async with (
            cluster_of(folder, bus="kafka", replicas=2, upstream=outside.address, clock=spelling) as cluster,
            httpx.AsyncClient(base_url=cluster.gateway.address, timeout=30, trust_env=False, event_hooks=HOOKS) as http,
        ):
            upstream.base_url = cluster.gateway.address
            people = People(http, admin_password=secrets["admin_password"], staff_password=secrets["staff_password"])
            await people.load_district(SOME_UNITS)
            yield District(http, upstream, people, clock)


async def _ready(http: httpx.AsyncClient) -> bool:
    return bool((await http.get("/readyz")).json()["status"] == "ready")
