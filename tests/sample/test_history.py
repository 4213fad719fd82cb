"""Three days of the sample's history on a running platform: nothing refused, nothing lost, something on every page."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from sample.history import History, Progress
from sample.plan import Plan, plan_of
from sample.scripts import Script, Step
from sample.staff import Caller, People
from sample.upstream import SimulatedUpstream
from shared.calendar import local_day, start_of, statutory_calendar
from shared.clock import CatchingUpClock, RealClock
from shared.run.embedded import drawn_secrets
from shared.run.http_server import HttpServer
from shared.run.process import running
from tests.support.platform import ALL, settings_of
from tests.support.postgres import DatabaseServer
from tests.support.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.clause("X4")]
SHARE = 0.25
WINDOWS = 10
"""After how many windows the history is interrupted."""
SERVICES = ("intake", "dispatch", "sla", "review", "analytics")


@dataclass
class Lived:
    """A platform whose history has been lived through."""

    history: History
    plan: Plan
    http: httpx.AsyncClient
    people: People
    said: list[str]

    async def every(self, account: str, path: str, **query: Any) -> list[dict[str, Any]]:
        """All items of a list."""
        caller: Caller = await self.people.get(account)
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = await caller.call("GET", path, limit=200, cursor=cursor, **query)
            found += page["items"]
            cursor = page["next"]
            if cursor is None:
                return found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lived(postgres_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lived]:
    """Three working days, interrupted once, with a quarter of the usual number of orders."""
    progress = Progress.begun(tmp_path_factory.mktemp("history"), days=2, seed=7, until=_friday())
    clock = CatchingUpClock(progress.clock_path)
    secrets = drawn_secrets()
    upstream = SimulatedUpstream(secrets["channels"], clock, "", revisit_after=1e9, rng=random.Random(7))
    said: list[str] = []
    async with (
        HttpServer(upstream.app()) as outside,
        settings_of(postgres_server, secrets, outside.address, None) as settings,
        running(ALL, settings, clock=clock) as process,
        HttpServer(process.app) as inside,
        httpx.AsyncClient(base_url=inside.address, timeout=60, trust_env=False) as http,
    ):
        upstream.base_url = inside.address
        people = People(http, admin_password=secrets["admin_password"], staff_password=secrets["staff_password"])

        async def ready() -> bool:
            return bool((await http.get("/readyz")).json()["status"] == "ready")

        await eventually(ready, within=30)
        await people.load_district()
        stopped = History(progress, clock, people, upstream, http, [inside.address], said.append, SHARE)
        await _until_it_is_stopped(stopped)
        again = Progress.read(progress.path.parent)
        assert again is not None
        history = History(again, clock, people, upstream, http, [inside.address], said.append, SHARE)
        await history.live()
        plan = plan_of(7, progress.start, progress.until, statutory_calendar(), share=SHARE)
        yield Lived(history, plan, http, people, said)


class _StoppedError(Exception):
    """The platform is stopped in the middle of a window."""


async def _until_it_is_stopped(history: History) -> None:
    """Live through some windows, the last of which is forgotten: what was done in it is to be done again."""
    path = history.progress.path
    noted = [path.read_bytes()]

    def say(_: str) -> None:
        noted.append(path.read_bytes())
        if len(noted) > WINDOWS:
            raise _StoppedError

    history.say = say
    with pytest.raises(_StoppedError):
        await history.live()
    assert history.refused == []
    path.write_bytes(noted[-2])


def _friday() -> datetime:
    """An afternoon with two working days before it: the last one of yesterday or earlier."""
    calendar, day = statutory_calendar(), local_day(RealClock().now())
    while True:
        day -= timedelta(days=1)
        if all(calendar.is_workday(day - timedelta(days=back)) for back in range(3)):
            return start_of(day) + timedelta(hours=15)


async def test_everybody_could_do_what_the_plan_says(lived: Lived) -> None:
    assert lived.history.refused == []
    assert lived.history.clock.arrived
    assert "示例历史已补齐" in lived.said[-1]
    for service in SERVICES:
        assert await lived.every("admin", f"/api/{service}/v1/operations/parked") == [], service


async def test_every_order_stands_where_its_script_ends(lived: Lived) -> None:
    wanted = {number: status for script in lived.plan.scripts for number, status in _ends(script, lived.plan)}
    orders = lived.history.progress.orders
    desk = await lived.people.get("paidan")
    found = {
        number: (await desk.call("GET", f"/api/dispatch/v1/orders/{order_id}"))["status"]
        for number, order_id in orders.items()
    }
    # Whether a reply that is sent again has been taken yet depends on the machine's time.
    unstable = {number: (found.pop(number), wanted.pop(number)) for number in lived.plan.unstable & wanted.keys()}
    assert found == wanted
    assert {status for pair in unstable.values() for status in pair} <= {"awaiting_feedback", "revisit"}


async def test_there_is_something_to_do_for_everybody(lived: Lived) -> None:
    for status in ("triage", "assigned", "handling", "return_pending", "leader_review", "centre_review"):
        assert await lived.every("paidan", "/api/dispatch/v1/orders", status=status), status
    assert [one for one in await lived.every("paidan", "/api/sla/v1/extensions") if one["state"] == "requested"]


async def test_the_boards_and_the_figures_show_something(lived: Lived) -> None:
    for board in ("overdue", "overnight"):
        found = await lived.every("zhuren", f"/api/sla/v1/boards/{board}")
        assert found, board
    analyst = await lived.people.get("fenxi")
    figures: Counter[str] = Counter()
    for back in range(3):
        day = local_day(lived.plan.days.until) - timedelta(days=back)
        row = (await analyst.call("GET", "/api/analytics/v1/daily", date=day.isoformat()))["district"]
        figures.update({name: row[name] for name in ("received", "assigned", "fed_back")})
    assert min(figures.values()) > 0, figures


async def test_quarantine_holds_what_the_plan_sent_there_and_nothing_else(lived: Lived) -> None:
    kept = await lived.every("paidan", "/api/intake/v1/quarantine")
    assert len(kept) == sum(step.kind == "malformed" for step, _ in lived.plan.steps())


async def test_every_deadline_fired_at_its_own_moment(lived: Lived) -> None:
    breaches = await lived.every("zhuren", "/api/sla/v1/breaches")
    assert breaches
    late = {
        breach["id"]: datetime.fromisoformat(breach["breached_at"]) - datetime.fromisoformat(breach["due_at"])
        for breach in breaches
    }
    assert {id_: delay for id_, delay in late.items() if delay > timedelta(seconds=5)} == {}


@pytest.mark.parametrize("days", [1, 2, 28])
def test_no_two_orders_have_one_number(days: int) -> None:
    until = start_of(date(2026, 11, 27)) + timedelta(hours=15)
    plan = plan_of(7, start_of(local_day(until) - timedelta(days=days)), until, statutory_calendar())
    numbers = [script.call.demand.number for script in plan.scripts]
    assert len(set(numbers)) == len(numbers)


def test_the_same_seed_gives_the_same_plan(lived: Lived) -> None:
    progress = lived.history.progress
    again = plan_of(7, progress.start, progress.until, statutory_calendar(), share=SHARE)
    other = plan_of(8, progress.start, progress.until, statutory_calendar(), share=SHARE)
    assert again.steps() == lived.plan.steps()
    assert other.steps() != lived.plan.steps()


_STATUS = {
    "push": "triage",
    "release": "triage",
    "cancel": "cancelled",
    "assign": "assigned",
    "accept": "handling",
    "contact": "handling",
    "note": "handling",
    "return": "return_pending",
    "reply": "leader_review",
    "leader": "centre_review",
    "leader_rejects": "handling",
    "reject": "rework",
    "redo": "handling",
}


def _ends(script: Script, plan: Plan) -> list[tuple[str, str]]:
    """The number of the order, when there is one by now, and the status in which it has to be."""
    done = [step for step in script.steps if step.at <= plan.days.until]
    status = ""
    for step in done:
        status = _after(status, step, done, undelivered=script.call.demand.number in plan.undelivered | plan.unstable)
    return [(script.call.demand.number, status)] if status else []


def _after(status: str, step: Step, done: list[Step], *, undelivered: bool) -> str:
    if step.kind == "approve":
        disposition = next(
            one.said["disposition"] for one in reversed(done) if one.kind == "reply" and one.at < step.at
        )
        if disposition == "planned":
            return "planned"
        if undelivered:
            return "awaiting_feedback"
        return "closed" if disposition in {"out_of_scope", "not_true"} else "revisit"
    if step.kind == "revisit":
        if not step.said["solved"]:
            return "revisit"
        return "closed" if step.said["solved"] != "未解决" and step.said["satisfied"] != "不满意" else "handling"
    if step.kind == "decide_return":
        return "triage" if step.said["decision"] == "accept" else "handling"
    return _STATUS.get(step.kind, status)
