"""The caller of a confidential order, in the rounds of its replies (X2)."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts import Event
from shared.contracts.places import DEMAND, KNOWN_BY
from shared.identity import Role
from tests.review import orders
from tests.support import facts
from tests.support.service import Desk

pytestmark = pytest.mark.clause("X2")

PARTS: dict[str, Any] = {
    "contact_person": "张示例",
    "contact_phone": "13800138000",
    "findings": "张女士反映的路灯尽快研究处理，电话13800138000。",
    "remarks": "张示例",
}
TOLD = ("张示例", "张女士", "13800138000")


def confidential(desk: Desk, order_id: str) -> Event:
    """A later version of the order, from which on it is confidential."""
    sealer = desk.runtime.works.sealer
    known = sealer.seal_json(["13800138000", "张示例"], KNOWN_BY.at(order_id=order_id))
    demand = sealer.seal("{}", DEMAND.at(order_id=order_id))
    return facts.updated(order_id, desk.clock.now(), confidential=True, known_by=known, demand=demand)


async def texts(desk: Desk, order_id: str, reply_id: str, who: dict[str, str]) -> str:
    pages = (f"/api/review/v1/replies/{reply_id}", f"/api/review/v1/orders/{order_id}/replies")
    answers = [await desk.http.get(page, headers=who) for page in pages]
    assert [answer.status_code for answer in answers] == [200, 200]
    return "".join(answer.text for answer in answers)


@pytest.mark.parametrize("role", [Role.CASEWORKER, Role.UNIT_HEAD, Role.ANALYST, Role.OFFICE, Role.LEADER])
async def test_rounds_of_a_confidential_order_do_not_tell_who_called(role: Role, desk: Desk) -> None:
    order_id, reply_id = await orders.at_centre(desk, **PARTS)
    reject = {"opinion": "张示例13800138000未答复"}
    reviewer = desk.bearer(Role.REVIEWER)
    answer = await desk.http.post(f"/api/review/v1/replies/{reply_id}/rejection", json=reject, headers=reviewer)
    assert answer.status_code == 204
    reader = desk.bearer(role, unit="zhujian" if role in {Role.CASEWORKER, Role.UNIT_HEAD} else None)
    before = await texts(desk, order_id, reply_id, reader)
    await desk.tell(confidential(desk, order_id))

    after = await texts(desk, order_id, reply_id, reader)
    centre = await texts(desk, order_id, reply_id, reviewer)

    assert "张示例" in before
    assert [told for told in TOLD if told in after] == []
    assert "尽快研究处理" in after
    assert [told for told in TOLD if told not in centre] == []


async def test_before_the_order_itself_is_known_nobody_outside_of_the_desk_reads_its_reply(desk: Desk) -> None:
    order_id, reply_id = orders.new(), orders.new()
    await desk.tell(
        orders.assigned(desk, order_id, "zhujian"),
        orders.submitted(desk, order_id, reply_id, "zhujian", **PARTS),
    )
    early = await texts(desk, order_id, reply_id, desk.bearer(Role.UNIT_HEAD, unit="zhujian"))
    await desk.tell(orders.received(desk, order_id))
    late = await texts(desk, order_id, reply_id, desk.bearer(Role.UNIT_HEAD, unit="zhujian"))

    assert [told for told in TOLD if told in early] == []
    assert "张示例" in late
