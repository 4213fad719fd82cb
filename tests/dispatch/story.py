"""Steps in the lifecycle of an order, for tests that start at any of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import text

from sample.staff import File, form
from shared.contracts.intake import OrderFedBack, OrderReceived, OrderRevisited
from shared.contracts.review import ReplyApproved, ReplyLeaderApproved, ReplyLeaderRejected, ReplyRejected
from shared.identity import Role
from shared.outbox.writer import new_id
from tests.support import facts
from tests.support.files import PDF
from tests.support.service import Desk

URBAN, STREET, WATER = "urban", "chujia", "water"


def material(content: bytes = PDF, name: str = "现场照片.pdf") -> File:
    """A file to attach."""
    return name, content


@dataclass
class Story:
    """A running dispatch service and the people who use it."""

    desk: Desk
    base: str = "/api/dispatch/v1"
    revisits: dict[str, int] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """The desk's time."""
        return self.desk.clock.now()

    @property
    def dispatcher(self) -> dict[str, str]:
        return self.desk.bearer(Role.DISPATCHER)

    @property
    def head(self) -> dict[str, str]:
        return self.desk.bearer(Role.CENTRE_HEAD)

    @property
    def admin(self) -> dict[str, str]:
        return self.desk.bearer(Role.ADMIN)

    def caseworker(self, unit: str = URBAN) -> dict[str, str]:
        return self.desk.bearer(Role.CASEWORKER, unit=unit)

    def pass_time(self, **length: float) -> None:
        """Move the clock on."""
        self.desk.clock.set(self.now + timedelta(**length))

    async def get(self, path: str, who: dict[str, str] | None = None, **query: Any) -> httpx.Response:
        return await self.desk.http.get(f"{self.base}{path}", headers=who or self.dispatcher, params=query)

    async def post(self, path: str, body: Any = None, who: dict[str, str] | None = None) -> httpx.Response:
        return await self.desk.http.post(f"{self.base}{path}", json=body, headers=who or self.dispatcher)

    async def upload(
        self, path: str, data: Any, files: Sequence[File], who: dict[str, str] | None = None
    ) -> httpx.Response:
        return await self.desk.http.post(f"{self.base}{path}", files=form(data, files), headers=who or self.dispatcher)

    async def put(self, path: str, body: Any, who: dict[str, str]) -> httpx.Response:
        return await self.desk.http.put(f"{self.base}{path}", json=body, headers=who)

    # --- units --------------------------------------------------------------------------------------------------------

    def unit_body(self, code: str, **changes: Any) -> dict[str, Any]:
        """A unit with its four responsible people, but for the caseworker."""
        duties = {
            URBAN: {"text": "市容环境卫生管理", "kind": "duty", "keywords": ["垃圾", "占道经营"]},
            WATER: {"text": "供水行业管理", "kind": "industry", "keywords": ["停水", "自来水"]},
            STREET: {"text": "初家街道辖区事务", "kind": "territory", "streets": ["初家街道"]},
        }
        usual = {"text": "其他事务", "kind": "duty"}
        return {
            "code": code,
            "name": f"单位{code}",
            "group": "street" if code == STREET else "department",
            "duties": [duties.get(code, usual)],
            "first_responsible": "张局",
            "deputy": "李副局",
            "office": "办公室",
            **changes,
        }

    async def enter_unit(self, code: str, **changes: Any) -> None:
        """A unit with a caseworker.  The account is written directly: hashing is slow and shown elsewhere."""
        answer = await self.post("/units", self.unit_body(code, **changes), self.head)
        assert answer.status_code == 201, answer.text
        async with self.desk.runtime.works.begin() as work:
            await work.session.execute(
                text(
                    "insert into account (account, name, roles, unit, password_hash, created_at, changed_at, version)"
                    " values (:account, '经办', '[\"caseworker\"]', :unit, '-', :now, :now, 1)"
                ),
                {"account": f"h-{code}", "unit": code, "now": self.now},
            )

    async def enter_units(self) -> None:
        for code in (URBAN, STREET, WATER):
            await self.enter_unit(code)

    def received(self, order_id: str | None = None, **changes: Any) -> OrderReceived:
        """An ordinary municipal order about rubbish."""
        key = order_id or str(new_id())
        demand = json.dumps({"title": "垃圾无人清运", "content": "楼下垃圾堆积三天"}, ensure_ascii=False)
        sealed = self.desk.runtime.works.sealer.seal(demand, f"order:{key}:demand")
        return facts.received(key, self.now, **{"street": "初家街道", "demand": sealed, **changes})

    # --- an order ------------------------------------------------------------------------------------------------------

    async def arrive(self, **changes: Any) -> str:
        """A new order on the desk; its id."""
        event = self.received(**changes)
        await self.desk.tell(event)
        return event.order_id

    async def assign(
        self, order_id: str, unit: str = URBAN, who: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        body = {"unit": unit, "basis": "duty", "grounds": "职责目录第三条", **more}
        return await self.post(f"/orders/{order_id}/assign", body, who)

    def contact_body(self, **changes: Any) -> dict[str, Any]:
        return {
            "outcome": "reached",
            "contacted_at": self.now.isoformat(),
            "phone": "0535-6891234",
            "person": "王科员",
            "content": "已与来电人核实情况",
            **changes,
        }

    async def contact(self, order_id: str, unit: str = URBAN, **changes: Any) -> httpx.Response:
        return await self.post(f"/orders/{order_id}/contacts", self.contact_body(**changes), self.caseworker(unit))

    def reply_body(self, **changes: Any) -> dict[str, Any]:
        return {
            "disposition": "solved",
            "contact_person": "王科员",
            "contact_at": self.now.isoformat(),
            "contact_phone": "0535-6891234",
            "findings": "垃圾已全部清运，并调整清运频次。",
            "satisfaction": "satisfied",
            **changes,
        }

    async def reply(
        self, order_id: str, unit: str = URBAN, *, evidence: Sequence[File] = (), **changes: Any
    ) -> httpx.Response:
        """As a form with files if there are some, as JSON otherwise."""
        path, body = f"/orders/{order_id}/reply", self.reply_body(**changes)
        if evidence:
            return await self.upload(path, body, evidence, self.caseworker(unit))
        return await self.post(path, body, self.caseworker(unit))

    def return_body(self, **changes: Any) -> dict[str, Any]:
        return {
            "reason": "不属于本单位职责",
            "policy_basis": "三定方案第四条",
            "suggested_unit": WATER,
            **changes,
        }

    async def ask_return(
        self,
        order_id: str,
        unit: str = URBAN,
        *,
        materials: Sequence[File] | None = None,
        who: dict[str, str] | None = None,
        **changes: Any,
    ) -> httpx.Response:
        """The caseworker of `unit`, or `who`, asks with one file, or with `materials`."""
        files = [material()] if materials is None else materials
        who = who or self.caseworker(unit)
        return await self.upload(f"/orders/{order_id}/return", self.return_body(**changes), files, who)

    async def decide(self, order_id: str, decision: str, reason: str | None = "研判意见") -> httpx.Response:
        return await self.post(f"/orders/{order_id}/return/decision", {"decision": decision, "reason": reason})

    async def returned(self, order_id: str, unit: str, suggested: str = WATER) -> None:
        """Assigned to `unit`, returned by it, taken back."""
        assert (await self.assign(order_id, unit)).status_code == 200
        asked = await self.ask_return(order_id, unit, suggested_unit=suggested)
        assert asked.status_code == 202, asked.text
        assert (await self.decide(order_id, "accept")).status_code == 204

    async def handled(self, **changes: Any) -> str:
        """An order that was assigned and whose caller was contacted; its id."""
        order_id = await self.arrive(**changes)
        assert (await self.assign(order_id)).status_code == 200
        assert (await self.contact(order_id)).status_code == 201
        return order_id

    async def replied(self) -> tuple[str, str]:
        """An order whose reply was submitted; its id and the reply's."""
        order_id = await self.handled()
        answer = await self.reply(order_id)
        assert answer.status_code == 201, answer.text
        return order_id, str(answer.json()["reply_id"])

    def leader_approved(self, order_id: str, reply_id: str, number: int = 1) -> ReplyLeaderApproved:
        return facts.leader_approved(order_id, URBAN, self.now, reply_id=reply_id, number=number)

    def leader_rejected(self, order_id: str, reply_id: str, number: int = 1) -> ReplyLeaderRejected:
        opinion = self.opinion(order_id, reply_id)
        return facts.leader_rejected(order_id, URBAN, self.now, reply_id=reply_id, number=number, opinion=opinion)

    def opinion(self, order_id: str, reply_id: str) -> str:
        return self.desk.runtime.works.sealer.seal("请补充整改措施", f"order:{order_id}:opinion:{reply_id}")

    def approved(self, order_id: str, reply_id: str, number: int = 1) -> ReplyApproved:
        reply = self.desk.runtime.works.sealer.seal("{}", f"order:{order_id}:reply:{reply_id}")
        return facts.approved(order_id, URBAN, self.now, reply_id=reply_id, number=number, reply=reply)

    def rejected(self, order_id: str, reply_id: str, number: int = 1) -> ReplyRejected:
        opinion = self.opinion(order_id, reply_id)
        return facts.rejected(order_id, URBAN, self.now, reply_id=reply_id, number=number, opinion=opinion)

    def fed_back(self, order_id: str, reply_id: str) -> OrderFedBack:
        return facts.fed_back(order_id, self.now, reply_id=reply_id)

    def revisited(
        self, order_id: str, solved: str | None = "solved", satisfied: str | None = "satisfied", *, valid: bool = True
    ) -> OrderRevisited:
        number = self.revisits[order_id] = self.revisits.get(order_id, 0) + 1
        opinions = (solved, satisfied) if valid else (None, None)
        return facts.revisited(order_id, self.now, *opinions, revisit=number, valid=valid)

    async def answered(self) -> tuple[str, str]:
        """An order whose reply the upstream has; its id and the reply's."""
        order_id, reply_id = await self.replied()
        await self.desk.tell(
            self.leader_approved(order_id, reply_id),
            self.approved(order_id, reply_id),
            self.fed_back(order_id, reply_id),
        )
        assert await self.status(order_id) == "revisit"
        return order_id, reply_id

    async def status(self, order_id: str) -> str:
        """The status of the order."""
        answer = await self.get(f"/orders/{order_id}")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["status"])

    async def order(self, order_id: str, who: dict[str, str] | None = None) -> dict[str, Any]:
        """The order as `who` sees it."""
        answer = await self.get(f"/orders/{order_id}", who)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())
