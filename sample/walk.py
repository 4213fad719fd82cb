"""`make walk`: take one municipal order through its whole lifecycle; every step is a call of the public API."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx

from sample.staff import People, Refused
from sample.upstream import SimulatedUpstream
from shared.calendar import SHANGHAI
from shared.clock import Clock, clock_of
from shared.run.starting import data_folder

REPLY: Final = {
    "disposition": "solved",
    "contact_person": "经办人",
    "contact_phone": "0535-6890000",
    "findings": "接到工单后工作人员当天到现场查看，问题属实，已督促责任单位整改到位，并安排专人每周巡查，防止反弹。",
    "satisfaction": "satisfied",
}


async def walk(people: People, upstream: SimulatedUpstream, http: httpx.AsyncClient, say: Any = print) -> str:
    """Push an order and take it to its end as the staff would; returns the order's id."""
    order = upstream.next_demand()
    answer = await upstream.push(http, order)
    order_id: str = answer["order_id"]
    say(f"1  上级平台推送 {order.number}「{order.title}」→ 工单 {order_id}")
    again = await upstream.push(http, order)
    say(f"   再次推送：{'仍是同一工单' if again['order_id'] == order_id else '成了另一工单'}")

    dispatcher = await people.get("paidan")
    case = await dispatcher.when(f"/api/dispatch/v1/orders/{order_id}", status="triage")
    advice = await dispatcher.call("GET", f"/api/dispatch/v1/orders/{order_id}/recommendations")
    best = advice["candidates"][0]
    say(f"2  待研判；推荐单位：{'、'.join(item['unit'] for item in advice['candidates'])}")
    await dispatcher.call(
        "POST",
        f"/api/dispatch/v1/orders/{order_id}/assign",
        {"unit": best["unit"], "basis": best["basis"], "grounds": "职责目录与诉求内容相符"},
    )
    say(f"3  已交办 {best['unit']}（此前状态 {case['status']}）")

    caseworker = await people.get(f"{best['unit']}-jingban")
    now = upstream.clock.now()
    await caseworker.call(
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
    say("4  承办单位已与来电人联系")
    await caseworker.call("POST", f"/api/dispatch/v1/orders/{order_id}/reply", {**REPLY, "contact_at": now.isoformat()})
    leader = await people.get(f"{best['unit']}-lingdao")
    replies = await _replies(leader, order_id, "leader_review")
    reply_id = replies[-1]["reply_id"]
    say("5  已提交答复，五要素齐备")
    await leader.call("POST", f"/api/review/v1/replies/{reply_id}/leader-approval", {})
    say("6  单位主要领导审阅通过")
    reviewer = await people.get("shenhe")
    await reviewer.when(f"/api/review/v1/replies/{reply_id}", state="centre_review")
    await reviewer.call("POST", f"/api/review/v1/replies/{reply_id}/approval", {})
    say("7  中心审核通过，即时反馈上级平台")
    await dispatcher.when(f"/api/dispatch/v1/orders/{order_id}", status="revisit")
    say("8  上级平台已收到并核验签名，等待回访")
    await upstream.send(
        http,
        "city_12345",
        "revisits",
        upstream.result("city_12345", order.number, "解决", "满意", at=upstream.clock.now()),
    )
    await dispatcher.when(f"/api/dispatch/v1/orders/{order_id}", status="closed")
    say("9  回访：解决、满意 → 已办结")
    for clock in await _ended_clocks(dispatcher, order_id):
        say(f"   时限 {clock['kind']:<18} 截止 {_local(clock['due_at'])}  {clock['state']}")
    return order_id


def _local(moment: str) -> str:
    """A moment of the API in local time."""
    return f"{datetime.fromisoformat(moment).astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


async def _ended_clocks(caller: Any, order_id: str) -> list[dict[str, Any]]:
    """The order's clocks, once sla has read that it is closed and none runs any more."""
    deadline = asyncio.get_running_loop().time() + 20
    while True:
        clocks: list[dict[str, Any]] = (await caller.call("GET", f"/api/sla/v1/orders/{order_id}/clocks"))["clocks"]
        if all(clock["state"] != "running" for clock in clocks):
            return clocks
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError(f"已办结工单的时限仍在计时：{clocks}")
        await asyncio.sleep(0.02)


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
            raise TimeoutError(f"没有处于 {state} 的答复：{items}")
        await asyncio.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Found:
    """A platform that runs on this machine."""

    folder: Path
    address: str
    secrets: Mapping[str, Any]
    clock: Clock
    """The platform's clock: signatures must be recent by it."""


def _candidates(folder: Path) -> list[Found]:
    """The platforms noted in `folder` by `make run`, or in its folder `cluster`; the latest first."""
    noted = []
    for place in (folder, folder / "cluster"):
        try:
            running = place / "running"
            started = running.stat().st_mtime
            address, _, spelling = running.read_text(encoding="utf-8").partition(" ")
            secrets = json.loads((place / "secrets.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        noted.append((started, Found(place, address, secrets, clock_of(spelling or "real"))))
    return [found for _, found in sorted(noted, key=lambda entry: entry[0], reverse=True)]


async def _walked(found: Found) -> bool:
    """Take one order through it; False when its accounts do not work: the note of a killed platform stays."""
    async with httpx.AsyncClient(base_url=found.address, timeout=30, trust_env=False) as http:
        people = People(
            http, admin_password=found.secrets["admin_password"], staff_password=found.secrets["staff_password"]
        )
        try:
            await people.get("paidan")
        except (httpx.TransportError, Refused):
            return False
        print(f"平台 {found.address}   （数据在 {found.folder}）", flush=True)
        upstream = SimulatedUpstream(
            secrets=found.secrets["channels"],
            clock=found.clock,
            base_url=found.address,
            prefix=f"WALK{int(time.time())}",
        )
        await walk(people, upstream, http)
    return True


async def walk_in(folder: Path) -> None:
    """Take one order through the platform that runs in `folder`; end with the reason where none does."""
    candidates = _candidates(folder)
    for found in candidates:
        try:
            if not await _walked(found):
                continue
        except (Refused, TimeoutError, httpx.HTTPError) as fault:
            sys.exit(f"平台 {found.address} 未能继续：{fault}")
        for other in candidates:
            if other is not found:
                print(f"另有一个平台也在运行：GONGDAN_VAR={other.folder} make walk")
        return
    sys.exit("此处没有运行中的平台：请先在另一个终端执行 make run 或 make cluster")


if __name__ == "__main__":
    asyncio.run(walk_in(data_folder(Path("var"))))
