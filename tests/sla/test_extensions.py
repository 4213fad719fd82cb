"""More working days: with the caller's consent, before the deadline, once, and with both deadlines on show."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.sla.clocks.store import running_clocks
from services.sla.counting.rules import workday_moments
from services.sla.extensions import handlers as extensions
from services.sla.firing import jobs
from services.sla.orders.store import order_for_update
from services.sla.rulesets.policy import CIRCULAR_2022, Workdays
from services.sla.service import SERVICE
from shared.calendar import statutory_calendar
from shared.contracts.sla import (
    ClockBreached,
    ClockChanged,
    ClockStopped,
    ClockWarned,
    ExtensionGranted,
    ExtensionRefused,
    ExtensionRequested,
)
from shared.identity import Role
from tests.sla.story import ORDER, OTHER, SECOND, UNIT, assigned, fed_back, local, received, reopened
from tests.support.service import Desk

pytestmark = pytest.mark.clause("S1.3.2e")
assert SERVICE.name == "sla"

DUE = local("2026-11-27T00:00")


def asked(**changes: Any) -> dict[str, Any]:
    """A request that lacks nothing."""
    consent = {
        "person": "张经办",
        "agreed_at": "2026-11-23T14:00:00+08:00",
        "phone": "0535-6890001",
        "agreed": True,
        "evidence": "录音 20261123-01",
    }
    return {
        "reason_code": "complex",
        "explanation": "涉及三个部门，需现场勘测",
        "workdays": 5,
        "consent": consent,
        **changes,
    }


def consent(**changes: Any) -> dict[str, Any]:
    said: dict[str, Any] = asked()["consent"]
    return {**said, **changes}


async def ask(
    desk: Desk, body: dict[str, Any], role: Role = Role.CASEWORKER, unit: str | None = UNIT
) -> httpx.Response:
    return await desk.http.post(
        f"/api/sla/v1/orders/{ORDER}/extensions", json=body, headers=desk.bearer(role, unit=unit)
    )


async def decide(
    desk: Desk, extension_id: str, decision: str, role: Role = Role.DISPATCHER, *, account: str | None = None
) -> httpx.Response:
    return await desk.http.post(
        f"/api/sla/v1/extensions/{extension_id}/decision",
        json={"decision": decision, "reason": "情况属实"},
        headers=desk.bearer(role, account=account),
    )


@pytest.fixture
async def assigned_desk(desk: Desk) -> Desk:
    """An order with housing since Monday 10:00; it is Monday 15:00."""
    await desk.tell(received(), assigned())
    desk.clock.set(local("2026-11-23T15:00"))
    return desk


@pytest.mark.clause("S1.3.2a", "S1.3.2b", "S1.3.2d")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason_code": "legal"}, "citation_missing"),
        ({"reason_code": "legal", "citation": "《条例》第十二条"}, None),
        ({"explanation": None}, "explanation_missing"),
        ({"consent": None}, "consent_required"),
        ({"consent": consent(agreed_at="2026-11-23T15:00:00+08:00")}, None),
        ({"consent": consent(agreed_at="2026-11-23T15:00:01+08:00")}, "consent_required"),
        ({"consent": consent(agreed_at="2026-11-23T10:00:00+08:00")}, None),
        ({"consent": consent(agreed_at="2026-11-23T09:59:59+08:00")}, "consent_required"),
        ({"workdays": 10}, None),
        ({"workdays": 11}, "extension_over_cap"),
        ({"workdays": 11, "override_reason": "特殊情况"}, "extension_over_cap"),
        ({"workdays": 1}, None),
        ({"workdays": 0}, "extension_workdays"),
        ({"workdays": -1}, "extension_workdays"),
        ({"workdays": 251}, "extension_over_cap"),
        ({"workdays": 2**31 - 1}, "extension_over_cap"),
    ],
)
async def test_an_incomplete_request_is_refused_with_what_it_lacks(
    assigned_desk: Desk, changes: dict[str, Any], code: str | None
) -> None:
    answer = await ask(assigned_desk, asked(**changes))

    assert answer.status_code == (201 if code is None else 422), answer.text
    assert answer.json().get("code") == code


@pytest.mark.clause("S1.3.2b")
@pytest.mark.parametrize(
    ("said", "words"),
    [
        (None, "请补充申请之前取得的同意记录"),
        (consent(agreed_at="2026-11-23T15:00:01+08:00"), "晚于提出申请的时间"),
        (consent(agreed_at="2026-11-23T09:59:59+08:00"), "早于工单交办本单位的时间"),
        (consent(agreed_at="2026-11-01T09:00:00+08:00"), "早于工单交办本单位的时间"),
    ],
)
async def test_a_consent_of_another_time_is_refused_with_what_is_wrong_with_it(
    assigned_desk: Desk, said: dict[str, Any] | None, words: str
) -> None:
    answer = (await ask(assigned_desk, asked(consent=said))).json()

    assert (answer["code"], answer["clause"], words in answer["detail"]) == ("consent_required", "S1.3.2b", True)


@pytest.mark.clause("S1.3.2d")
@pytest.mark.parametrize("workdays", [-5, 0, 11, 251, 900])
async def test_a_number_of_days_that_is_refused_says_how_many_may_be_asked_for_and_who_asks_for_more(
    assigned_desk: Desk, workdays: int
) -> None:
    answer = (await ask(assigned_desk, asked(workdays=workdays))).json()

    assert (answer["clause"], "10 个工作日" in answer["detail"]) == ("S1.3.2d", True)
    assert "请由区89000中心负责人说明理由后提出" in answer["detail"]


@pytest.mark.clause("S1.3.2d")
@pytest.mark.parametrize(("workdays", "status"), [(250, 201), (251, 422)])
async def test_the_head_of_the_centre_too_asks_for_no_more_than_a_years_working_days(
    assigned_desk: Desk, workdays: int, status: int
) -> None:
    answer = await ask(assigned_desk, asked(workdays=workdays, override_reason="重大工程"), Role.CENTRE_HEAD, None)

    assert answer.status_code == status, answer.text
    if status == 422:
        refusal = answer.json()
        assert (refusal["code"], refusal["clause"]) == ("extension_over_cap", "S1.3.2d")
        assert (refusal["facts"]["longest"], "250 个工作日" in refusal["detail"]) == (250, True)


@pytest.mark.clause("S1.3.2b")
@pytest.mark.parametrize("absent", [None, "", "  ", "gone"])
@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("person", "沟通人（何人）"),
        ("agreed_at", "沟通时间（何时）"),
        ("phone", "沟通电话（何用电话）"),
        ("agreed", "来电人是否同意"),
        ("evidence", "佐证"),
    ],
)
async def test_a_consent_that_lacks_a_part_is_refused_with_its_name_and_clause(
    assigned_desk: Desk, part: str, name: str, absent: str | None
) -> None:
    said = consent(**{part: absent})
    if absent == "gone":
        del said[part]
    response = await ask(assigned_desk, asked(consent=said))

    answer = response.json()
    assert (response.status_code, answer["code"], answer["clause"]) == (422, "consent_required", "S1.3.2b")
    assert answer["facts"]["missing"] == [part]
    assert f"请补充：{name}" in answer["detail"]


@pytest.mark.clause("S1.3.2c")
async def test_a_callers_refusal_is_a_409_that_stays_on_record_and_moves_nothing(assigned_desk: Desk) -> None:
    answer = await ask(assigned_desk, asked(consent=consent(agreed=False)))

    assert (answer.status_code, answer.json()["code"]) == (409, "consent_refused")
    rows = await assigned_desk.rows("select state, agreed, workdays from extension")
    assert rows == [{"state": "declined", "agreed": False, "workdays": 5}]
    [refused] = await assigned_desk.told(ExtensionRefused)
    assert refused.cause == "caller"
    assert await assigned_desk.told(ClockChanged) == []


@pytest.mark.clause("S1.3.2b", "S1.3.2c")
@pytest.mark.parametrize(
    ("agreed_at", "status"), [("14:29:59", 409), ("14:30:00", 409), ("14:30:01", 201), ("14:45:00", 201)]
)
async def test_a_consent_stands_only_when_it_is_later_than_the_last_refusal(
    assigned_desk: Desk, agreed_at: str, status: int
) -> None:
    for refused_at in ("14:30:00", "14:10:00"):  # the one that was told last need not be the last
        await ask(assigned_desk, asked(consent=consent(agreed=False, agreed_at=f"2026-11-23T{refused_at}+08:00")))
    answer = await ask(assigned_desk, asked(consent=consent(agreed_at=f"2026-11-23T{agreed_at}+08:00")))

    assert answer.status_code == status, answer.text
    if status == 201:
        return
    refusal = answer.json()
    assert (refusal["code"], refusal["clause"]) == ("consent_before_refusal", "S1.3.2c")
    assert refusal["facts"]["refused_at"] == "2026-11-23T14:30:00+08:00"
    assert "重新征得" in refusal["detail"]
    assert await assigned_desk.told(ExtensionRequested) == []


async def test_a_refusal_for_another_order_does_not_count_for_this_one(assigned_desk: Desk) -> None:
    desk = assigned_desk
    await desk.tell(received(order_id=OTHER), assigned().model_copy(update={"order_id": OTHER}))
    body = asked(consent=consent(agreed=False, agreed_at="2026-11-23T14:30:00+08:00"))
    refused = await desk.http.post(
        f"/api/sla/v1/orders/{OTHER}/extensions", json=body, headers=desk.bearer(Role.CASEWORKER, unit=UNIT)
    )

    assert (refused.status_code, (await ask(desk, asked())).status_code) == (409, 201)


@pytest.mark.parametrize(("seconds", "status"), [(0, 201), (1, 409)])
async def test_the_last_moment_to_ask_is_the_deadline_itself(assigned_desk: Desk, seconds: int, status: int) -> None:
    assigned_desk.clock.set(DUE + timedelta(seconds=seconds))
    answer = await ask(assigned_desk, asked())

    assert answer.status_code == status
    assert answer.json().get("code") == (None if status == 201 else "extension_too_late")


async def test_granted_days_count_from_the_deadline_and_both_deadlines_stay_on_show(assigned_desk: Desk) -> None:
    desk = assigned_desk
    asked_for = (await ask(desk, asked())).json()
    granted = await decide(desk, asked_for["id"], "grant")

    # Thursday 26 November and five working days: Thursday 3 December.
    due = local("2026-12-04T00:00")
    assert granted.json()["state"] == "granted"
    assert datetime.fromisoformat(granted.json()["due_at"]) == due
    [event] = await desk.told(ExtensionGranted)
    assert (event.original_due_at, event.was_due_at, event.due_at) == (DUE, DUE, due)
    rows = await desk.rows("select kind, due_at, original_due_at from clock where extended_workdays = 5 order by kind")
    assert [(row["kind"], row["due_at"], row["original_due_at"]) for row in rows] == [
        ("district_final", due, DUE),
        ("final", due, DUE),
    ]


async def test_an_extended_clock_warns_anew_breaches_at_the_new_deadline_and_explains_both(
    assigned_desk: Desk,
) -> None:
    desk = assigned_desk
    asked_for = (await ask(desk, asked())).json()
    await decide(desk, asked_for["id"], "grant")
    desk.clock.set(DUE)
    await jobs.drain(desk.runtime)
    assert "final" not in [event.kind for event in await desk.told(ClockBreached)]

    desk.clock.set(local("2026-12-04T00:00"))
    await jobs.drain(desk.runtime)
    breaches = [event for event in await desk.told(ClockBreached) if event.kind == "final"]
    assert [event.due_at for event in breaches] == [local("2026-12-04T00:00")]

    clock = asked_for["clock_id"]
    found = await desk.http.get(f"/api/sla/v1/clocks/{clock}/explain", headers=desk.bearer(Role.DISPATCHER))
    explained = found.json()
    counted = [line["ordinal"] for line in explained["lines"] if line["ordinal"]]
    assert counted == [1, 2, 3, 1, 2, 3, 4, 5]
    assert explained["lines"][-1]["on"] == "2026-12-03"
    assert [change["reason"] for change in explained["changes"]] == ["经派单员批准延期 5 个工作日：情况属实"]
    moved = await desk.told(ClockChanged)
    assert {event.reason for event in moved} == {"经派单员批准延期 5 个工作日"}


async def final_of(desk: Desk) -> dict[str, Any]:
    answer = await desk.http.get(f"/api/sla/v1/orders/{ORDER}/clocks", headers=desk.bearer(Role.DISPATCHER))
    [final] = [clock for clock in answer.json()["clocks"] if clock["kind"] == "final"]
    found: dict[str, Any] = final
    return found


@pytest.mark.clause("S1.1.4b")
async def test_lateness_is_shown_against_both_deadlines(assigned_desk: Desk) -> None:
    desk = assigned_desk
    await decide(desk, (await ask(desk, asked())).json()["id"], "grant")
    due, hour = local("2026-12-04T00:00"), timedelta(hours=1)
    shown = []
    for moment in (DUE, DUE + hour, due + hour):
        desk.clock.set(moment)
        clock = await final_of(desk)
        shown.append((clock["late_by_seconds"], clock["late_by_seconds_of_original"]))
    await jobs.drain(desk.runtime)
    await desk.tell(fed_back("2026-12-04T02:00"))
    desk.clock.set(due + 10 * hour)
    answered = await final_of(desk)

    assert shown == [(None, None), (None, 3600), (3600, (due + hour - DUE).total_seconds())]
    assert answered["late_by_seconds"] == 7200
    assert answered["late_by_seconds_of_original"] == (due + 2 * hour - DUE).total_seconds()
    [breach] = await of_final(desk, ClockBreached)
    [stopped] = [event for event in await desk.told(ClockStopped) if event.kind == "final"]
    assert [(event.due_at, event.original_due_at) for event in (breach, stopped)] == [(due, DUE)] * 2


async def test_a_second_extension_is_refused_and_so_is_a_second_answer(assigned_desk: Desk) -> None:
    first = (await ask(assigned_desk, asked())).json()
    waiting = await ask(assigned_desk, asked())
    await decide(assigned_desk, first["id"], "grant")
    again = await ask(assigned_desk, asked())
    decided = await decide(assigned_desk, first["id"], "refuse")

    assert [answer.json()["code"] for answer in (waiting, again, decided)] == [
        "extension_used",
        "extension_used",
        "extension_decided",
    ]


async def test_after_a_refusal_the_unit_may_ask_once_more(assigned_desk: Desk) -> None:
    first = (await ask(assigned_desk, asked())).json()
    refused = await decide(assigned_desk, first["id"], "refuse")
    second = await ask(assigned_desk, asked())

    assert (refused.json()["state"], second.status_code) == ("refused", 201)
    assert len(await assigned_desk.told(ExtensionRequested)) == 2


@pytest.mark.clause("S1.3.2d")
async def test_only_the_head_of_the_centre_goes_over_the_cap_and_only_with_a_reason(assigned_desk: Desk) -> None:
    desk = assigned_desk
    without = await ask(desk, asked(workdays=15), Role.CENTRE_HEAD, None)
    asked_for = await ask(desk, asked(workdays=15, override_reason="重大工程"), Role.CENTRE_HEAD, None)
    by_dispatcher = await decide(desk, asked_for.json()["id"], "grant")
    by_himself = await decide(desk, asked_for.json()["id"], "grant", Role.CENTRE_HEAD)
    by_head = await decide(desk, asked_for.json()["id"], "grant", Role.CENTRE_HEAD, account="deputy")

    assert without.json()["code"] == "override_reason_missing"
    assert asked_for.json()["overridden"] is True
    assert (by_dispatcher.status_code, by_dispatcher.json()["code"]) == (403, "only_head_overrides")
    assert (by_himself.status_code, by_himself.json()["code"]) == (403, "own_extension")
    assert by_head.json()["state"] == "granted"


async def granted_late(desk: Desk) -> str:
    """Asked in time and granted ten hours after the deadline, which was told as a breach; the clock's id."""
    asked_for = (await ask(desk, asked(workdays=2))).json()
    desk.clock.set(DUE + timedelta(hours=10))
    await jobs.drain(desk.runtime)
    await decide(desk, asked_for["id"], "grant")
    clock_id: str = asked_for["clock_id"]
    return clock_id


