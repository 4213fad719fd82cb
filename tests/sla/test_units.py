"""The units that a person may name, as dispatch publishes them; what another service says of a unit is never refused."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.dispatch import UnitChanged
from shared.identity import Role
from tests.sla.story import ORDER, SECOND, UNIT, assigned, listed, numbered, received
from tests.sla.test_batches import counted_statements
from tests.support.service import Desk


async def start(desk: Desk, *, key: str | None = None, **body: Any) -> Any:
    asked = {"order_id": ORDER, "kind": "supervise_case", "unit": UNIT, "workdays": 5, "reason": "区领导批示", **body}
    headers = desk.bearer(Role.CENTRE_HEAD) | ({"Idempotency-Key": key} if key else {})
    return await desk.http.post("/api/sla/v1/clocks", json=asked, headers=headers)


async def started(desk: Desk) -> list[Any]:
    """The units of the clocks that were started by hand."""
    return [row["unit"] for row in await desk.rows("select unit from clock where kind = 'supervise_case'")]


async def directory(desk: Desk) -> list[tuple[str, str, bool]]:
    return [(row["code"], row["name"], row["active"]) for row in await desk.rows("select * from unit order by code")]


async def test_a_clock_starts_for_a_unit_of_the_directory(desk: Desk) -> None:
    await desk.tell(listed(), received(), assigned())

    answer = await start(desk)

    assert (answer.status_code, answer.json()["unit"]) == (201, UNIT), answer.text
    assert await started(desk) == [UNIT]


async def test_a_unit_that_there_is_not_is_refused_and_nothing_starts(desk: Desk) -> None:
    await desk.tell(listed(), received(), assigned())

    answer = await start(desk, unit="nobody")

    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["code"], problem["facts"]) == (422, "unit_not_listed", {"unit": "nobody"})
    assert "请从单位列表中选择" in problem["detail"]
    assert await started(desk) == []
    assert await desk.rows("select 1 from audit where action = 'clock.started_by_hand'") == []


@pytest.mark.clause("S4.1a")
async def test_a_unit_that_is_closed_is_refused_until_it_is_open_again(desk: Desk) -> None:
    await desk.tell(listed(), received(), assigned(), listed(active=False, version=2))
    refused = await start(desk)
    await desk.tell(listed(version=3))
    again = await start(desk)

    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["clause"]) == (409, "unit_inactive", "S4.1a")
    assert problem["facts"] == {"unit": UNIT}
    assert "请改选其他单位" in problem["detail"]
    assert again.status_code == 201


async def test_a_unit_that_lacks_a_responsible_person_may_still_have_a_clock(desk: Desk) -> None:
    await desk.tell(listed(ready=False), received(), assigned())

    assert (await start(desk)).status_code == 201


async def test_while_no_unit_is_known_only_the_centre_has_clocks_by_hand(desk: Desk) -> None:
    await desk.tell(received(), assigned())

    refused, centre = await start(desk), await start(desk, unit=None)

    assert (refused.status_code, refused.json()["code"]) == (422, "unit_not_listed")
    assert "请稍候重试" in refused.json()["detail"]
    assert centre.status_code == 201


async def test_the_same_command_succeeds_as_soon_as_the_event_of_the_unit_has_come(desk: Desk) -> None:
    await desk.tell(received(), assigned())
    early = await start(desk, key="once")
    await desk.tell(listed())
    later, repeated = await start(desk, key="once"), await start(desk, key="once")

    assert [answer.status_code for answer in (early, later, repeated)] == [422, 201, 201]
    assert later.json()["id"] == repeated.json()["id"]


async def test_an_unknown_order_is_refused_before_its_unknown_unit(desk: Desk) -> None:
    assert (await start(desk, unit="nobody", order_id=numbered(7))).json()["code"] == "order_not_received"


async def test_a_unit_is_known_as_its_last_event_describes_it(desk: Desk) -> None:
    await desk.tell(listed(name="区住建局"), listed(name="区住房局", active=False, version=2))
    await desk.tell(listed(SECOND, name="初家街道"))

    assert await directory(desk) == [(UNIT, "区住房局", False), (SECOND, "初家街道", True)]


async def test_a_repeated_or_older_event_of_a_unit_changes_nothing(desk: Desk) -> None:
    newest = listed(name="区住房局", active=False, version=3)
    await desk.tell(newest, newest, listed(version=2))

    assert await directory(desk) == [(UNIT, "区住房局", False)]


@pytest.mark.parametrize("unit", ["nobody", SECOND])
async def test_an_assignment_is_never_refused_for_its_unit_and_the_directory_is_not_asked(
    desk: Desk, unit: str
) -> None:
    await desk.tell(listed(SECOND, active=False))
    async with counted_statements(desk) as seen:
        await desk.tell(received(), assigned(unit=unit))

    clocks = await desk.rows("select 1 from clock where unit = :unit and state = 'running'", unit=unit)
    assert len(clocks) > 1
    assert [statement for statement in seen if " unit u" in statement or "from unit" in statement.lower()] == []


async def test_a_clock_that_runs_is_stopped_by_hand_also_when_its_unit_was_closed(desk: Desk) -> None:
    await desk.tell(listed(), received(), assigned())
    clock_id = (await start(desk)).json()["id"]
    await desk.tell(listed(active=False, version=2))

    answer = await desk.http.post(
        f"/api/sla/v1/clocks/{clock_id}/stop", json={"reason": "已办结"}, headers=desk.bearer(Role.OFFICE)
    )

    assert answer.status_code == 200, answer.text


async def test_units_in_a_batch_lock_no_order(desk: Desk) -> None:
    units: list[UnitChanged] = [listed(f"unit-{number}") for number in range(50)]
    await desk.tell(received())
    async with counted_statements(desk) as seen:
        await desk.tell_together(*units)

    assert len(await directory(desk)) == len(units)
    assert [statement for statement in seen if "clock" in statement] == []
