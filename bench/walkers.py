"""Staff and upstream as clients of the public API: one order's whole lifecycle, in steps that are safe to repeat."""

from __future__ import annotations

import asyncio
import contextlib
import random
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from bench import upstream
from bench.http import Answer, NotSent, Replicas, Unknown
from sample.district import UNITS, Unit
from sample.staff import People
from shared.clock import RealClock
from shared.identity import Person, Role, TokenSigner

HANDLED: Final = UNITS[:4]
"""The units that get the orders."""
_AGAIN: Final = frozenset({429, 500, 502, 503, 504})
_REPLY: Final = {
    "disposition": "solved",
    "contact_person": "经办人",
    "contact_phone": "0535-6890000",
    "findings": "接到工单后工作人员当天到现场查看，问题属实，已督促责任单位整改到位，并安排专人每周巡查，防止反弹。",
    "satisfaction": "satisfied",
}


class Refused(Exception):
    """The platform refused a step for good."""

    def __init__(self, step: str, answer: Answer) -> None:
        super().__init__(f"{step}: {answer.status} {answer.body[:300]!r}")
        self.code = answer.code


class Late(Exception):
    """A step was not possible within its time."""


class Tokens:
    """Bearer tokens, signed as dispatch signs them at a login, renewed before they expire."""

    def __init__(self, private_key: str) -> None:
        self._signer = TokenSigner(private_key, RealClock())
        self._known: dict[tuple[str, str | None], str] = {}

    def of(self, role: Role, unit: str | None = None) -> str:
        """A token for this role."""
        if (role, unit) not in self._known:
            account = f"{unit or 'centre'}-{role}"
            person = Person(account=account, name=account, roles=frozenset({role}), unit=unit)
            self._known[role, unit] = self._signer.sign(person)[0]
        return self._known[role, unit]


@dataclass
class Desk:
    """What a client needs to reach the platform."""

    intake: Replicas
    dispatch: Replicas
    review: Replicas
    tokens: Tokens
    receiver: upstream.Receiver
    secret: str
    rng: random.Random
    patience: float = 60.0
    pause: float = 0.03
    longest_pause: float = 1.0
    """The longest pause between two tries: hundreds of clients that ask each second slow the platform down."""
    thinking: float = 0.0
    """Seconds before a person acts on what another service has published: people do not act at once."""
    retried: int = 0
    unknown: int = 0
    slowest: dict[str, float] = field(default_factory=dict)
    """Step -> the longest time until it succeeded, in seconds."""

    async def insist(
        self, step: str, attempt: Callable[[], Awaitable[Answer]], *, wait_for: frozenset[int] = frozenset()
    ) -> Answer:
        """Try until it succeeds; a status in `wait_for` means that the events have not arrived yet."""
        if wait_for and self.thinking:
            await asyncio.sleep(self.thinking)
        began = asyncio.get_running_loop().time()
        deadline = began + self.patience
        pause, last = self.pause, "nothing"
        while True:
            try:
                answer = await attempt()
            except NotSent as fault:
                last = f"not sent: {fault}"
            except Unknown as fault:
                self.unknown += 1
                last = f"unknown: {fault}"
            else:
                if answer.status < 300:
                    self.took(step, asyncio.get_running_loop().time() - began)
                    return answer
                if answer.status not in _AGAIN and answer.status not in wait_for:
                    raise Refused(step, answer)
                last = f"{answer.status} {answer.code}"
            if asyncio.get_running_loop().time() > deadline:
                raise Late(f"{step}: {last}")
            self.retried += 1
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, self.longest_pause)

    def took(self, step: str, seconds: float) -> None:
        """Remember the longest time of each step."""
        self.slowest[step] = max(seconds, self.slowest.get(step, 0.0))

    async def command(
        self, service: Replicas, path: str, body: Mapping[str, Any], *, token: str, step: str,
        wait_for: frozenset[int] = frozenset(),
    ) -> Answer:  # fmt: skip
        """Send a command under one idempotency key until it succeeds."""
        key = uuid.uuid4().hex
        return await self.insist(
            step,
            lambda: service.next().call("POST", path, body, token=token, key=key),
            wait_for=wait_for,
        )

    async def push(self, kind: str, body: Mapping[str, Any], step: str) -> Answer:
        """Send a webhook under one webhook-id until it succeeds."""
        identity = uuid.uuid4().hex

        async def attempt() -> Answer:
            request = upstream.signed(self.secret, kind, body, webhook_id=identity)
            return await self.intake.next().send(request)

        return await self.insist(step, attempt)


@dataclass
class Walked:
    """The ids of one lifecycle."""

    order_id: str
    number: str
    replies: list[str] = field(default_factory=list)
    taken_back: int = 0
    """How many of them were approved and not sent, because the demand had changed."""
    revisited: bool = False


_NOT_YET: Final = frozenset({404})
_NOT_YET_OR_EARLIER: Final = frozenset({404, 409})


