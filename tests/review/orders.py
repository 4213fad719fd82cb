"""Events of other services about an order, with the values that tests of review need."""

import json
from datetime import datetime, timedelta
from typing import Any

import httpx

from shared.contracts import Event
from shared.contracts.places import CONTACT, DEMAND, REPLY
from shared.identity import Role
from shared.outbox.writer import new_id
from tests.support import facts
from tests.support.service import MONDAY_0900, Desk

SOUND: dict[str, Any] = {
    "contact_person": "住建局 于科长",
    "contact_at": "2026-11-23T08:30:00+08:00",
    "contact_phone": "0535-6891234",
    "findings": "经现场核实，迎春大街路灯线路老化。已于当日更换线路和灯具，夜间照明恢复正常，来电人电话13812345678。",
    "satisfaction": "satisfied",
    "remarks": "",
}


def new() -> str:
    """A new id."""
    return str(new_id())


def received(desk: Desk, order_id: str, *, scheme: str = "ordinary") -> Event:
    """An order was received an hour ago."""
    level = "national" if scheme == "national_report" else "municipal"
    demand = desk.runtime.works.sealer.seal("{}", DEMAND.at(order_id=order_id))
    return facts.received(order_id, MONDAY_0900 - timedelta(hours=1), level=level, scheme=scheme, demand=demand)


def assigned(desk: Desk, order_id: str, unit: str, number: int = 1) -> Event:
    """The centre assigns it to a unit."""
    return facts.assigned(order_id, unit, desk.clock.now(), number=number)


def contacted(desk: Desk, order_id: str, unit: str, outcome: str = "reached", **changes: Any) -> Event:
    """The unit contacts the caller: who, when and by which number a reply without findings says."""
    contact_id = new()
    words = {
        "phone": changes.pop("phone", SOUND["contact_phone"]),
        "person": changes.pop("person", SOUND["contact_person"]),
        "content": "已说明处理情况",
    }
    contact = desk.runtime.works.sealer.seal_json(words, CONTACT.at(order_id=order_id, contact_id=contact_id))
    at = changes.pop("at", datetime.fromisoformat(SOUND["contact_at"]))
    return facts.contacted(order_id, unit, at, outcome, contact_id=contact_id, contact=contact, **changes)


def updated(desk: Desk, order_id: str, version: int = 2, **changes: Any) -> Event:
    """The platform changes what the caller wants."""
    return facts.updated(order_id, desk.clock.now(), **{"version": version, "changed": ("content",), **changes})


def cancelled(desk: Desk, order_id: str) -> Event:
    """The platform cancels the order."""
    return facts.cancelled(order_id, desk.clock.now())


def submitted(
    desk: Desk,
    order_id: str,
    reply_id: str,
    unit: str,
    number: int = 1,
    by: str = "caseworker-1",
    demand_version: int = 1,
    **parts: Any,
) -> Event:
    """The unit submits its reply; `parts` replace those of a reply without findings."""
    text = json.dumps({**SOUND, **parts}, ensure_ascii=False)
    reply = desk.runtime.works.sealer.seal(text, REPLY.at(order_id=order_id, reply_id=reply_id))
    now = desk.clock.now()
    more = {"reply": reply, "submitted_by": by, "demand_version": demand_version}
    return facts.submitted(order_id, unit, now, reply_id=reply_id, number=number, **more)


async def at_leader(desk: Desk, *, unit: str = "zhujian", scheme: str = "ordinary", **parts: Any) -> tuple[str, str]:
    """An order and its reply, at the step of the unit's leader."""
    order_id, reply_id = new(), new()
    await desk.tell(
        received(desk, order_id, scheme=scheme),
        assigned(desk, order_id, unit),
        contacted(desk, order_id, unit),
        submitted(desk, order_id, reply_id, unit, **parts),
    )
    assert await desk.parked() == []
    return order_id, reply_id


async def at_centre(desk: Desk, *, unit: str = "zhujian", scheme: str = "ordinary", **parts: Any) -> tuple[str, str]:
    """An order and its reply, at the step of the centre."""
    order_id, reply_id = await at_leader(desk, unit=unit, scheme=scheme, **parts)
    answer = await desk.http.post(
        f"/api/review/v1/replies/{reply_id}/leader-approval",
        json={},
        headers=desk.bearer(Role.UNIT_HEAD, unit=unit),
    )
    assert answer.status_code == 204, answer.text
    return order_id, reply_id


async def post(desk: Desk, reply_id: str, what: str, body: Any, who: dict[str, str]) -> httpx.Response:
    """A person decides on a reply."""
    return await desk.http.post(f"/api/review/v1/replies/{reply_id}/{what}", json=body, headers=who)


async def state_of(desk: Desk, reply_id: str) -> str:
    """The step of the round."""
    rows = await desk.rows("select state from reply_round where reply_id = :id", id=reply_id)
    return str(rows[0]["state"])


def head(desk: Desk, unit: str = "zhujian") -> dict[str, str]:
    """The leader of the unit."""
    return desk.bearer(Role.UNIT_HEAD, unit=unit)


def reviewer(desk: Desk, account: str = "reviewer-1") -> dict[str, str]:
    """A reviewer of the centre."""
    return desk.bearer(Role.REVIEWER, account=account)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["code"]


async def seen_by_reviewer(desk: Desk, reply_id: str) -> dict[str, Any]:
    """The round as a reviewer sees it."""
    answer = await desk.http.get(f"/api/review/v1/replies/{reply_id}", headers=reviewer(desk))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def codes_of(seen: dict[str, Any]) -> list[tuple[str, str]]:
    """The findings of a round: code and element."""
    return [(finding["code"], finding["element"]) for finding in seen["findings"]]
