"""Drives the platform and the model side by side: each step is done on both, its answers are compared at once, and
what there is to be seen is compared whenever every service has heard everything.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

from services.intake.feedback.store import Claimed
from shared.calendar import SHANGHAI
from shared.identity import Role
from tests.model.clocks import Clock, Clocks, wakes_at
from tests.model.figures import Figures, figures_of
from tests.model.platform import Answer, Platform, Told
from tests.model.reference import ACCEPTED, REFUSED, Order, Sending
from tests.model.workdays import end_of_day

SERVICES: Final = ("intake", "dispatch", "sla", "review", "analytics")
TYPES: Final = {
    f"{kind}.{name}.v1": name
    for kind, names in {
        "order": (
            "received updated cancelled urged revisited redo_requested fed_back feedback_failed assigned accepted "
            "contacted return_requested return_accepted return_rejected planned closed reopened"
        ),
        "reply": "leader_approved leader_rejected approved rejected",
    }.items()
    for name in names.split()
} | {"order.progress_noted.v1": "noted", "order.reply_submitted.v1": "submitted"}
WAKES: Final = {"plan.woken.v1": "plan_woken", "plan.broken.v1": "plan_broken"}
CONTENTS: Final = (
    ("楼下垃圾无人清运", ()),
    ("楼下垃圾无人清运，异味明显", ()),
    ("楼道内闻到异味，疑似燃气泄漏", ("safety",)),
    ("小区从昨天起停水", ("livelihood",)),
)
"""What an order may say, and the urgent classes that its words suggest (S1.3.1a)."""
RESULTS: Final = {
    "解决": "solved",
    "基本解决": "mostly_solved",
    "未解决": "unsolved",
    "满意": "satisfied",
    "基本满意": "mostly_satisfied",
    "不满意": "unsatisfied",
}
CITY: Final = "city_12345"
FAST: Final = "province_enterprise"
WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    FAST: {
        "orderNum": "taskId",
        "title": "taskTitle",
        "eventDesc": "taskContent",
        "category": "categoryName",
        "callerPhone": "appealPhone",
        "area": "countyName",
        "street": "streetName",
        "callTime": "appealTime",
        "limitTime": "deadlineTime",
        "version": "revision",
        "isConnect": "isConnected",
        "isSolve": "isSolved",
        "satisfaction": "satisfyDegree",
    }
}
"""The fields of a channel, by those of the city's."""
_numbers = count(1)


@dataclass
class Tally:
    """What was run, for the report at the end."""

    sequences: int = 0
    steps: Counter[str] = field(default_factory=Counter)

    def clear(self) -> None:
        """Begin anew."""
        self.sequences = 0
        self.steps.clear()

    def __str__(self) -> str:
        lines = [f"{self.sequences} sequences, {self.steps.total()} steps:"]
        lines += [f"  {name:<34} {number}" for name, number in sorted(self.steps.items())]
        return "\n".join(lines)


TALLY: Final = Tally()


@dataclass
class Sent:
    """A message of an upstream, to be sent again."""

    what: str
    body: Mapping[str, Any]
    message_id: str
    answer: Answer


@dataclass
class Driven:
    """One order: the model's, and what the driver needs to go on with it."""

    model: Order
    first: dict[str, Any]
    replies: dict[int, str] = field(default_factory=dict)
    extension_id: str = ""
    sent: list[Sent] = field(default_factory=list)
    last_contact: dict[str, Any] | None = None

    @property
    def channel(self) -> str:
        """Whose order it is."""
        return FAST if self.model.fast else CITY


