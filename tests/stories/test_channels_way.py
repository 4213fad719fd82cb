"""An order of each of the seven channels through five services: its level, its subject, its deadlines, its first answer."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from sample.staff import Refused
from services.intake.channels.policy import CHANNELS
from shared.calendar import SHANGHAI
from tests.support.platform import District, district
from tests.support.postgres import DatabaseServer
from tests.support.service import MONDAY_0900
from tests.support.waiting import eventually

_NUMBERS = itertools.count(1)
THIRD, SECOND, THIRTEENTH = ((11, 27), (11, 26), (12, 11))  # the days whose 00:00 ends them, from Monday 23 November


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(postgres_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[District]:
    """The platform on the embedded bus."""
    async with district(postgres_server, tmp_path_factory.mktemp("district")) as found:
        yield found


@pytest.fixture(autouse=True)
def monday_morning(place: District) -> None:
    """Every story begins on the same Monday, 2026-11-23 09:00 in Yantai."""
    place.at(MONDAY_0900)


def local(month: int, day: int) -> datetime:
    return datetime(2026, month, day, tzinfo=SHANGHAI)


async def pushed(place: District, channel: str) -> tuple[str, str, httpx.Response]:
    """The channel's own example with a number of its own: the order's id, its number there, and the answer."""
    words = CHANNELS[channel]
    number = f"{channel[:4].upper()}{next(_NUMBERS):06d}"
    content = {**words.example, words.theirs("upstream_no"): number}
    answer = await place.upstream.send(place.http, channel, "orders", content)
    return answer.json()["order_id"], number, answer


async def assigned(place: District, channel: str) -> str:
    """An order of this channel with 住建局; its id."""
    order_id, _, _ = await pushed(place, channel)
    await place.case(order_id, status="triage")
    await place.assign(order_id)
    return order_id


async def clock(place: District, order_id: str, kind: str, state: str = "running") -> dict[str, Any]:
    """The newest clock of a kind, when it is in this state."""

    async def found() -> dict[str, Any]:
        try:
            newest = (await place.clocks(order_id)).get(kind)
        except Refused:
            return {}
        return newest if newest and newest["state"] == state else {}

    answer: dict[str, Any] = await eventually(found, within=20)
    return answer


@pytest.mark.clause("S1.1.1a", "S1.1.2", "S1.1.3", "S1.2.1", "S1.2.2b")
@pytest.mark.parametrize(
    ("channel", "level", "subject", "final"),
    [
        ("national_inspection", "national", "person", THIRD),
        ("national_portal", "national", "person", THIRD),
        ("national_message", "national", "person", THIRD),
        ("province_12345", "provincial", "person", THIRD),
        ("city_12345", "municipal", "person", THIRD),
        ("city_enterprise", "municipal", "enterprise", THIRD),
        ("province_enterprise", "provincial", "enterprise", THIRTEENTH),
    ],
)
async def test_an_order_of_each_channel_has_its_level_its_number_there_and_its_deadlines(
    place: District, channel: str, level: str, subject: str, final: tuple[int, int]
) -> None:
    order_id, number, answer = await pushed(place, channel)
    await place.case(order_id, status="triage", level=level)
    await place.assign(order_id)
    shown = await (await place.person("paidan")).call("GET", f"/api/intake/v1/orders/{order_id}")
    unit, all_of_it = await clock(place, order_id, "final"), await clock(place, order_id, "district_final")
    upstream = await clock(place, order_id, "upstream_due")

    assert answer.status_code == 201
    assert (shown["channel"], shown["platform_no"], shown["level"], shown["subject"]) == (
        channel,
        number,
        level,
        subject,
    )
    assert datetime.fromisoformat(unit["due_at"]) == datetime.fromisoformat(all_of_it["due_at"]) == local(*final)
    assert upstream["due_at"] == shown["upstream_due_at"]
    assert shown["upstream_due_at"] is not None


@pytest.mark.clause("S1.2.1")
@pytest.mark.parametrize("channel", ["city_enterprise", "province_enterprise"])
async def test_an_enterprise_is_known_by_its_name_and_its_code(place: District, channel: str) -> None:
    order_id, _, _ = await pushed(place, channel)
    shown = await (await place.person("paidan")).call("GET", f"/api/intake/v1/orders/{order_id}")
    theirs, example = CHANNELS[channel].theirs, CHANNELS[channel].example

    assert shown["details"]["enterprise_name"] == example[theirs("enterprise_name")]
    assert shown["details"]["credit_code"] == example[theirs("credit_code")]


@pytest.mark.clause("S1.2.1")
async def test_an_order_of_the_enterprise_channel_that_names_no_enterprise_is_not_taken(place: District) -> None:
    words = CHANNELS["city_enterprise"]
    content = {name: value for name, value in words.example.items() if name != words.theirs("enterprise_name")}
    answer = await place.upstream.send(place.http, "city_enterprise", "orders", content)

    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == [words.theirs("enterprise_name")]


@pytest.mark.clause("S1.1.1a")
async def test_a_request_of_an_unknown_channel_is_quarantined_and_is_no_order(place: District) -> None:
    words = CHANNELS["city_12345"]
    content = {**words.example, words.theirs("upstream_no"): "UNKNOWN0001"}
    answer = await place.http.post("/api/intake/v1/channels/national_unknown/orders", json=content)
    dispatcher = await place.person("paidan")
    kept = await dispatcher.call("GET", "/api/intake/v1/quarantine")
    orders = await dispatcher.call("GET", "/api/intake/v1/orders", limit=200)

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_channel")
    assert answer.json()["facts"]["quarantine_id"] in {line["id"] for line in kept["items"]}
    assert "UNKNOWN0001" not in {line["platform_no"] for line in orders["items"]}


async def kept(place: District, kind: str, content: dict[str, Any]) -> str:
    """The quarantine's id of a request that lacks something."""
    answer = await place.upstream.send(place.http, "city_12345", kind, content)
    assert answer.status_code == 422, answer.text
    found: str = answer.json()["facts"]["quarantine_id"]
    return found