async def of_final(desk: Desk, kind: type[ClockBreached | ClockChanged | ClockWarned]) -> list[Any]:
    return [event for event in await desk.told(kind) if event.kind == "final"]


async def test_a_request_in_time_that_is_granted_late_takes_the_breach_back(assigned_desk: Desk) -> None:
    desk = assigned_desk
    await granted_late(desk)
    await desk.tell(fed_back("2026-11-30T10:00"))
    desk.clock.set(local("2026-12-20T00:00"))
    await jobs.drain(desk.runtime)

    assert [event.due_at for event in await of_final(desk, ClockBreached)] == [DUE]
    assert [event.excused for event in await of_final(desk, ClockChanged)] == [True]
    [row] = await desk.rows("select state, excused, breached_at from clock where kind = 'final'")
    assert row == {"state": "met", "excused": True, "breached_at": None}


@pytest.mark.clause("S1.1.4b")
async def test_after_a_late_grant_the_new_deadline_warns_and_breaches_as_any_other(assigned_desk: Desk) -> None:
    desk = assigned_desk
    await granted_late(desk)  # Friday and Monday: due at the end of 30 November
    due = local("2026-12-01T00:00")
    for moment in (local("2026-11-28T07:00"), due, local("2026-12-01T09:00")):
        desk.clock.set(moment)
        await jobs.drain(desk.runtime)
    await desk.tell(fed_back("2026-12-01T10:00"))

    assert [event.due_at for event in await of_final(desk, ClockBreached)] == [DUE, due]
    assert [e.rung for e in await of_final(desk, ClockWarned) if e.due_at == due] == ["yellow", "red:1"]
    [row] = await desk.rows("select state, excused, breached_at from clock where kind = 'final'")
    assert row == {"state": "late", "excused": True, "breached_at": due}
    # Named for either deadline: the first morning, 09:00, was over when the grant came at 10:00.
    raised = await desk.rows("select cause, facts from supervision_candidate order by raised_at")
    assert [(row["cause"], row["facts"][5:21]) for row in raised] == [
        ("overdue", "2026-11-26 24:00"),
        ("overdue", "2026-11-30 24:00"),
    ]


