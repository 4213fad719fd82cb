"""Every message of a platform in every state of its order ends as the table says, and a lost acknowledgement is proved."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from jsonschema_rs import Draft202012Validator

from services.intake.channels.policy import CHANNELS
from services.intake.endings.model import STANDING_TITLES, TOLD_TITLES, Standing, Told, Way
from services.intake.endings.policy import CONTRADICTS, REFUSALS, TABLE, UNKNOWN_ORDER
from services.intake.endings.rules import ending_of, standing_of
from services.intake.feedback import handlers
from services.intake.notices.policy import SATISFIED_WORDS, SOLVED_WORDS
from services.intake.notices.rules import told_by
from services.intake.notices.schemas import notice_of, notice_schema
from services.intake.orders.model import State
from shared.contracts.intake import OrderFedBack, OrderRedoRequested, OrderRevisited
from shared.identity import Role
from tests.intake.test_feedback import ADDRESSED, Receiver, deliverer
from tests.intake.upstream import Platform, an_order, approved, intake_desk
from tests.support import facts
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk
from tools.generated import ROOT
from tools.notices import DOCUMENT, document

AT = {"operateTime": "2026-11-23 08:55:00"}
NOTICES: dict[Told, tuple[str, dict[str, Any]]] = {
    Told.URGE: ("urges", {}),
    Told.CANCEL: ("cancellations", {"reason": "撤单"}),
    Told.REDO: ("redos", {"reason": "市民再次反映"}),
    Told.REVISIT: ("revisits", {"isConnect": "1", "isSolve": "未解决", "satisfaction": "不满意"}),
    Told.REVISIT_IN_VAIN: ("revisits", {"isConnect": "0", "satisfaction": "无人接听"}),
    Told.REVISIT_CONTRADICTS: ("revisits", {"isConnect": "0", "isSolve": "解决", "satisfaction": "满意"}),
}
TELLS = {
    Told.CHANGED: "order.updated.v1",
    Told.URGE: "order.urged.v1",
    Told.CANCEL: "order.cancelled.v1",
    Told.REDO: "order.redo_requested.v1",
    Told.REVISIT: "order.revisited.v1",
    Told.REVISIT_IN_VAIN: "order.revisited.v1",
}
"""The event of each message that is accepted."""


def failing(_: httpx.Request) -> httpx.Response:
    return httpx.Response(500)


async def brought_to(desk: Desk, platform: Platform, standing: Standing, order: dict[str, Any]) -> None:
    """Push the order and bring it to this standing."""
    if standing is Standing.UNKNOWN:
        return
    order_id = (await platform.push(order)).json()["order_id"]
    now = desk.clock.now()
    if standing is Standing.CANCELLED:
        await platform.push({"orderNum": order["orderNum"], "reason": "撤单", **AT}, kind="cancellations")
    if standing in {Standing.RECEIVED, Standing.CANCELLED}:
        return
    await desk.tell(facts.assigned(order_id, "u1", now))
    if standing is Standing.ASSIGNED:
        return
    await desk.tell(approved(desk, order_id))
    receiver = Receiver(failing if standing is Standing.APPROVED else None)
    assert await deliverer(desk, receiver).send_due() == 1
    if standing is Standing.AGAIN:
        await desk.tell(facts.reopened(order_id, "u1", now))
    if standing is Standing.CLOSED:
        await desk.tell(facts.closed(order_id, "u1", now))


async def sent(platform: Platform, told: Told, order: dict[str, Any]) -> httpx.Response:
    if told is Told.SAME:
        return await platform.push(order)
    if told is Told.CHANGED:
        return await platform.push({**order, "eventDesc": "来电人补充：情况比昨天更严重，请尽快处理。"})
    kind, more = NOTICES[told]
    return await platform.push({"orderNum": order["orderNum"], **AT, **more}, kind=kind)


@pytest.mark.clause("S1.1.4c", "S2.3b")
@pytest.mark.parametrize("standing", Standing)
async def test_each_message_ends_as_the_table_says_and_moves_nothing_unless_it_is_accepted(
    standing: Standing, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        platform = Platform(desk)
        for told in Told:
            order = an_order()
            await brought_to(desk, platform, standing, order)
            before = len(await desk.told())
            answer = await sent(platform, told, order)

            ending, news = ending_of(standing, told), [event.type for event in (await desk.told())[before:]]
            wanted = {Way.ACCEPTED: 200, Way.KNOWN: 200, Way.KEPT: 422, Way.REFUSED: 409}[ending.way]
            if standing is Standing.UNKNOWN and told in {Told.SAME, Told.CHANGED}:
                wanted = 201
            if ending.code == CONTRADICTS:
                wanted = 422
            assert answer.status_code == wanted, (told, answer.text)
            if ending.way is Way.ACCEPTED:
                proves = standing is Standing.APPROVED and told in {Told.REDO, Told.REVISIT, Told.REVISIT_IN_VAIN}
                event = "order.received.v1" if standing is Standing.UNKNOWN else TELLS[told]
                assert news == [*(["order.fed_back.v1"] if proves else []), event], told
            elif ending.way is Way.KNOWN:
                said = (
                    told is Told.REDO
                )  # its words are kept, though nothing moves; the cancellation is the same once more
                assert news == ["order.notice_repeated.v1"] * said, told
            elif ending.code in REFUSALS:
                assert (answer.json()["code"], news) == (ending.code, []), told
            else:
                assert answer.json()["facts"]["reason"] == ending.code, told
                assert news == ["intake.request_quarantined.v1"], told
        assert await desk.parked() == []


def test_the_table_is_complete_and_every_refusal_has_a_code_that_exists() -> None:
    for standing in Standing:
        assert set(TABLE[standing]) == set(Told)
        for ending in TABLE[standing].values():
            assert (ending.code is not None) == (ending.way in {Way.REFUSED, Way.KEPT})
            assert ending.code is None or ending.code in {*REFUSALS, CONTRADICTS, UNKNOWN_ORDER}
            assert ending.effect or ending.code in REFUSALS
    assert set(STANDING_TITLES) == set(Standing)
    assert set(TOLD_TITLES) == set(Told)


@pytest.mark.parametrize(
    ("state", "redos", "answered", "standing"),
    [
        ("received", 0, None, "received"),
        ("assigned", 0, None, "assigned"),
        ("assigned", 1, 0, "handled_again"),
        ("received", 1, 0, "handled_again"),
        ("assigned", 0, 0, "fed_back"),  # its plan's day came, and another unit has it now
        ("approved", 1, 1, "approved"),
        ("fed_back", 0, 0, "fed_back"),
        ("closed", 1, 1, "closed"),
        ("cancelled", 0, None, "cancelled"),
    ],
)
def test_an_order_without_a_reply_differs_from_one_that_is_handled_again(
    state: str, redos: int, answered: int | None, standing: str
) -> None:
    assert standing_of(State(state), redos=redos, answered=answered) == standing


def test_the_document_is_up_to_date() -> None:
    assert (ROOT / DOCUMENT).read_text(encoding="utf-8") == document()


@pytest.mark.parametrize("code", CHANNELS)
def test_the_published_schema_of_a_revisit_allows_what_does_not_contradict_itself_and_nothing_else(code: str) -> None:
    channel, now = CHANNELS[code], datetime(2026, 11, 23, 10, tzinfo=UTC)
    theirs = {ours: name for name, ours in channel.notices.items()}
    at = {"millis": 1795395600000, "iso": "2026-11-23T09:00:00+08:00", "local": "2026-11-23 09:00:00"}[channel.spelling]
    allows = Draft202012Validator(notice_schema(channel, "revisits"))
    found = {True: 0, False: 0}
    for connected in (True, False, "是", "否", "1", "0", "Y", "N", 1, 0):
        for solved in (*SOLVED_WORDS, "", None):
            for satisfied in (*SATISFIED_WORDS, "", None):
                given = {"upstream_no": "N1", "happened_at": at, "connected": connected}
                body = {theirs[name]: value for name, value in {**given, "solved": solved}.items()}
                body[theirs["satisfied"]] = satisfied
                notice = notice_of(channel, "revisits", body, now=now)
                taken = told_by(notice) is not Told.REVISIT_CONTRADICTS
                assert allows.is_valid(body) == taken, body
                found[taken] += 1
    assert min(found.values()) > 0


# --- The platform has the reply, whatever became of its acknowledgement ---------------------------------------------------

UNSOLVED = NOTICES[Told.REVISIT]
PROOFS = [NOTICES[Told.REVISIT], NOTICES[Told.REVISIT_IN_VAIN], NOTICES[Told.REDO]]


async def delivery(desk: Desk) -> dict[str, Any]:
    [found] = await desk.rows("select state, attempts, acked_by, acked_at is not null as acked from delivery")
    return found


@pytest.mark.clause("S2.3b")
@pytest.mark.parametrize(("kind", "more"), PROOFS)
async def test_a_notice_about_a_reply_that_was_sent_ends_its_delivery_as_acknowledged(
    kind: str, more: dict[str, Any], postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        platform, receiver = Platform(desk), Receiver(failing)
        event = approved(desk, await platform.accepted(orderNum="N1"))
        await desk.tell(event)
        await deliverer(desk, receiver).send_due()
        await platform.push({"orderNum": "N1", **AT, **more}, kind=kind)

        by = "redo" if kind == "redos" else "revisit"
        assert await delivery(desk) == {"state": "acked", "attempts": 1, "acked_by": by, "acked": True}
        last = (await desk.told())[-2:]
        assert [type(one) for one in last] == [OrderFedBack, OrderRedoRequested if by == "redo" else OrderRevisited]
        assert last[0].reply_id == event.reply_id
        desk.clock.set(desk.clock.now().replace(hour=23))
        assert await deliverer(desk, receiver).send_due() == 0


@pytest.mark.clause("S2.3b")
@pytest.mark.parametrize("status", [200, 500, 410])
async def test_the_outcome_of_an_attempt_that_a_notice_overtook_changes_nothing(
    status: int, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        platform, receiver = Platform(desk), Receiver(lambda _: httpx.Response(status))
        await desk.tell(approved(desk, await platform.accepted(orderNum="N1")))
        sender = deliverer(desk, receiver)
        [under_way] = await sender.claimed()
        await platform.push({"orderNum": "N1", **AT, **NOTICES[Told.REDO][1]}, kind="redos")
        before = await desk.told()
        await handlers.attempt(desk.runtime.works, receiver.client(), sender._secrets.of("city_12345"), under_way)

        assert len(receiver.requests) == 1
        assert await desk.told() == before
        assert (await delivery(desk))["acked_by"] == "redo"
        assert await desk.rows("select state from upstream_order") == [{"state": "assigned"}]


@pytest.mark.clause("S2.3b")
async def test_a_reply_that_was_never_sent_reaches_the_platform_all_the_same_and_is_fed_back_once(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        platform, receiver = Platform(desk), Receiver()
        await desk.tell(approved(desk, await platform.accepted(orderNum="N1")))
        await platform.push({"orderNum": "N1", **AT, **UNSOLVED[1]}, kind="revisits")
        assert await deliverer(desk, receiver).send_due() == 1

        assert len(receiver.requests) == len(await desk.told(OrderFedBack)) == 1
        assert await delivery(desk) == {"state": "acked", "attempts": 1, "acked_by": "revisit", "acked": True}


@pytest.mark.clause("S2.3b")
async def test_a_delivery_that_a_redo_ended_is_not_sent_again_by_hand(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        platform, receiver = Platform(desk), Receiver(lambda _: httpx.Response(410))
        await desk.tell(approved(desk, await platform.accepted(orderNum="N1")))
        await deliverer(desk, receiver).send_due()
        assert (await delivery(desk))["state"] == "failed"
        await platform.push({"orderNum": "N1", **AT, **NOTICES[Told.REDO][1]}, kind="redos")
        who = desk.bearer(Role.REVIEWER)
        [line] = (await desk.http.get("/api/intake/v1/deliveries", headers=who)).json()["items"]
        again = await desk.http.post(f"/api/intake/v1/deliveries/{line['id']}/retry", headers=who)

        assert (line["state"], line["acked_by"]) == ("acked", "redo")
        assert (again.status_code, again.json()["code"]) == (409, "delivery_not_waiting")


@pytest.mark.clause("S2.3b")
async def test_a_notice_names_the_cycle_of_the_newest_approved_reply(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        platform = Platform(desk)
        order_id = await platform.accepted(orderNum="N1")
        await desk.tell(approved(desk, order_id))
        await platform.push({"orderNum": "N1", **AT, **UNSOLVED[1]}, kind="revisits")
        await desk.tell(facts.reopened(order_id, "u1", desk.clock.now()))
        # About the reply of before: it is recorded, and the unit handles the order on.
        late = {"operateTime": "2026-11-23 08:56:00"}
        await platform.push({"orderNum": "N1", **late, **NOTICES[Told.REVISIT_IN_VAIN][1]}, kind="revisits")
        await desk.tell(approved(desk, order_id, round=2, redos=1))
        now = {"operateTime": "2026-11-23 09:10:00"}
        await platform.push({"orderNum": "N1", **now, **UNSOLVED[1]}, kind="revisits")

        assert [event.redos for event in await desk.told(OrderRevisited)] == [0, 0, 1]
        assert [event.redos for event in await desk.told(OrderFedBack)] == [0, 1]


@pytest.mark.clause("S2.3b")
@pytest.mark.parametrize("ended", ["reopened", "cancelled"])
async def test_a_reply_that_was_approved_after_its_cycle_had_ended_is_not_sent(
    ended: str, postgres_server: DatabaseServer
) -> None:
    """The centre approved it before it could know: dispatch holds it for void as well."""
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        platform, receiver = Platform(desk), Receiver()
        order_id = await platform.accepted(orderNum="N1")
        if ended == "reopened":
            await desk.tell(approved(desk, order_id))
            await deliverer(desk, receiver).send_due()
            await desk.tell(facts.reopened(order_id, "u1", desk.clock.now()))
        else:
            await platform.push({"orderNum": "N1", "reason": "撤单", **AT}, kind="cancellations")
        before = await desk.rows("select state from upstream_order")
        await desk.tell(approved(desk, order_id, round=2))

        assert await deliverer(desk, receiver).send_due() == 0
        assert await desk.rows("select state from upstream_order") == before
        assert await desk.parked() == []


async def test_the_same_result_of_the_same_call_is_counted_once(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        await desk.tell(approved(desk, await platform.accepted(orderNum="N1")))
        late = {"operateTime": "2026-11-23 08:56:00"}
        answers = [
            await platform.push({"orderNum": "N1", **at, **more}, kind=kind)
            for at, (kind, more) in ((AT, PROOFS[1]), (AT, PROOFS[1]), (late, PROOFS[0]), (late, PROOFS[0]))
        ]

        assert {answer.status_code for answer in answers} == {200}
        assert [event.valid for event in await desk.told(OrderRevisited)] == [False, True]


async def test_a_redo_opens_a_closed_order_for_changes_at_once(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        platform, order = Platform(desk), an_order()
        await brought_to(desk, platform, Standing.CLOSED, order)
        early = await sent(platform, Told.CHANGED, order)
        await sent(platform, Told.REDO, order)
        late = await sent(platform, Told.CHANGED, order)

        assert (early.status_code, early.json()["code"]) == (409, "order_closed")
        assert "重办" in early.json()["detail"]
        assert (late.status_code, late.json()["version"]) == (200, 2)


@pytest.mark.parametrize("told", [Told.CHANGED, Told.REDO])
async def test_a_refused_message_may_be_sent_again_under_its_webhook_id(
    told: Told, postgres_server: DatabaseServer
) -> None:
    """A refusal of the state is no answer for ever: once the state allows it, the same request is accepted."""
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        platform, order = Platform(desk), an_order()
        changed = {**order, "eventDesc": "来电人补充：情况比昨天更严重。"}
        redo = {"orderNum": order["orderNum"], "reason": "重办", **AT}
        content, kind = (changed, "orders") if told is Told.CHANGED else (redo, "redos")
        await brought_to(desk, platform, Standing.CLOSED if told is Told.CHANGED else Standing.ASSIGNED, order)
        early = await platform.push(content, kind=kind, webhook_id="m")
        if told is Told.CHANGED:
            await sent(platform, Told.REDO, order)
        else:
            await desk.tell(approved(desk, early.json().get("order_id") or await order_id_of(desk)))
        late = await platform.push(content, kind=kind, webhook_id="m")

        assert (early.status_code, late.status_code) == (409, 200)


async def order_id_of(desk: Desk) -> str:
    [row] = await desk.rows("select order_id::text as of from upstream_order")
    return str(row["of"])
