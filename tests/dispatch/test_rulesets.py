"""Each order is decided by the rule set that was in force when it was received, as sla publishes them (X3)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.dispatch.rulesets.store import rules_at
from services.dispatch.service import SERVICE
from shared.bus.topics import KEPT
from shared.calendar import SHANGHAI
from shared.contracts.sla import CalendarChanged, RuleNumber, RuleSetPublished
from shared.outbox.writer import new_id
from tests.dispatch.story import STREET, URBAN, WATER, Story
from tests.support.service import MONDAY_0900

pytestmark = pytest.mark.clause("X3")

MICROSECOND = timedelta(microseconds=1)


def local(text: str) -> datetime:
    """A moment in Yantai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


FROM_TUESDAY = local("2026-11-24T00:00")


def published(
    version: str = "circular-2027", effective_from: datetime = FROM_TUESDAY, **numbers: RuleNumber
) -> RuleSetPublished:
    usual: dict[str, RuleNumber] = {"return_window": {"count": 2, "warning": 1}, "plan": 60, "returns_to_panel": 3}
    return RuleSetPublished(
        version=version,
        document="烟莱政办字〔2026〕9号",
        effective_from=effective_from,
        published_at=MONDAY_0900,
        numbers=usual | numbers,
    )


async def in_force(story: Story, received_at: datetime) -> str:
    """The version that decides for an order received then."""
    async with story.desk.runtime.works.read() as session:
        return (await rules_at(session, received_at)).version


# -- which one ----------------------------------------------------------------------------------------------------------


async def test_the_moment_of_receipt_chooses_the_rule_set(story: Story) -> None:
    before_any = await in_force(story, FROM_TUESDAY)
    await story.desk.tell(published(), published("circular-2028", local("2026-12-01T08:30")))

    moments = [
        FROM_TUESDAY - MICROSECOND,
        FROM_TUESDAY,
        local("2026-12-01T08:30") - MICROSECOND,
        local("2026-12-01T08:30"),
    ]
    assert before_any == "circular-2022"
    assert [await in_force(story, moment) for moment in moments] == [
        "circular-2022",
        "circular-2027",
        "circular-2027",
        "circular-2028",
    ]


async def test_the_sequence_in_which_rule_sets_arrive_does_not_matter(story: Story) -> None:
    await story.desk.tell(published("circular-2028", local("2026-12-01T00:00")), published())

    assert await in_force(story, local("2026-11-30T23:59")) == "circular-2027"
    assert await in_force(story, local("2026-12-01T00:00")) == "circular-2028"
    assert await story.desk.parked() == []


async def test_a_rule_set_that_arrives_again_is_kept_once_and_unchanged(story: Story) -> None:
    once = new_id()
    await story.desk.tell(published(), event_id=once)
    await story.desk.tell(published(), event_id=once)
    await story.desk.tell(published(return_window={"count": 5, "warning": 1}))  # another event of the same version

    rows = await story.desk.rows("select version, numbers from followed_rule_set")
    assert rows == [{"version": "circular-2027", "numbers": published().numbers}]
    assert await story.desk.parked() == []


def test_rule_sets_and_calendars_are_on_topics_that_keep_their_events() -> None:
    assert RuleSetPublished in SERVICE.subscriptions
    assert {RuleSetPublished.topic, CalendarChanged.topic} <= KEPT & set(SERVICE.topics)


# -- the return window --------------------------------------------------------------------------------------------------


@pytest.mark.clause("S2.2.1f")
@pytest.mark.parametrize(
    ("received_at", "workdays", "closes_at"),
    [
        (FROM_TUESDAY - MICROSECOND, 1, local("2026-11-26T00:00")),
        (FROM_TUESDAY, 2, local("2026-11-27T00:00")),
    ],
)
async def test_the_window_closes_by_the_rule_set_of_the_day_of_receipt(
    story: Story, received_at: datetime, workdays: int, closes_at: datetime
) -> None:
    await story.desk.tell(published())
    story.desk.clock.set(local("2026-11-24T09:00"))
    ids = [await story.arrive(received_at=received_at) for _ in range(2)]
    for order_id in ids:
        assert (await story.assign(order_id)).status_code == 200
    shown = await story.order(ids[0], story.caseworker())

    story.desk.clock.set(closes_at)
    in_time = await story.ask_return(ids[0])
    story.desk.clock.set(closes_at + timedelta(minutes=1))
    late = await story.ask_return(ids[1])

    assert datetime.fromisoformat(shown["return_closes_at"]) == closes_at
    assert "request_return" in shown["can"]
    assert (in_time.status_code, late.status_code) == (202, 409)
    problem = late.json()
    assert (problem["code"], problem["clause"]) == ("return_window_closed", "S2.2.1f")
    assert problem["facts"]["workdays"] == workdays
    assert f"（{workdays} 个工作日）" in problem["detail"]
    assert "request_return" not in (await story.order(ids[1], story.caseworker()))["can"]


