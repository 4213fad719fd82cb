"""`make walk`: one municipal order, its whole way through the running platform, every step an API call you could make."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Final

import httpx

from sample.staff import People, Refused
from sample.upstream import SimulatedUpstream
from shared.clock import Clock, RealClock, SimulatedClock

REPLY: Final = {
    "disposition": "solved",
    "contact_person": "经办人",
    "contact_phone": "0535-6890000",
    "findings": "接到工单后工作人员当天到现场查看，问题属实，已督促责任单位整改到位，并安排专人每周巡查，防止反弹。",
    "satisfaction": "satisfied",
}


async def walk(people: People, upstream: SimulatedUpstream, http: httpx.AsyncClient, say: Any = print) -> str:
    """Push an order and take it to its end as the staff would; the order's id."""
    order = upstream.next_demand()
    answer = await upstream.push(http, order)
    order_id: str = answer["order_id"]
    say(f"1  upstream pushed {order.number} 「{order.title}」 -> order {order_id}")
    again = await upstream.push(http, order)
    say(f"   pushed again: same order {again['order_id'] == order_id}")

    dispatcher = await people.get("paidan")
    case = await dispatcher.when(f"/api/dispatch/v1/orders/{order_id}", status="triage")
    advice = await dispatcher.call("GET", f"/api/dispatch/v1/orders/{order_id}/recommendations")
    best = advice["candidates"][0]
    say(f"2  in triage; recommended: {', '.join(item['unit'] for item in advice['candidates'])}")
    await dispatcher.call(
        "POST",
        f"/api/dispatch/v1/orders/{order_id}/assign",
        {"unit": best["unit"], "basis": best["basis"], "grounds": "职责目录与诉求内容相符"},
    )
    say(f"3  assigned to {best['unit']} (was {case['status']})")

    handler = await people.get(f"{best['unit']}-jingban")
    now = upstream.clock.now()
    await handler.call(
        "POST",
        f"/api/dispatch/v1/orders/{order_id}/contacts",
        {
            "outcome": "reached",
            "contacted_at": now.isoformat(),
            "phone": "0535-6890000",
            "person": "经办人",
            "content": "已与来电人联系，了解具体情况，约定当天到现场查看。",
        },
    )
    say("4  the unit spoke with the caller")
    await handler.call("POST", f"/api/dispatch/v1/orders/{order_id}/reply", {**REPLY, "contact_at": now.isoformat()})
    leader = await people.get(f"{best['unit']}-lingdao")
    replies = await _replies(leader, order_id, "leader_review")
    reply_id = replies[-1]["reply_id"]
    say("5  reply submitted with its five elements")
    await leader.call("POST", f"/api/review/v1/replies/{reply_id}/leader-approval", {})
    say("6  the unit's principal leader approved")
    reviewer = await people.get("shenhe")
    await reviewer.when(f"/api/review/v1/replies/{reply_id}", state="centre_review")
    await reviewer.call("POST", f"/api/review/v1/replies/{reply_id}/approval", {})
    say("7  the centre approved; fed back at once")
    await dispatcher.when(f"/api/dispatch/v1/orders/{order_id}", status="revisit")
    say("8  the upstream has it, signature checked; waiting for its revisit")
    await upstream.send(
        http,
        "city_12345",
        "revisits",
        upstream.result("city_12345", order.number, "解决", "满意", at=upstream.clock.now()),
    )
    await dispatcher.when(f"/api/dispatch/v1/orders/{order_id}", status="closed")
    say("9  revisit: solved and satisfied -> closed")
    clocks = await dispatcher.call("GET", f"/api/sla/v1/orders/{order_id}/clocks")
    for clock in clocks["clocks"]:
        say(f"   clock {clock['kind']:<18} due {clock['due_at']}  {clock['state']}")
    return order_id


async def _replies(caller: Any, order_id: str, state: str) -> list[dict[str, Any]]:
    """The rounds of an order's reply, once the newest has arrived in review."""
    deadline = asyncio.get_running_loop().time() + 20
    while True:
        try:
            items: list[dict[str, Any]] = (await caller.call("GET", f"/api/review/v1/orders/{order_id}/replies"))[
                "rounds"
            ]
        except Refused as refusal:
            if refusal.status != httpx.codes.NOT_FOUND:
                raise
            items = []
        if items and items[-1]["state"] == state:
            return items
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError(f"no reply in {state}: {items}")
        await asyncio.sleep(0.02)


def _clock_of(folder: Path) -> Clock:
    """The clock that the platform runs on: its signatures must be fresh by that one."""
    running = (folder / "running").read_text(encoding="utf-8").split()
    return SimulatedClock(folder / "clock.json") if running[1:] == ["simulated"] else RealClock()


def _running(folder: Path) -> tuple[str, dict[str, Any]]:
    try:
        address = (folder / "running").read_text(encoding="utf-8").split()[0]
        secrets: dict[str, Any] = json.loads((folder / "secrets.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        sys.exit("the platform is not running here: start it with `make run` in another terminal first")
    return address, secrets


async def main() -> None:
    """Walk one order through the platform that runs in this checkout."""
    folder = Path(os.environ.get("GONGDAN_VAR", "var"))
    address, secrets = _running(folder)
    clock = _clock_of(folder)
    async with httpx.AsyncClient(base_url=address, timeout=30, trust_env=False) as http:
        people = People(http, admin_password=secrets["admin_password"], staff_password=secrets["staff_password"])
        upstream = SimulatedUpstream(
            secrets=secrets["channels"], clock=clock, base_url=address, prefix=f"WALK{int(time.time())}"
        )
        try:
            await walk(people, upstream, http)
        except httpx.ConnectError:
            sys.exit("the platform is not running here: start it with `make run` in another terminal first")


if __name__ == "__main__":
    asyncio.run(main())