def test_an_extended_deadline_warns_with_as_many_days_left_as_the_rules_say() -> None:
    start, calendar = local("2026-11-23T10:00"), statutory_calendar()
    [two] = workday_moments(start, 3, calendar, warn_left=2, extended=5)[1]
    [nine] = workday_moments(start, 3, calendar, warn_left=7, extended=5)[1]

    # Due at the end of Thursday 3 December.
    assert (two.at, nine.at) == (local("2026-12-02T00:00"), local("2026-11-25T00:00"))


async def test_an_extension_keeps_the_warning_of_the_orders_rules(assigned_desk: Desk) -> None:
    desk = assigned_desk
    rules = replace(CIRCULAR_2022, final=Workdays(3, "S1.1.4a", warn_left=2))
    async with desk.runtime.works.begin() as work:
        order = await order_for_update(work, ORDER)
        [record] = [c for c in await running_clocks(work, ORDER) if c.kind == "final"]
        extensions._extend(work, order, record, 5, "情况属实", rules, {})

    [row] = await desk.rows("select rungs from clock where kind = 'final'")
    assert [datetime.fromisoformat(rung["at"]) for rung in row["rungs"]] == [local("2026-12-02T07:00")]


@pytest.mark.clause("S4.2a")
@pytest.mark.parametrize(
    ("role", "unit", "status"),
    [
        (Role.CASEWORKER, UNIT, 201),
        (Role.UNIT_HEAD, UNIT, 201),
        (Role.CASEWORKER, SECOND, 404),
        (Role.CENTRE_HEAD, None, 201),
        (Role.DISPATCHER, None, 403),
        (Role.ADMIN, None, 403),
    ],
)
async def test_who_may_ask(assigned_desk: Desk, role: Role, unit: str | None, status: int) -> None:
    assert (await ask(assigned_desk, asked(), role, unit)).status_code == status


