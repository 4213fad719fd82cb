"""Events of other services about an order, with the values that tests of review need."""

import json
from typing import Any

from shared.contracts import Event
from shared.contracts.dispatch import CallerContacted, OrderAssigned, ReplySubmitted
from shared.contracts.intake import OrderReceived
from shared.contracts.places import DEMAND, REPLY
from shared.identity import Role
from shared.outbox.writer import new_id
from tests.support.service import Desk

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
    return OrderReceived(
        order_id=order_id,
        platform="yantai_12345",
        platform_no=f"YT{order_id[-6:]}",
        level="national" if scheme == "national_report" else "municipal",
        subject="person",
        scheme=scheme,  # type: ignore[arg-type]
        category="市政设施",
        demand=desk.runtime.works.sealer.seal("{}", DEMAND.at(order_id=order_id)),
        received_at="2026-11-23T08:00:00+08:00",  # type: ignore[arg-type]
    )


def assigned(desk: Desk, order_id: str, unit: str, number: int = 1) -> Event:
    """The centre assigns it to a unit."""
    return OrderAssigned(
        order_id=order_id,
        assignment=number,
        unit=unit,
        first_unit=unit,
        cause="first",
        basis="duty",
        no_return=False,
        determined_at=desk.clock.now(),
        assigned_at=desk.clock.now(),
        assigned_by="dispatcher-1",
    )


def contacted(desk: Desk, order_id: str, unit: str) -> Event:
    """The unit contacts the caller."""
    return CallerContacted(
        order_id=order_id,
        unit=unit,
        attempt=1,
        outcome="reached",
        counts=True,
        contacted_at=desk.clock.now(),
        recorded_at=desk.clock.now(),
    )


def submitted(
    desk: Desk, order_id: str, reply_id: str, unit: str, number: int = 1, by: str = "caseworker-1", **parts: Any
) -> Event:
    """The unit submits its reply; `parts` replace those of a reply without findings."""
    text = json.dumps({**SOUND, **parts}, ensure_ascii=False)
    return ReplySubmitted(
        order_id=order_id,
        reply_id=reply_id,
        round=number,
        unit=unit,
        disposition="solved",
        reply=desk.runtime.works.sealer.seal(text, REPLY.at(order_id=order_id, reply_id=reply_id)),
        submitted_by=by,
        submitted_at=desk.clock.now(),
    )


async def at_leader(desk: Desk, *, unit: str = "zhujian", scheme: str = "ordinary", **parts: Any) -> tuple[str, str]:
    """An order and its reply, at the step of the unit's leader."""
    order_id, reply_id = new(), new()
    await desk.tell(
        received(desk, order_id, scheme=scheme),
        assigned(desk, order_id, unit),
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
