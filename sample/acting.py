"""Doing one step of a script as the person would: each is a call of the public API or a signed message of a platform."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final

import httpx

from sample.demands import WRITTEN, notice, revisit
from sample.plan import faulty
from sample.scripts import Script, Step
from sample.staff import File, People, Refused
from sample.upstream import SimulatedUpstream

_DESK: Final = "paidan"
_REVIEWER: Final = "shenhe"


class Acting:
    """Knows the ids that the platform gave, and does steps."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        people: People,
        upstream: SimulatedUpstream,
        orders: dict[str, str],
        kept: dict[str, str],
    ) -> None:
        self._http, self._people, self._upstream, self._orders = http, people, upstream, orders
        self._replies: dict[str, str] = {}
        self._extensions: dict[str, str] = {}
        self._kept = kept
        self._does: Mapping[str, Callable[[Step, Script], Awaitable[None]]] = {
            "push": self._push,
            "change": self._change,
            "cancel": self._tell("cancellations"),
            "urge": self._tell("urges"),
            "redo": self._tell("redos"),
            "revisit": self._revisit,
            "malformed": self._malformed,
            "release": self._release,
            "drop": self._drop,
            "assign": self._assign,
            "accept": self._accept,
            "contact": self._by_caseworker("contacts"),
            "note": self._by_caseworker("notes"),
            "return": self._return,
            "decide_return": self._decide_return,
            "extend": self._extend,
            "decide_extension": self._decide_extension,
            "reply": self._reply,
            "leader": self._leader,
            "leader_rejects": self._leader_rejects,
            "approve": self._approve,
            "reject": self._reject,
        }

    async def do(self, step: Step, script: Script) -> None:
        """Do it; Refused with the platform's words when it does not let it happen."""
        await self._does[step.kind](step, script)

    def _order(self, script: Script, service: str = "dispatch") -> str:
        number = script.call.demand.number
        if number not in self._orders:
            raise Refused(404, {"code": "unknown_order", "detail": number})
        return f"/api/{service}/v1/orders/{self._orders[number]}"

    async def _send(self, script: Script, what: str, content: Mapping[str, Any]) -> dict[str, Any]:
        answer = await self._upstream.send(self._http, script.channel, what, content)
        said: dict[str, Any] = answer.json()
        if not answer.is_success:
            raise Refused(answer.status_code, said)
        return said

    async def _push(self, step: Step, script: Script) -> None:
        del step
        said = await self._send(script, "orders", WRITTEN[script.channel](script.call))
        self._orders[script.call.demand.number] = said["order_id"]

    async def _change(self, step: Step, script: Script) -> None:
        content = WRITTEN[script.channel](script.call)
        field = "eventDesc" if "eventDesc" in content else "taskContent" if "taskContent" in content else "content"
        await self._send(script, "orders", {**content, field: f"{content[field]}{step.said['more']}"})

    def _tell(self, what: str) -> Callable[[Step, Script], Awaitable[None]]:
        async def tell(step: Step, script: Script) -> None:
            await self._send(script, what, notice(script.channel, script.call.demand.number, step.at, **step.said))

        return tell

    async def _revisit(self, step: Step, script: Script) -> None:
        said = revisit(script.channel, script.call.demand.number, step.at, step.said["solved"], step.said["satisfied"])
        await self._send(script, "revisits", said)

    async def _malformed(self, step: Step, script: Script) -> None:
        answer = await self._upstream.send(self._http, script.channel, "orders", faulty(script, step.said["fault"]))
        self._kept[script.call.demand.number] = answer.json()["facts"]["quarantine_id"]

    def _quarantined(self, script: Script) -> str:
        number = script.call.demand.number
        if number not in self._kept:
            raise Refused(404, {"code": "unknown", "detail": number})
        return f"/api/intake/v1/quarantine/{self._kept[number]}"

    async def _release(self, step: Step, script: Script) -> None:
        desk = await self._people.get(_DESK)
        body = {"payload": WRITTEN[script.channel](script.call), **step.said}
        try:
            said = await desk.call("POST", f"{self._quarantined(script)}/release", body)
        except Refused:
            # It was released before an interruption.
            said = await desk.call("GET", self._quarantined(script))
            if said["order_id"] is None:
                raise
        self._orders[script.call.demand.number] = said["order_id"]

    async def _drop(self, step: Step, script: Script) -> None:
        desk = await self._people.get(_DESK)
        await desk.call("POST", f"{self._quarantined(script)}/drop", {"reason": "上级平台的联调测试数据。"})
        del step

    async def _assign(self, step: Step, script: Script) -> None:
        desk = await self._people.get(_DESK)
        await desk.call("POST", f"{self._order(script)}/assign", step.said)

    async def _accept(self, step: Step, script: Script) -> None:
        worker = await self._people.get(f"{step.said['unit']}-jingban")
        await worker.call("POST", f"{self._order(script)}/accept")

    def _by_caseworker(self, what: str) -> Callable[[Step, Script], Awaitable[None]]:
        async def write(step: Step, script: Script) -> None:
            worker = await self._people.get(f"{step.said['unit']}-jingban")
            await worker.call("POST", f"{self._order(script)}/{what}", _body(step))

        return write

    async def _return(self, step: Step, script: Script) -> None:
        worker = await self._people.get(f"{step.said['unit']}-jingban")
        record = f"关于工单 {script.call.demand.number} 职责归属的核查说明\n{step.said['reason']}\n"
        await worker.upload(f"{self._order(script)}/return", _body(step), [_file("核查说明.txt", record)])

    async def _decide_return(self, step: Step, script: Script) -> None:
        desk = await self._people.get(_DESK)
        await desk.call("POST", f"{self._order(script)}/return/decision", step.said)

    async def _extend(self, step: Step, script: Script) -> None:
        asks = await self._people.get(step.said.get("account", f"{step.said['unit']}-jingban"))
        said = await asks.call("POST", f"{self._order(script, 'sla')}/extensions", _body(step))
        self._extensions[script.call.demand.number] = said["id"]

    async def _decide_extension(self, step: Step, script: Script) -> None:
        decides = await self._people.get(step.said.get("account", _DESK))
        number = script.call.demand.number
        if number not in self._extensions:
            known = (await decides.call("GET", f"{self._order(script, 'sla')}/extensions"))["items"]
            self._extensions[number] = max(known, key=lambda one: str(one["requested_at"]))["id"]
        await decides.call("POST", f"/api/sla/v1/extensions/{self._extensions[number]}/decision", _body(step))

    async def _reply(self, step: Step, script: Script) -> None:
        worker = await self._people.get(f"{step.said['unit']}-jingban")
        path = f"{self._order(script)}/reply"
        if step.said["disposition"] == "not_true":
            record = f"工单 {script.call.demand.number} 现场核查记录\n{step.said['findings']}\n"
            said = await worker.upload(path, _body(step), [_file("现场核查记录.txt", record)])
        else:
            said = await worker.call("POST", path, _body(step))
        self._replies[script.call.demand.number] = said["reply_id"]

    async def _reply_of(self, script: Script) -> str:
        number = script.call.demand.number
        if number not in self._replies:
            desk = await self._people.get(_DESK)
            rounds = (await desk.call("GET", f"{self._order(script, 'review')}/replies"))["rounds"]
            self._replies[number] = rounds[-1]["reply_id"]
        return f"/api/review/v1/replies/{self._replies[number]}"

    async def _leader(self, step: Step, script: Script) -> None:
        leader = await self._people.get(f"{step.said['unit']}-lingdao")
        await leader.call("POST", f"{await self._reply_of(script)}/leader-approval", {})

    async def _leader_rejects(self, step: Step, script: Script) -> None:
        leader = await self._people.get(f"{step.said['unit']}-lingdao")
        await leader.call("POST", f"{await self._reply_of(script)}/leader-rejection", {"opinion": step.said["opinion"]})

    async def _approve(self, step: Step, script: Script) -> None:
        del step
        reviewer = await self._people.get(_REVIEWER)
        await reviewer.call("POST", f"{await self._reply_of(script)}/approval", {})

    async def _reject(self, step: Step, script: Script) -> None:
        reviewer = await self._people.get(_REVIEWER)
        await reviewer.call("POST", f"{await self._reply_of(script)}/rejection", dict(step.said))


def _file(name: str, text: str) -> File:
    return name, text.encode()


def _body(step: Step) -> dict[str, Any]:
    """What the step says, without who says it, with moments as the API writes them."""
    return {name: _spelt(value) for name, value in step.said.items() if name not in {"unit", "account"}}


def _spelt(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _spelt(part) for name, part in value.items()}
    return value