async def walk(
    desk: Desk,
    number: str,
    order_id: str,
    *,
    rejections: int = 0,
    changed: bool = False,
    meanwhile: Callable[[], Awaitable[object]] | None = None,
    walked: Walked | None = None,
) -> Walked:
    """Take an accepted order to the upstream's revisit; it is closed by that.

    `changed`: the upstream has just changed its demand, or does it `meanwhile`, after the reviewer has read the reply.  A
    service may hear of that after the reply was written: the reviewer who reads of it says why the reply holds all the
    same, and one who could not yet read of it gets it back.
    """
    walked = walked or Walked(order_id, number)
    unit: Unit = desk.rng.choice(HANDLED)
    order = f"/api/dispatch/v1/orders/{order_id}"
    desk_token, handler = desk.tokens.of(Role.DISPATCHER), desk.tokens.of(Role.CASEWORKER, unit.code)
    await desk.command(
        desk.dispatch, f"{order}/assign",
        {"unit": unit.code, "basis": unit.duties[0].kind, "grounds": "职责目录与诉求内容相符"},
        token=desk_token, step="assign", wait_for=_NOT_YET,
    )  # fmt: skip
    now = datetime.now(UTC).isoformat()
    contact = {"outcome": "reached", "contacted_at": now, "phone": "0535-6890000", "person": "经办人",
               "content": "已与来电人联系，了解具体情况，约定当天到现场查看。"}  # fmt: skip
    await desk.command(desk.dispatch, f"{order}/contacts", contact, token=handler, step="contact")
    while True:
        answer = await desk.command(
            desk.dispatch, f"{order}/reply", {**_REPLY, "contact_at": now}, token=handler, step="reply",
            wait_for=_NOT_YET_OR_EARLIER if walked.replies else frozenset(),
        )  # fmt: skip
        reply_id = answer.json()["reply_id"]
        walked.replies.append(reply_id)
        reply = f"/api/review/v1/replies/{reply_id}"
        await desk.command(
            desk.review, f"{reply}/leader-approval", {}, token=desk.tokens.of(Role.UNIT_HEAD, unit.code),
            step="leader", wait_for=_NOT_YET,
        )  # fmt: skip
        if len(walked.replies) <= rejections:
            opinion = {"opinion": "请补充现场处理情况后重新答复"}
            await desk.command(
                desk.review, f"{reply}/rejection", opinion, token=desk.tokens.of(Role.REVIEWER), step="rejection"
            )
            continue
        await _approve(desk, reply, changed=changed, meanwhile=None if walked.taken_back else meanwhile)
        if await _is_sent(desk, number, reply, changed=changed):
            break
        walked.taken_back += 1
    await desk.insist("fed back", lambda: _fed_back(desk, order_id, desk_token), wait_for=_NOT_YET)
    await desk.push("revisits", upstream.revisit_body(number), "revisit")
    walked.revisited = True
    return walked


async def _approve(
    desk: Desk, reply: str, *, changed: bool, meanwhile: Callable[[], Awaitable[object]] | None = None
) -> None:
    """The reviewer lets the reply go; of a `changed` order for the version that he reads of."""
    while True:
        changes = (await _read_reply(desk, reply))["demand_changes"] if changed else []
        if meanwhile is not None:
            await meanwhile()
            meanwhile = None
        reason = {"override_reason": "来电人补充的内容已在答复中说明"}
        body = {**reason, "demand_version": changes[-1]["version"]} if changes else {}
        try:
            await desk.command(
                desk.review, f"{reply}/approval", body, token=desk.tokens.of(Role.REVIEWER), step="approval"
            )
        except Refused as refused:  # review heard of the change after it was read
            if refused.code not in {"blocking_findings", "demand_version_outdated"}:
                raise
        else:
            return


async def _is_sent(desk: Desk, number: str, reply: str, *, changed: bool) -> bool:
    """Whether the upstream gets the reply; of a `changed` order it may come back instead."""
    told, approved = desk.receiver.told_of(number), asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(desk.patience):
            while changed and not told.is_set():
                if (await _read_reply(desk, reply))["state"] == "rejected":
                    return False
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(told.wait(), desk.longest_pause)
            await told.wait()
    except TimeoutError as late:
        raise Late("feedback") from late
    desk.took("feedback", asyncio.get_running_loop().time() - approved)
    return True


async def _read_reply(desk: Desk, reply: str) -> dict[str, Any]:
    token = desk.tokens.of(Role.REVIEWER)
    answer = await desk.insist("read the reply", lambda: desk.review.next().call("GET", reply, token=token))
    found: dict[str, Any] = answer.json()
    return found


async def _fed_back(desk: Desk, order_id: str, token: str) -> Answer:
    answer = await desk.intake.next().call("GET", f"/api/intake/v1/orders/{order_id}", token=token)
    if answer.status == 200 and answer.json()["state"] not in {"fed_back", "closed"}:
        return Answer(404, b"{}")
    return answer


async def load_district(port: int, secrets: Mapping[str, Any]) -> None:
    """Units and accounts, entered through dispatch's API."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as http:
        people = People(http, admin_password=secrets["admin_password"], staff_password=secrets["staff_password"])
        await people.load_district(HANDLED)