class World:
    """The platform, the model's orders on it, and what holds the services apart."""

    def __init__(self, platform: Platform, at: datetime, seed: int = 0) -> None:
        self.platform, self.orders = platform, list[Driven]()
        self._rng = random.Random(seed)
        """Chooses who publishes and reads first, each time anew."""
        self.held: set[str] = set()
        self.shuffled: frozenset[str] = frozenset()
        """Services that hear several publishers in no certain order, also an effect before its cause."""
        self.upstream = "acknowledged"  # lost, refused, gone; slow: what is sent stays in the air
        self.in_the_air: list[tuple[Claimed, Driven, Sending]] = []
        self.said: list[str] = []
        self._before: Figures = Counter()
        self._to_fire = False
        """Whether a clock may be due: time has passed, or sla has heard of something."""
        self._compared: tuple[int, datetime] | None = None
        """What there was when it was compared last: a step that changed nothing needs no new look until the end."""
        platform.clock.at = at

    async def begin(self) -> None:
        """Remember the figures, of which only the difference is looked at."""
        TALLY.sequences += 1
        self._before = await self._figures()

    @property
    def now(self) -> datetime:
        """The moment of both."""
        return self.platform.clock.now()

    def _say(self, step: str, outcome: object, *details: object) -> None:
        kind = outcome if isinstance(outcome, str) else ""
        TALLY.steps[f"{step} {kind}".strip()] += 1
        held = f"  (held: {', '.join(sorted(self.held))})" if self.held else ""
        local = self.now.astimezone(SHANGHAI)
        self.said.append(f"{local:%m-%d %H:%M} {step} {' '.join(map(str, details))} -> {outcome}{held}")

    def _called(self, step: str, order: Driven, expected: int, answer: Answer, *details: object) -> None:
        """Compare a person's answer with the model's."""
        self._say(step, "ok" if expected == 200 else f"refused {expected}", self.orders.index(order), *details)
        got = 200 if answer.status < 300 else answer.status
        assert got == expected, f"{step} {details}: {answer}, and the model says {expected}\n{self.story()}"
        assert got == 200 or answer.code, f"{step}: a refusal without a code: {answer}"

    def story(self) -> str:
        """What was done so far."""
        return "\n".join(self.said)

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
        await self._notice(order, "cancel", "cancellations", {**self._about(order), "reason": "来电人撤回"})

    async def urge(self, order: Driven) -> None:
        """催办."""
        await self._notice(order, "urge", "urges", self._about(order))

    async def redo(self, order: Driven) -> None:
        """重办."""
        await self._notice(order, "redo", "redos", {**self._about(order), "reason": "答复与事实不符"})

    async def revisit(self, order: Driven, solved: str | None, satisfied: str | None) -> None:
        """回访; nobody was reached when there is no answer."""
        valid = solved is not None and satisfied is not None
        words = {"isConnect": "1", "isSolve": solved, "satisfaction": satisfied} if valid else {"isConnect": "0"}
        about: dict[str, Any] = {"valid": valid, "solved": RESULTS.get(solved or "")}
        about |= {"satisfied": RESULTS.get(satisfied or ""), "at": self.now, "redos": order.model.intake.cycle}
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
        body = _in_words(order.channel, body)
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

    async def centre_decides(self, order: Driven, *, approve: bool, override: bool) -> None:
        """The reviewer of the centre."""
        newest = order.model.review.rounds[-1].round
        expected = order.model.centre_decides(self.now, approve=approve, override=override)
        what, body = ("approval", {}) if approve else ("rejection", {"opinion": "请补充整改措施"})
        if approve and override:
            body = {"override_reason": "新旧诉求实质相同"}
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

    # --- services, one by one ---------------------------------------------------------------------------------------

    def hold(self, service: str) -> None:
        """From now on the service neither reads nor publishes; people can still call it."""
        self.held.add(service)
        self._say("hold", "ok", service)

    def release(self, service: str) -> None:
        """It goes on."""
        self.held.discard(service)
        self._say("release", "ok", service)

    async def trickle(self, service: str, many: int, *, publish: bool) -> None:
        """A service that is held back reads a few events, and perhaps publishes."""
        if publish:
            await self.platform.publish(service)
        await self._consume(service, many)
        self._say("trickle", "ok", service, many, f"publish={publish}")

    async def redeliver(self, service: str, back: int) -> None:
        """A service gets an event again: nothing changes."""
        told = await self.platform.redeliver(service, back)
        self._say("redeliver", "ok", service, told and told.type)

    async def move_to(self, moment: datetime) -> None:
        """Time passes."""
        self.platform.clock.at, self._to_fire = moment, True
        self._say("time", "ok")

    async def settle(self, *, compare: bool = True) -> None:
        """Let all that are not held back publish, read, fire and send, until nothing moves; then compare."""
        moved = True
        while moved:
            moved = False
            for service in self._rng.sample(SERVICES, len(SERVICES)):
                if service not in self.held:
                    moved |= await self.platform.publish(service)
            for service in self._rng.sample(SERVICES, len(SERVICES)):
                if service not in self.held:
                    moved |= bool(await self._consume(service))
            if "intake" not in self.held and any(order.model.intake.sendings for order in self.orders):
                moved |= await self._send_feedback()
            if not moved and self._to_fire and "sla" not in self.held and self._sla_is_up_to_date():
                self._to_fire = False
                await self.platform.fire()
                moved |= await self.platform.publish("sla")
        facts = sum(len(order.model.history) for order in self.orders)
        if compare and not self.held and self._compared != (facts, self.now):
            await self.compare()
            self._compared = facts, self.now

    def _sla_is_up_to_date(self) -> bool:
        """Its loop waits for the consumer; what another service still keeps to itself it cannot know, and nor may we."""
        relays = (self.platform.runtimes[service].relay for service in SERVICES)
        return not self.platform.waiting("sla") and not any(relay.wake.is_set() for relay in relays)

    async def _consume(self, service: str, many: int | None = None) -> list[Told]:
        shuffled = self._rng if service in self.shuffled else None
        read = await self.platform.consume(service, many, shuffled)
        self._to_fire |= service == "sla" and bool(read)
        for told in read:
            order = next((one.model for one in self.orders if one.model.id == told.key), None)
            if order is None or told.by == service:
                continue
            try:
                if told.type in TYPES:
                    order.hear(service, told.by, TYPES[told.type], self.now)
                elif told.type in WAKES and service == "dispatch":
                    order.wake()
            except AssertionError as wrong:
                raise AssertionError(f"{wrong}\n{self.story()}") from None
        return read

    # --- feedback ---------------------------------------------------------------------------------------------------

    async def _send_feedback(self) -> bool:
        claimed = await self.platform.claim_feedback()
        taken = {one.order_id for one in claimed}
        for order in self.orders:
            sending = order.model.intake.underway
            surely = sending is not None and sending.state == "waiting" and self._is_due(sending)
            assert not surely or order.model.id in taken, f"an approved reply is not sent (S2.3b)\n{self.story()}"
        for one in claimed:
            order = next(order for order in self.orders if order.model.id == one.order_id)
            sending = order.model.intake.underway
            assert sending is not None, f"a reply is sent that nobody waits for\n{self.story()}"
            assert order.replies[sending.round] == one.reply_id, f"replies overtake each other\n{self.story()}"
            assert sending.not_before is None or sending.not_before <= self.now, self.story()
            sending.state, sending.attempts, sending.scheduled = "sending", sending.attempts + 1, sending.scheduled + 1
            self.in_the_air.append((one, order, sending))
        if self.upstream != "slow":
            while self.in_the_air:
                await self.arrive(self.upstream)
        return bool(claimed)

    def _is_due(self, sending: Sending) -> bool:
        return sending.surely_at is None or sending.surely_at <= self.now

    async def arrive(self, outcome: str) -> None:
        """The first attempt that is in the air ends: acknowledged, lost, refused or gone."""
        claimed, order, sending = self.in_the_air.pop(0)
        await self.platform.send_feedback(claimed, outcome)
        self._say("feedback", outcome, self.orders.index(order))
        if sending.state != "sending":
            return  # the upstream has proved meanwhile that it has the reply (D2)
        if outcome == "acknowledged":
            order.model.acknowledged(sending, self.now)
        else:
            order.model.not_acknowledged(sending, self.now, gone=outcome == "gone")

    # --- the comparison ---------------------------------------------------------------------------------------------

    async def walk(self, order: Driven, far: int) -> None:
        """The main way of an order, as far as told: assigned, contacted, answered, read, approved, revisited."""
        unit = "zhujian"
        steps = (
            lambda: self.assign(order, unit, reason=False, head=False),
            lambda: self.contact(order, unit, "reached", None),
            lambda: self.reply(order, unit, "solved", 0),
            lambda: self.leader_decides(order, unit, approve=True),
            lambda: self.centre_decides(order, approve=True, override=False),
            lambda: self.revisit(order, "解决", "满意"),
        )
        for step in steps[:far]:
            await step()
            await self.settle(compare=False)

    async def finish(self) -> None:
        """Release all, let what is in the air arrive, and compare."""
        self.held.clear()
        self.upstream = "acknowledged"
        while self.in_the_air:
            await self.arrive("acknowledged")
        await self.settle(compare=False)
        await self.compare()

    async def compare(self) -> None:
        """Everything was heard: what is to be seen equals the model."""
        faults = [f"parked: {one}" for one in await self.platform.parked()]
        expected: Figures = Counter()
        for number, order in enumerate(self.orders):
            faults += [f"order {number}: {fault}" for fault in await self._differences(order)]
            expected.update(figures_of(order.model.history, self.now))
        figures = await self._figures()
        figures.subtract(self._before)
        for key in sorted({*figures, *expected}, key=str):
            if figures[key] != expected[key]:
                faults.append(f"figure {key}: {figures[key]}, and the model says {expected[key]}")
        if faults:
            told = "\n".join(f"{one}" for order in self.orders for one in order.model.history)
            raise AssertionError("\n".join([*faults, "-- what was done", self.story(), "-- the model's facts", told]))

    async def _figures(self) -> Figures:
        rows = await self.platform.rows("analytics", "select unit, day, measure, count from figure")
        return Counter({(row["unit"], row["day"], row["measure"]): row["count"] for row in rows})

    async def _differences(self, order: Driven) -> list[str]:
        model = order.model
        faults = [] if model.all_heard() else ["something that was told did not arrive"]
        seen = {
            "dispatch": f"dispatch/v1/orders/{model.id}",
            "intake": f"intake/v1/orders/{model.id}",
            "sla": f"sla/v1/orders/{model.id}/clocks",
        }
        found = {}
        for service, path in seen.items():
            answer = await self.platform.call("GET", path, self._dispatcher)
            assert answer.status == 200, f"{path}: {answer}\n{self.story()}"
            found[service] = answer.body
        desk, intake = found["dispatch"], found["intake"]
        wanted = {
            ("desk", name): (desk[name], right)
            for name, right in {
                "status": model.desk.status,
                "unit": model.desk.unit,
                "first_unit": model.desk.first_unit,
                "returns": model.desk.returns,
                "redos": model.desk.redos,
                "urges": model.desk.urges,
                "no_return": model.desk.no_return,
                "counted_contacts": model.desk.counted,
                "round": model.desk.round,
                "demand_version": model.desk.version,
                "urgent": sorted(model.intake.urgent),
            }.items()
        } | {
            ("intake", name): (intake[name], right)
            for name, right in {
                "version": model.intake.version,
                "urges": model.intake.urges,
                "revisits": model.intake.revisits,
                "urgent": sorted(model.intake.urgent),
            }.items()
        }
        for place in (("desk", "urgent"), ("intake", "urgent")):
            wanted[place] = sorted(wanted[place][0]), wanted[place][1]
        phase = intake["state"] if intake["state"] in {"approved", "fed_back", "closed", "cancelled"} else "open"
        wanted["intake", "state"] = phase, model.intake.phase
        if model.review.rounds:
            path = f"review/v1/orders/{model.id}/replies"
            rounds = (await self.platform.call("GET", path, self._dispatcher)).body["rounds"]
            states = [one.state for one in model.review.rounds]
            wanted["review", "rounds"] = [one["state"] for one in rounds], states
        faults += [
            f"{where} {name}: {got}, and the model says {right}"
            for (where, name), (got, right) in wanted.items()
            if got != right
        ]
        return faults + self._clock_differences(model, found["sla"]["clocks"])

    def _clock_differences(self, model: Order, found: list[dict[str, Any]]) -> list[str]:
        clocks = Clocks(model.history, self.now)
        cancelled_at = next((fact.at for fact in model.history if fact.type == "cancelled"), None)
        faults = [
            "a plan sleeps on after its day has begun"
            for one in clocks.running("plan")
            if model.desk.status == "planned" and wakes_at(one) <= self.now
        ]

        # A clock that became void before it was breached counts for nothing; which ones there were depends on who heard
        # of what first.
        def counts(line: Line) -> bool:
            annulled_at = clocks.annulled.get(line.kind)
            needless = line.state == "met" and annulled_at is not None and line.started_at <= annulled_at
            return not needless and (line.state != "void" or line.breached)

        got = Counter(filter(counts, map(_line_of_row, found)))
        right = Counter(line for one in clocks.all if counts(line := _line(one, self.now)))
        if cancelled_at is not None:
            # Who did not know of it yet may have started a clock, or met one that was void already: none may run.
            before = [one for one in clocks.all if one.stopped_at is not None and one.stopped_at < cancelled_at]
            right = Counter(line for one in before if counts(line := _line(one, self.now)))
            got = Counter({line: number for line, number in got.items() if line in right or line.state == "running"})
        return faults + [
            f"clock {line}: {got[line]} of it, and the model says {right[line]}"
            for line in sorted({*got, *right}, key=str)
            if got[line] != right[line]
        ]