async def released(place: District, quarantine_id: str, payload: dict[str, Any]) -> str:
    """The order that the corrected request led to."""
    dispatcher = await place.person("paidan")
    body = {"payload": payload, "reason": "已与上级平台核对"}
    answer = await dispatcher.call("POST", f"/api/intake/v1/quarantine/{quarantine_id}/release", body)
    order_id: str = answer["order_id"]
    return order_id


@pytest.mark.clause("S1.1.4a", "S1.1.4b", "S2.1b")
async def test_the_time_in_quarantine_counts_for_the_district_and_not_for_the_unit(place: District) -> None:
    content = {
        **CHANNELS["city_12345"].example,
        "orderNum": f"KEPT{next(_NUMBERS):06d}",
        "acceptTime": "2026-11-23 08:32:00",
    }
    quarantine_id = await kept(place, "orders", {**content, "acceptTime": "wrong"})

    friday = MONDAY_0900 + timedelta(days=4)
    place.at(friday)
    order_id = await released(place, quarantine_id, content)
    case = await place.case(order_id, status="triage")
    await place.assign(order_id)
    final = await clock(place, order_id, "final")

    async def breached() -> dict[str, dict[str, Any]]:
        found = await place.clocks(order_id)
        late = {
            kind: one
            for kind, one in found.items()
            if kind in {"district_final", "upstream_due"} and one["breached_at"]
        }
        return late if len(late) == 2 else {}

    late = await eventually(breached, within=20)
    assert datetime.fromisoformat(case["received_at"]) == MONDAY_0900
    assert datetime.fromisoformat(late["district_final"]["started_at"]) == MONDAY_0900
    assert datetime.fromisoformat(late["district_final"]["due_at"]) == local(*THIRD)
    assert datetime.fromisoformat(final["started_at"]) == friday
    assert final["breached_at"] is None


