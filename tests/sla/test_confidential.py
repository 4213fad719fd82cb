"""The caller of a confidential order, in what people write about its deadlines (X2)."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.places import KNOWN_BY
from shared.identity import Role
from tests.sla.story import ORDER, UNIT, assigned, listed, local, received
from tests.support import facts
from tests.support.service import Desk

pytestmark = pytest.mark.clause("X2")

SAID = "张示例的电话13800138000，需现场勘测"
TOLD = ("张示例", "13800138000")


async def call(desk: Desk, method: str, path: str, who: dict[str, str], body: Any = None) -> Any:
    answer = await desk.http.request(method, f"/api/sla/v1{path}", json=body, headers=who)
    assert answer.is_success, answer.text
    return answer.json()


@pytest.mark.parametrize("role", [Role.CASEWORKER, Role.ANALYST, Role.OFFICE])
async def test_words_about_deadlines_of_a_confidential_order_do_not_tell_who_called(role: Role, desk: Desk) -> None:
    await desk.tell(listed(), received(), assigned())
    desk.clock.set(local("2026-11-23T15:00"))
    consent = {
        "person": "经办",
        "agreed_at": "2026-11-23T14:00:00+08:00",
        "phone": "0535-6890001",
        "agreed": True,
        "evidence": "录音",
    }
    body = {"reason_code": "complex", "workdays": 5, "explanation": SAID, "consent": consent}
    unit, centre = desk.bearer(Role.CASEWORKER, unit=UNIT), desk.bearer(Role.CENTRE_HEAD)
    asked = await call(desk, "POST", f"/orders/{ORDER}/extensions", unit, body)
    decision = {"decision": "grant", "reason": SAID}
    await call(desk, "POST", f"/extensions/{asked['id']}/decision", centre, decision)
    by_hand = {"order_id": ORDER, "kind": "supervise_case", "unit": UNIT, "workdays": 5, "reason": SAID}
    started = await call(desk, "POST", "/clocks", centre, by_hand)
    await call(desk, "POST", f"/clocks/{started['id']}/stop", centre, {"reason": SAID})

    async def read(who: dict[str, str]) -> str:
        pages = [f"/orders/{ORDER}/extensions", "/extensions"]
        pages += [f"/clocks/{clock}/explain" for clock in (asked["clock_id"], started["id"])]
        return "".join([str(await call(desk, "GET", page, who)) for page in pages])

    reader = desk.bearer(role, unit=UNIT if role is Role.CASEWORKER else None)
    before = await read(reader)
    known = desk.runtime.works.sealer.seal_json(["13800138000", "张示例"], KNOWN_BY.at(order_id=ORDER))
    await desk.tell(facts.updated(ORDER, desk.clock.now(), confidential=True, known_by=known))
    after, desks = await read(reader), await read(centre)

    assert ("张示例" in before) == (role in {Role.CASEWORKER, Role.OFFICE})
    assert [told for told in TOLD if told in after] == []
    assert [told for told in TOLD if told not in desks] == []
    assert await desk.parked() == []