async def test_what_the_caller_said_is_sealed(assigned_desk: Desk) -> None:
    await ask(assigned_desk, asked())

    [row] = await assigned_desk.rows("select consent from extension")
    assert row["consent"].startswith("s1.")
    assert "6890001" not in str([event.model_dump() for event in await assigned_desk.told()])


async def test_an_order_that_was_answered_has_nothing_to_extend(assigned_desk: Desk) -> None:
    await assigned_desk.tell(fed_back("2026-11-23T14:30"))

    assert (await ask(assigned_desk, asked())).json()["code"] == "nothing_to_extend"


@pytest.mark.clause("S2.3d", "S2.2.1i")
async def test_a_redo_starts_a_deadline_of_its_own_that_has_no_extension(assigned_desk: Desk) -> None:
    desk = assigned_desk
    await desk.tell(fed_back("2026-11-24T09:00"), reopened("2026-11-25T09:00"))

    rows = await desk.rows("select occasion, extended_workdays from clock where kind = 'final' and state = 'running'")
    assert rows == [{"occasion": "redo:1", "extended_workdays": 0}]


async def shown(desk: Desk, role: Role, unit: str | None = None, account: str | None = None) -> dict[str, Any]:
    """The requests of the order, and what this person may do."""
    who = desk.bearer(role, unit=unit, account=account)
    answer = await desk.http.get(f"/api/sla/v1/orders/{ORDER}/extensions", headers=who)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def reasons(closed: list[dict[str, str]]) -> list[tuple[str, str]]:
    assert all(one["detail"] for one in closed)
    return [(one["move"], one["code"]) for one in closed]