async def test_a_cancellation_that_waited_in_quarantine_counts_from_its_arrival(place: District) -> None:
    order_id, number, _ = await pushed(place, "city_12345")
    await place.case(order_id, status="triage")
    arrived = MONDAY_0900 + timedelta(hours=1)
    place.at(arrived)
    notice = {"orderNum": number, "operateTime": "2026-11-23 09:59:00", "reason": "市民撤诉"}
    quarantine_id = await kept(place, "cancellations", {**notice, "reason": None})
    # The unit gets the order after the cancellation came, and before anybody has read it.
    place.at(arrived + timedelta(hours=1))
    await place.assign(order_id)
    await clock(place, order_id, "final")

    place.at(arrived + timedelta(hours=3))
    assert await released(place, quarantine_id, notice) == order_id
    case = await place.case(order_id, status="cancelled")

    assert datetime.fromisoformat(case["ended_at"]) == arrived
    for kind in ("final", "district_final"):
        ended = await clock(place, order_id, kind, "void")
        assert ended["breached_at"] is None
    dispatcher = await place.person("admin")
    for service in ("dispatch", "sla", "review", "analytics"):
        parked = await dispatcher.call("GET", f"/api/{service}/v1/operations/parked")
        assert parked["items"] == [], service


@pytest.mark.clause("S1.2.2a", "S1.2.2d")
async def test_a_first_reply_without_the_telephone_number_stops_no_clock_and_a_complete_one_stops_its_own(
    place: District,
) -> None:
    order_id = await assigned(place, "province_enterprise")
    running = await clock(place, order_id, "first_reply")
    place.at(MONDAY_0900 + timedelta(hours=1))
    for part in ("phone", "person", "content", "contacted_at", "outcome"):
        without: dict[str, Any] = {part: None}
        with pytest.raises(Refused) as refused:
            await place.contact(order_id, **without)
        assert refused.value.status == 422
    still = await clock(place, order_id, "first_reply")
    await place.contact(order_id)
    stopped = await clock(place, order_id, "first_reply", "met")

    assert datetime.fromisoformat(running["due_at"]) == local(*SECOND)
    assert running["id"] == still["id"] == stopped["id"]
    final = await clock(place, order_id, "final")
    assert datetime.fromisoformat(final["due_at"]) == local(*THIRTEENTH)


@pytest.mark.clause("S1.1.1b")
@pytest.mark.parametrize("channel", ["national_inspection", "national_portal", "national_message"])
async def test_a_national_reply_is_not_sent_without_its_documents(place: District, channel: str) -> None:
    order_id = await assigned(place, channel)
    await place.contact(order_id)
    reply_id = await place.reply(order_id)
    await place.leader_approves(reply_id)
    await place.newest_reply(order_id, "zhujian", "centre_review")

    with pytest.raises(Refused) as refused:
        await place.centre_approves(reply_id)
    assert (refused.value.status, refused.value.problem["code"]) == (409, "doc_chain_incomplete")
    assert refused.value.problem["clause"] == "S1.1.1b"


@pytest.mark.clause("X2")
async def test_an_order_that_becomes_confidential_hides_its_caller_in_every_service(place: District) -> None:
    words = CHANNELS["city_12345"]
    content = {**words.example, words.theirs("upstream_no"): f"SECRET{next(_NUMBERS):06d}", "callerName": "张示例"}
    content |= {"title": "张示例反映路灯不亮", "eventDesc": "请张先生13800138000接听"}
    answer = await place.upstream.send(place.http, "city_12345", "orders", content)
    order_id = answer.json()["order_id"]
    await place.case(order_id, status="triage")
    await place.assign(order_id)
    await place.contact(order_id, content="张示例称路灯仍不亮，电话13800138000")
    await place.reply(order_id, remarks="张示例13800138000")
    leader = await place.person("zhujian-lingdao")
    pages = [f"/api/intake/v1/orders/{order_id}{page}" for page in ("", "/versions")]
    pages += [f"/api/dispatch/v1/orders/{order_id}{page}" for page in ("", "/contacts", "/replies")]
    pages += [f"/api/review/v1/orders/{order_id}/replies"]

    async def telling() -> list[str]:
        """The pages on which the unit's leader reads who called."""
        texts = {page: str(await leader.call("GET", page)) for page in pages}
        return [
            page for page, text in texts.items() if any(told in text for told in ("张示例", "张先生", "13800138000"))
        ]

    assert await telling() == pages
    await place.upstream.send(place.http, "city_12345", "orders", {**content, "isSecret": "1", "callerName": "匿名"})

    async def hidden() -> bool:
        return await telling() == []

    await eventually(hidden, within=20)