@pytest.mark.clause("S2.2.1f")
async def test_a_rule_set_that_arrives_late_holds_for_the_orders_of_its_time(story: Story) -> None:
    old = await story.arrive(received_at=FROM_TUESDAY - MICROSECOND)
    new = await story.arrive(received_at=FROM_TUESDAY + timedelta(hours=8))
    story.desk.clock.set(local("2026-11-24T09:00"))
    for order_id in (old, new):
        await story.assign(order_id)
    story.desk.clock.set(local("2026-11-26T09:00"))  # the second working day after the assignment
    unheard = await story.ask_return(new)
    await story.desk.tell(published())
    heard, older = await story.ask_return(new), await story.ask_return(old)

    assert [answer.status_code for answer in (unheard, heard, older)] == [409, 202, 409]


# -- plans --------------------------------------------------------------------------------------------------------------


@pytest.mark.clause("S2.2.2e")
@pytest.mark.parametrize(
    ("received_at", "days", "latest_on"),
    [
        (FROM_TUESDAY - MICROSECOND, 90, "2027-02-22"),
        (FROM_TUESDAY, 60, "2027-01-23"),
    ],
)
async def test_the_latest_day_of_a_plan_follows_the_rule_set_of_the_day_of_receipt(
    story: Story, received_at: datetime, days: int, latest_on: str
) -> None:
    await story.desk.tell(published())
    story.desk.clock.set(local("2026-11-24T09:00"))
    order_id = await story.handled(received_at=received_at)
    basis: dict[str, Any] = {"disposition": "planned", "legal_basis": "《物业管理条例》第三十五条"}
    day_after = (datetime.fromisoformat(latest_on) + timedelta(days=1)).date().isoformat()

    refused = await story.reply(order_id, **basis, plan_on=day_after)
    taken = await story.reply(order_id, **basis, plan_on=latest_on)

    assert (refused.status_code, refused.json()["code"], taken.status_code) == (422, "plan_outside", 201)
    assert (refused.json()["facts"]["latest_on"], refused.json()["facts"]["days"]) == (latest_on, days)
    assert f"不超过 {days} 天" in refused.json()["detail"]


# -- the panel ----------------------------------------------------------------------------------------------------------


@pytest.mark.clause("S3.1h")
@pytest.mark.parametrize(
    ("received_at", "stands"),
    [
        (FROM_TUESDAY - MICROSECOND, ["triage", "consult"]),
        (FROM_TUESDAY, ["triage", "triage", "consult"]),
    ],
)
async def test_the_panel_is_called_by_the_rule_set_of_the_day_of_receipt(
    story: Story, received_at: datetime, stands: list[str]
) -> None:
    await story.desk.tell(published())
    story.desk.clock.set(local("2026-11-24T09:00"))
    order_id = await story.arrive(received_at=received_at)
    units = [(URBAN, WATER), (WATER, STREET), (STREET, URBAN)]
    stood = []
    for unit, suggested in units[: len(stands)]:
        await story.returned(order_id, unit, suggested=suggested)
        stood.append(await story.status(order_id))
    refused = await story.assign(order_id, STREET)

    assert stood == stands
    assert (refused.status_code, refused.json()["code"]) == (409, "panel_decision_needed")


@pytest.mark.clause("S3.1h")
async def test_an_order_that_needs_no_panel_yet_is_taken_from_its_unit_with_a_reason_alone(story: Story) -> None:
    await story.desk.tell(published())
    story.desk.clock.set(local("2026-11-24T09:00"))
    order_id = await story.arrive()
    await story.returned(order_id, URBAN)
    await story.returned(order_id, WATER, suggested=STREET)
    assigned = await story.assign(order_id, STREET)
    moved = await story.assign(order_id, URBAN, reason="经核实属城管职责")

    assert (assigned.status_code, moved.status_code) == (200, 200)