def _in_words(channel: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """A message in the words of its channel."""
    names = WORDS.get(channel, {})
    said = {names.get(name, name): value for name, value in body.items()}
    for name, value in said.items():
        if isinstance(value, datetime):
            said[name] = int(value.timestamp() * 1000) if channel == FAST else f"{value:%Y-%m-%d %H:%M:%S}"
    return said


@dataclass(frozen=True)
class Line:
    """A clock as it is compared."""

    kind: str
    unit: str | None
    started_at: datetime
    due_at: datetime
    state: str
    stopped_at: datetime | None
    breached: bool

    def __str__(self) -> str:
        ends = [
            f"{at.astimezone(SHANGHAI):%d %H:%M:%S}" if at else "-"
            for at in (self.started_at, self.due_at, self.stopped_at)
        ]
        return f"{self.kind} of {self.unit} from {ends[0]} due {ends[1]}: {self.state} at {ends[2]} breached={self.breached}"


def _line(clock: Clock, now: datetime) -> Line:
    at = [moment and moment.astimezone(SHANGHAI) for moment in (clock.started_at, clock.due_at, clock.stopped_at)]
    assert at[0] is not None
    assert at[1] is not None
    return Line(clock.kind, clock.unit, at[0], at[1], clock.state, at[2], clock.breached(now))


def _line_of_row(row: Mapping[str, Any]) -> Line:
    at = [
        None if row[name] is None else datetime.fromisoformat(row[name]).astimezone(SHANGHAI)
        for name in ("started_at", "due_at", "stopped_at")
    ]
    assert at[0] is not None
    assert at[1] is not None
    return Line(row["kind"], row["unit"], at[0], at[1], row["state"], at[2], row["breached_at"] is not None)
