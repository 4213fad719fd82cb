"""The steps that an upstream and people can take: each is done on the platform and on the model, and the answers compared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

from shared.calendar import SHANGHAI
from shared.identity import Role
from tests.model.clocks import Clocks
from tests.model.platform import Answer
from tests.model.reference import ACCEPTED, REFUSED, Order
from tests.model.running import Driven, Sent, SideBySide
from tests.model.words import CONTENTS, RESULTS, in_words
from tests.model.workdays import end_of_day

_numbers: Final = count(1)


class World(SideBySide):
    """What can be done to the orders."""

    # --- the upstream -----------------------------------------------------------------------------------------------

    async def push_new(self, content: int, *, with_deadline: bool, numbered: bool = False, fast: bool = False) -> None:
        """A new order, perhaps of an upstream that numbers its revisions."""
        number = f"MODEL{next(_numbers):08d}"
        local = self.now.astimezone(SHANGHAI)
        due_at = end_of_day(self.now + timedelta(days=2)) - timedelta(seconds=1) if with_deadline else None
        first = {
            "orderNum": number,
            "title": "环境问题",
            "eventDesc": CONTENTS[content][0],
            "category": "环境卫生",
            "callerPhone": "17000000001",
            "area": "莱山区",
            "street": "初家街道",
            "callTime": local - timedelta(minutes=5),
        }
        if due_at is not None:
            first["limitTime"] = due_at
        if fast:
            first["entName"] = "莱山示例电子有限公司"
        order = Driven(Order(number, self.now, urgent=CONTENTS[content][1], due_at=due_at, fast=fast), first)
        order.model.intake.content = content
        if numbered:
            first["version"] = "1"
            order.model.intake.revision = 1
        self.orders.append(order)
        answer = await self._send(order, "orders", first)
        self._say("push new", "ok", CONTENTS[content][0])
        assert answer.status == 201, answer
        order.model.id = answer.body["order_id"]

    async def push(self, order: Driven, content: int, step: int | None) -> None:
        """The order again: as it was, or with other words; a revision so many steps after the last one, or without a number."""
        known = order.model.intake.revision
        revision = None if known is None or step is None else max(known + step, 0)
        body = {**order.first, "eventDesc": CONTENTS[content][0]}
        body.pop("version", None)
        if revision is not None:
            body["version"] = str(revision)
        about = {"content": content, "urgent": CONTENTS[content][1], "revision": revision}
        answer = await self._notice(order, "push", "orders", body, **about)
        if answer.status < 300:
            assert answer.body["version"] == order.model.intake.version, f"{answer}\n{self.story()}"

    async def cancel(self, order: Driven) -> None:
        """撤单."""
        await self._notice(
            order, "cancel", "cancellations", {**self._about(order), "reason": "来电人撤回"}, at=self.now
        )

    async def urge(self, order: Driven) -> None:
        """催办."""
        await self._notice(order, "urge", "urges", self._about(order), at=self.now)

    async def redo(self, order: Driven) -> None:
        """重办."""
        await self._notice(order, "redo", "redos", {**self._about(order), "reason": "答复与事实不符"}, at=self.now)

    async def revisit(self, order: Driven, solved: str | None, satisfied: str | None) -> None:
        """回访; nobody was reached when there is no answer."""
        valid = solved is not None and satisfied is not None
        words = {"isConnect": "1", "isSolve": solved, "satisfaction": satisfied} if valid else {"isConnect": "0"}
        about: dict[str, Any] = {"valid": valid, "solved": RESULTS.get(solved or "")}
        about |= {"satisfied": RESULTS.get(satisfied or ""), "at": self.now}
        await self._notice(order, "revisit", "revisits", {**self._about(order), **words}, **about)

    async def send_again(self, order: Driven, number: int) -> None:
        """The answer to a message got lost, and the upstream sends the same message again (R34)."""
        sent = order.sent[number % len(order.sent)]
        answer = await self.platform.send(order.channel, sent.what, sent.body, message_id=sent.message_id)
        self._say("the same message again", "ok", self.orders.index(order), sent.what)
        same = answer.status == sent.answer.status and answer.body == sent.answer.body
        if sent.answer.status < 300:
            assert same, f"{sent.what} again: {answer}, first {sent.answer}\n{self.story()}"

    def _about(self, order: Driven) -> dict[str, Any]:
        return {
            "orderNum": order.model.number,
            "operateTime": self.now.astimezone(SHANGHAI),
        }

    async def _send(self, order: Driven, what: str, body: Mapping[str, Any]) -> Answer:
        message_id = f"{order.model.number}-{len(order.sent)}"
        body = in_words(order.channel, body)
        answer = await self.platform.send(order.channel, what, body, message_id=message_id)
        if answer.status < 300:  # a refused one may be sent again later, and then be right
            order.sent.append(Sent(what, body, message_id, answer))
        return answer

    async def _notice(self, order: Driven, notice: str, what: str, body: Mapping[str, Any], **about: Any) -> Answer:
        """A notice ends in exactly one of: an effect, known already, refused with a code (D1)."""
        right = order.model.answers(notice, **about)
        answer = await self._send(order, what, body)
        self._say(notice, right, self.orders.index(order), *about.values(), answer.code)
        refused = answer.status >= 300
        assert refused == (right == REFUSED), f"{notice}: {answer}, and the model says {right}\n{self.story()}"
        assert not refused or (answer.status in {409, 422} and answer.code), answer
        if right == ACCEPTED:
            order.model.accept(notice, self.now, **about)
        elif not refused:
            order.model.know(notice, **about)
        return answer

    # --- people -----------------------------------------------------------------------------------------------------

    def _unit(self, unit: str, *roles: Role) -> dict[str, str]:
        name = "lingdao" if Role.UNIT_HEAD in roles else "jingban"
        return self.platform.bearer(f"{unit}-{name}", *(roles or (Role.CASEWORKER,)), unit=unit)

    @property
    def _dispatcher(self) -> dict[str, str]:
        return self.platform.bearer("paidan", Role.DISPATCHER)

    async def _desk(self, order: Driven, what: str, who: dict[str, str], body: Any, *, files: bool = False) -> Answer:
        return await self.platform.call("POST", f"dispatch/v1/orders/{order.model.id}/{what}", who, body, files=files)

    async def flag(self, order: Driven, urgent: tuple[str, ...]) -> None:
        """A dispatcher corrects the urgent classes (S1.3.1a)."""
        body = {"urgent": list(urgent), "out_of_scope": None, "reason": "经核实"}
        path = f"intake/v1/orders/{order.model.id}/flags"
        answer = await self.platform.call("POST", path, self._dispatcher, body)
        self._called("reflag", order, 200, answer, urgent)
        order.model.flag(urgent, self.now)

    async def assign(self, order: Driven, unit: str, *, reason: bool, head: bool) -> None:
        """交办, 改派; the head of the centre with the panel's decision."""
        expected = order.model.assign(unit, self.now, reason=reason, decision=head, head=head)
        body = {"unit": unit, "basis": "duty", "grounds": "职责目录与诉求内容相符"}
        if reason:
            body["reason"] = "职责调整"
        if head:
            body["decision"] = "研判决定"
        who = self.platform.bearer("zhuren", Role.CENTRE_HEAD) if head else self._dispatcher
        answer = await self._desk(order, "assign", who, body)
        self._called("assign", order, expected, answer, unit, f"reason={reason} head={head}")

    async def take_up(self, order: Driven, unit: str) -> None:
        """认领."""
        expected = order.model.take_up(unit, self.now)
        self._called("accept", order, expected, await self._desk(order, "accept", self._unit(unit), None), unit)

    async def contact(self, order: Driven, unit: str, outcome: str, hours: int | None) -> None:
        """A call to the caller, perhaps with a promise."""
        promised_at = None if hours is None else self._promise(hours)
        body = {
            "outcome": outcome,
            "contacted_at": self.now.isoformat(),
            "phone": f"0535-{6800000 + next(_numbers) % 99999}",  # two calls at one moment are two by their numbers
            "person": "经办人",
            "content": "已与来电人联系，了解具体诉求。",
        }
        if promised_at is not None:
            body["promised_at"] = promised_at.isoformat()
        expected = order.model.contact(unit, outcome, self.now, promised_at)
        answer = await self._desk(order, "contacts", self._unit(unit), body)
        self._called("contact", order, expected, answer, unit, outcome, hours)
        if expected == 200:
            order.last_contact = body

    async def contact_again(self, order: Driven) -> None:
        """The answer got lost, and the same contact is sent once more: it is one contact (S2.2.1b)."""
        body, desk = order.last_contact, order.model.desk
        if body is None or desk.last_turn != desk.turn or desk.unit is None:
            return
        answer = await self._desk(order, "contacts", self._unit(desk.unit), body)
        self._called("the same contact again", order, 200, answer)

    def _promise(self, hours: int) -> datetime:
        """No two promises are for one moment: that would be one promise."""
        return self.now + timedelta(hours=hours, seconds=next(_numbers) % 600)

    async def note(self, order: Driven, unit: str, hours: int) -> None:
        """A progress note with the promise of a contact."""
        promised_at = self._promise(hours)
        body = {"text": f"正在现场核查（{next(_numbers)}）。", "promised_at": promised_at.isoformat()}
        expected = order.model.note(unit, promised_at, self.now)
        self._called("note", order, expected, await self._desk(order, "notes", self._unit(unit), body), unit, hours)

    async def ask_return(self, order: Driven, unit: str, suggested: str) -> None:
        """申请回退, with its four parts."""
        expected = order.model.ask_return(unit, self.now)
        body = {"reason": "不属于本单位职责", "policy_basis": "三定方案第四条", "suggested_unit": suggested}
        answer = await self._desk(order, "return", self._unit(unit), body, files=True)
        self._called("return", order, expected, answer, unit)

    async def decide_return(self, order: Driven, *, accept: bool) -> None:
        """The centre decides."""
        expected = order.model.decide_return(self.now, accept=accept)
        body = {"decision": "accept" if accept else "reject", "reason": "研判意见"}
        answer = await self._desk(order, "return/decision", self._dispatcher, body)
        self._called("decide return", order, expected, answer, f"accept={accept}")

    async def reply(self, order: Driven, unit: str, disposition: str, days: int) -> None:
        """提交答复, with what its disposition demands."""
        plan_on = (self.now.astimezone(SHANGHAI) + timedelta(days=days)).date() if disposition == "planned" else None
        reached = order.model.desk.reached
        contact = order.last_contact or {"contacted_at": self.now.isoformat(), "phone": "0535-6890000"}
        body: dict[str, Any] = {
            "disposition": disposition,
            "contact_person": "经办人",
            "contact_at": contact["contacted_at"],
            "contact_phone": contact["phone"],
            "findings": f"工作人员当天到现场查看，问题属实，已督促整改到位，并安排专人每周巡查（{next(_numbers)}）。",
            "satisfaction": "satisfied" if reached else "not_stated",
        }
        more: dict[str, dict[str, Any]] = {
            "out_of_scope": {"statement": "该事项正在诉讼中，不在受理范围。"},
            "explanation": {"legal_basis": "物业管理条例第九条", "site_record": "现场核查记录一份"},
            "planned": {"legal_basis": "物业管理条例第九条", "plan_on": str(plan_on)},
        }
        expected = order.model.submit(unit, disposition, self.now, plan_on)
        body |= more.get(disposition, {})
        answer = await self._desk(order, "reply", self._unit(unit), body, files=disposition == "not_true")
        self._called("reply", order, expected, answer, unit, disposition, plan_on or "")
        if expected == 200:
            order.replies[order.model.desk.round] = answer.body["reply_id"]

    async def leader_decides(self, order: Driven, unit: str, *, approve: bool) -> None:
        """The head of the unit."""
        newest = order.model.review.rounds[-1].round
        expected = order.model.leader_decides(unit, self.now, approve=approve)
        what, body = ("leader-approval", {}) if approve else ("leader-rejection", {"opinion": "请补充整改措施"})
        path = f"review/v1/replies/{order.replies[newest]}/{what}"
        answer = await self.platform.call("POST", path, self._unit(unit, Role.UNIT_HEAD), body)
        self._called("leader", order, expected, answer, f"approve={approve}")

    async def cross(self, order: Driven, what: int | str) -> None:
        """While the reviewer approves, the upstream pushes this content, or wants to `cancel` or to `redo`.

        Review hears of it afterwards.
        """
        late = "review" not in self.held
        if late:
            self.hold("review")
        match what:
            case int():
                await self.push(order, what, 1)
            case "cancel":
                await self.cancel(order)
            case "redo":
                await self.redo(order)
        await self.settle()
        await self.centre_decides(order, approve=True, override=None)
        if late:
            self.release("review")

    async def centre_decides(self, order: Driven, *, approve: bool, override: int | None) -> None:
        """The reviewer of the centre; `override` is the version for which he gives a reason."""
        newest = order.model.review.rounds[-1].round
        expected = order.model.centre_decides(self.now, approve=approve, override=override)
        what = "approval" if approve else "rejection"
        body: dict[str, Any] = {} if approve else {"opinion": "请补充整改措施"}
        if approve and override is not None:
            body = {"override_reason": "新旧诉求实质相同", "demand_version": override}
        path = f"review/v1/replies/{order.replies[newest]}/{what}"
        answer = await self.platform.call("POST", path, self.platform.bearer("shenhe", Role.REVIEWER), body)
        self._called("centre", order, expected, answer, f"approve={approve} override={override}")

    async def ask_extension(self, order: Driven, unit: str, workdays: int) -> None:
        """申请延期 with the caller's consent (S1.3.2); sla has heard everything."""
        model, now = order.model, self.now
        clocks = Clocks(model.history, now)
        finals = clocks.running("final", unit=unit)
        if self._holder(model) != unit:
            expected = 404
        elif workdays > 10:
            expected = 422  # S1.3.2d, A09
        elif not finals or now > finals[-1].due_at or model.extension.state != "none":
            expected = 409  # S1.3.2e, A10
        else:
            expected = 200
            model.extension.state, model.extension.workdays = "requested", workdays
            model.extension.of = clocks.all.index(finals[-1])
        consent = {"person": "经办人", "agreed_at": now.isoformat(), "phone": "0535-6890000", "agreed": True}
        body = {"reason_code": "complex", "explanation": "需多方协调", "workdays": workdays}
        body |= {"consent": {**consent, "evidence": "录音20261123"}}
        path = f"sla/v1/orders/{model.id}/extensions"
        answer = await self.platform.call("POST", path, self._unit(unit), body)
        self._called("extend", order, expected, answer, unit, workdays)
        if expected == 200:
            order.extension_id = answer.body["id"]

    @staticmethod
    def _holder(model: Order) -> str | None:
        """The unit that has the order by the facts."""
        unit = None
        for fact in model.history:
            if fact.type == "assigned":
                unit = fact["unit"]
            elif fact.type == "return_accepted":
                unit = None
        return unit

    async def decide_extension(self, order: Driven, *, grant: bool) -> None:
        """The centre grants or refuses it: granted days count from the deadline that was (A10)."""
        model, now = order.model, self.now
        if model.extension.state != "requested":
            expected = 409
        elif not grant:
            expected, model.extension.state = 200, "none"
        else:
            clock = Clocks(model.history, now).all[model.extension.of]
            expected = 200 if clock.state == "running" else 409
            if expected == 200:
                model.extension.state = "granted"
                self._to_fire = True  # the new deadline may be over as well (A38)
                model.tell("sla", "extended", now, unit=clock.unit, workdays=model.extension.workdays)
        path = f"sla/v1/extensions/{order.extension_id}/decision"
        body = {"decision": "grant" if grant else "refuse", "reason": "情况属实"}
        answer = await self.platform.call("POST", path, self._dispatcher, body)
        self._called("decide extension", order, expected, answer, f"grant={grant}")

    async def retry_feedback(self, order: Driven) -> None:
        """A person has a reply sent again that the upstream had refused."""
        path = f"intake/v1/deliveries?order_id={order.model.id}"
        listed = (await self.platform.call("GET", path, self._dispatcher)).body["items"]
        sending = order.model.intake.sendings[-1]
        delivery = next(one for one in listed if one["reply_id"] == order.replies[sending.round])
        path = f"intake/v1/deliveries/{delivery['id']}/retry"
        answer = await self.platform.call("POST", path, self._dispatcher, {})
        expected = 200 if sending.state in {"waiting", "failed"} else 409
        self._called("send the reply again", order, expected, answer)
        if expected == 200:
            sending.state, sending.scheduled, sending.not_before, sending.surely_at = "waiting", 0, None, None

    async def walk(self, order: Driven, far: int, disposition: str = "solved") -> None:
        """The main way of an order, as far as told: assigned, contacted, answered so, read, approved, revisited."""
        unit, answer = "zhujian", "solved" if order.model.fast else disposition
        steps = (
            lambda: self.assign(order, unit, reason=False, head=False),
            lambda: self.contact(order, unit, "reached", None),
            lambda: self.reply(order, unit, answer, 3),
            lambda: self.leader_decides(order, unit, approve=True),
            lambda: self.centre_decides(order, approve=True, override=None),
            lambda: self.revisit(order, "解决", "满意"),
        )
        for step in steps[:far]:
            await step()
            await self.settle(compare=False)