async def test_a_unit_is_told_whether_it_may_ask_now_and_why_not(assigned_desk: Desk) -> None:
    before = await shown(assigned_desk, Role.CASEWORKER, UNIT)
    assert (await ask(assigned_desk, asked())).status_code == 201
    waiting = await shown(assigned_desk, Role.CASEWORKER, UNIT)
    again = await ask(assigned_desk, asked())
    assigned_desk.clock.set(DUE + timedelta(seconds=1))
    late = await shown(assigned_desk, Role.CASEWORKER, UNIT)

    assert (before["can"], before["cannot"], datetime.fromisoformat(before["due_at"])) == (["request"], [], DUE)
    assert (waiting["can"], reasons(waiting["cannot"])) == ([], [("request", "extension_used")])
    assert waiting["cannot"][0]["detail"] == again.json()["detail"]
    assert "等待中心审批" in again.json()["detail"]
    assert reasons(late["cannot"]) == [("request", "extension_too_late")]
    # Who cannot ask at all is told nothing of it.
    analyst = await shown(assigned_desk, Role.ANALYST)
    assert (analyst["can"], analyst["cannot"]) == ([], [])


async def test_whoever_decides_is_told_what_is_open_and_why_not_the_rest(assigned_desk: Desk) -> None:
    over = asked(workdays=11, override_reason="特殊情况")
    assert (await ask(assigned_desk, over, Role.CENTRE_HEAD, None)).status_code == 201

    async def decisions(role: Role, account: str | None = None) -> dict[str, Any]:
        return dict((await shown(assigned_desk, role, account=account))["items"][0])

    dispatcher = await decisions(Role.DISPATCHER)
    other_head = await decisions(Role.CENTRE_HEAD, "another")
    [himself] = (await shown(assigned_desk, Role.CENTRE_HEAD))["items"]
    caseworker = (await shown(assigned_desk, Role.CASEWORKER, UNIT))["items"][0]
    await assigned_desk.tell(fed_back("2026-11-23T15:00"))
    ended = await decisions(Role.CENTRE_HEAD, "another")
    refused = await decide(assigned_desk, himself["id"], "grant", Role.CENTRE_HEAD, account="another")
    assert (await decide(assigned_desk, himself["id"], "refuse")).status_code == 200
    over_now = await decisions(Role.CENTRE_HEAD, "another")

    assert (dispatcher["can"], reasons(dispatcher["cannot"])) == (["refuse"], [("grant", "only_head_overrides")])
    assert (other_head["can"], other_head["cannot"]) == (["grant", "refuse"], [])
    assert (himself["can"], reasons(himself["cannot"])) == (["refuse"], [("grant", "own_extension")])
    assert (caseworker["can"], caseworker["cannot"]) == ([], [])
    assert (ended["can"], reasons(ended["cannot"])) == (["refuse"], [("grant", "clock_not_running")])
    assert (refused.json()["code"], refused.json()["detail"]) == ("clock_not_running", ended["cannot"][0]["detail"])
    assert reasons(over_now["cannot"]) == [("grant", "extension_decided"), ("refuse", "extension_decided")]
