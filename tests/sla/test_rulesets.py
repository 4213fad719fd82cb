"""Rule sets as data: drafted, checked, compared, published from a day on, and kept by the orders of their time (X3)."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from services.sla.rulesets.errors import NumberRefused
from services.sla.rulesets.policy import CIRCULAR_2022, TITLES
from services.sla.rulesets.rules import check_sensible, differences, numbers_of, rule_set_of
from shared.contracts.sla import ClockStarted, RuleSetPublished
from shared.identity import Role
from tests.sla.story import ORDER, OTHER, UNIT, assigned, local, received, return_accepted
from tests.support.service import Desk

pytestmark = pytest.mark.clause("X3")


async def send(desk: Desk, method: str, path: str, body: Any = None, *roles: Role, **headers: str) -> httpx.Response:
    unit = UNIT if Role.CASEWORKER in roles else None
    given_headers = desk.bearer(*(roles or (Role.ADMIN,)), unit=unit) | headers
    return await desk.http.request(method, f"/api/sla/v1{path}", json=body, headers=given_headers)


def draft(version: str = "circular-2027", **numbers: Any) -> dict[str, Any]:
    return {"version": version, "document": "烟莱政办字〔2027〕1号（征求意见稿）", "numbers": numbers, "reason": "修订"}


def publication(effective_from: str = "2026-12-01T00:00:00+08:00") -> dict[str, Any]:
    return {"effective_from": effective_from, "document": "烟莱政办字〔2026〕9号", "reason": "印发"}


# -- pure ---------------------------------------------------------------------------------------------------------------


def test_every_number_goes_out_and_comes_back_the_same() -> None:
    numbers = {number.name: number.value for number in numbers_of(CIRCULAR_2022)}

    again = rule_set_of(CIRCULAR_2022.version, CIRCULAR_2022.document, numbers, CIRCULAR_2022)

    assert again == CIRCULAR_2022
    assert all(number.clause for number in numbers_of(CIRCULAR_2022))


@pytest.mark.parametrize(
    ("name", "value", "clause"),
    [
        ("final", -3, "S1.1.4a"),
        ("final", 0, "S1.1.4a"),
        ("final", 61, "S1.1.4a"),
        ("final", 3.5, "S1.1.4a"),
        ("final", True, "S1.1.4a"),
        ("final", "3", "S1.1.4a"),
        ("final", {"count": 3, "warning": -1}, "S1.1.4a"),
        ("final", {"days": 3}, "S1.1.4a"),
        ("caller_reply", 0, "S1.3.1c"),
        ("caller_reply", 241, "S1.3.1c"),
        ("caller_reply", {"warning": 100}, "S1.3.1c"),
        ("plan", 367, "S2.2.2e"),
        ("returns_to_panel", 0, "S3.1h"),  # without a return there is nothing for the panel
        ("returns_to_panel", 11, "S3.1h"),
        ("returns_to_panel", {"count": 2, "warning": 1}, "S3.1h"),
        ("final", 10_000_000, "S1.1.4a"),
        pytest.param("final", 10**5_000, "S1.1.4a", id="longer than Python writes"),
        ("final", None, "S1.1.4a"),
        ("final", [3], "S1.1.4a"),
        ("final", {"count": True}, "S1.1.4a"),
        ("final", {"count": [3]}, "S1.1.4a"),
        ("caller_reply", 2.5, "S1.3.1c"),
        ("extension_times", {"count": 1, "warning": 1}, "S1.3.2e"),
        ("first_contact", {"warn_at": "9:00"}, "S2.2.1a"),
        ("first_contact", {"warn_at": "T09:00"}, "S2.2.1a"),
        ("first_contact", {"warn_at": "24:00"}, "S2.2.1a"),
        ("first_contact", [], "S2.2.1a"),
        ("first_contact", {"warn_at": "25:00"}, "S2.2.1a"),
        ("first_contact", {"warn_at": None}, "S2.2.1a"),
        ("first_contact", {"at": "16:00"}, "S2.2.1a"),
        ("first_contact", 5, "S2.2.1a"),
        ("work_from", "18:00", "X3"),
        ("first_reply", 14, "S1.2.2a"),  # longer than the final reply
        ("return_window", 4, "S2.2.1f"),  # longer than the whole order
        ("final", 14, "S1.1.4a"),  # longer than an enterprise's
    ],
)
def test_a_negative_or_absurd_number_is_refused_with_its_clause(name: str, value: object, clause: str) -> None:
    with pytest.raises(NumberRefused) as refused:
        rule_set_of("x", "x", {name: value}, CIRCULAR_2022)

    assert (refused.value.name, refused.value.clause, refused.value.status) == (name, clause, 422)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("final", 1),
        ("final", 13),
        ("caller_reply", 240),
        ("plan", 366),
        ("returns_to_panel", 1),
        ("returns_to_panel", 10),
    ],
)
def test_a_number_on_the_bound_is_taken(name: str, value: int) -> None:
    rules = rule_set_of("x", "x", {name: value}, CIRCULAR_2022)

    assert getattr(rules, name).count == value
    assert getattr(rules, name).clause == getattr(CIRCULAR_2022, name).clause


def test_every_number_has_a_title_for_people() -> None:
    assert {number.name for number in numbers_of(CIRCULAR_2022)} == set(TITLES)


def test_the_circular_itself_makes_sense() -> None:
    check_sensible(CIRCULAR_2022)


@pytest.mark.parametrize(
    ("numbers", "name", "clause"),
    [
        ({"final": {"count": 3, "warning": 3}}, None, None),
        ({"final": {"count": 3, "warning": 4}}, "final", "S1.1.4a"),
        ({"final": {"count": 3, "warning": 5}}, "final", "S1.1.4a"),
        ({"return_window": 1}, None, None),
        ({"return_window": {"warning": 2}}, "return_window", "S2.2.1f"),
        ({"same_day_dispatch": {"cut_off": "03:00"}}, "same_day_dispatch", "S2.1b"),
        ({"same_day_dispatch": {"cut_off": "08:30", "next_day_until": "08:30"}}, "same_day_dispatch", "S2.1b"),
        ({"same_day_dispatch": {"cut_off": "08:31", "next_day_until": "08:31"}}, None, None),
        ({"same_day_dispatch": {"next_day_until": "02:00"}}, "same_day_dispatch", "S2.1b"),
        ({"same_day_dispatch": {"next_day_until": "08:30"}}, "same_day_dispatch", "S2.1b"),
        ({"same_day_dispatch": {"next_day_until": "17:00"}}, None, None),
        ({"same_day_dispatch": {"next_day_until": "17:01"}}, "same_day_dispatch", "S2.1b"),  # cut off at 17:00
        ({"same_day_dispatch": {"cut_off": None, "next_day_until": "17:01"}}, None, None),
        ({"same_day_dispatch": {"warn_at": "08:30"}}, "same_day_dispatch", "S2.1b"),
        ({"same_day_dispatch": {"warn_at": "08:31"}}, None, None),
        ({"progress_note": {"warn_at": "23:00"}}, None, None),
        ({"progress_note": {"warn_at": "23:01"}}, "progress_note", "S2.2.1d"),
        ({"progress_note": {"warn_at": "23:59"}}, "progress_note", "S2.2.1d"),
        ({"quiet_from": "07:00"}, "quiet_until", "X3"),
        ({"quiet_from": "07:01"}, "quiet_until", "X3"),  # nearly the whole day
        ({"quiet_from": "07:00", "quiet_until": "22:00"}, "quiet_until", "X3"),  # the ends exchanged
        ({"quiet_from": "17:00", "quiet_until": "07:00"}, None, None),
        ({"quiet_from": "16:59", "quiet_until": "07:00"}, "quiet_until", "X3"),
        ({"quiet_from": "12:00", "quiet_until": "14:00"}, None, None),
    ],
)
def test_numbers_that_make_no_sense_together_are_refused_with_their_clause(
    numbers: dict[str, Any], name: str | None, clause: str | None
) -> None:
    rules = rule_set_of("x", "x", numbers, CIRCULAR_2022)
    if name is None:
        check_sensible(rules)
        return
    with pytest.raises(NumberRefused) as refused:
        check_sensible(rules)

    assert (refused.value.name, refused.value.clause, refused.value.status) == (name, clause, 422)


def test_only_what_differs_is_shown() -> None:
    after = rule_set_of("x", "x", {"final": 5, "first_contact": {"warn_at": "15:00"}}, CIRCULAR_2022)

    found = {difference.name: (difference.before, difference.after) for difference in differences(CIRCULAR_2022, after)}

    assert found["final"] == ({"count": 3, "warning": 1}, {"count": 5, "warning": 1})
    assert set(found) == {"final", "first_contact"}


@given(st.integers(-100, 400))
def test_a_count_is_accepted_or_refused_and_never_changed(count: int) -> None:
    try:
        rules = rule_set_of("x", "x", {"final_enterprise": count}, CIRCULAR_2022)
    except NumberRefused:
        assert not 3 <= count <= 60
    else:
        assert rules.final_enterprise.count == count


# -- the way of a rule set ----------------------------------------------------------------------------------------------


async def test_a_draft_applies_to_nobody_and_is_compared_with_what_holds(desk: Desk) -> None:
    answer = await send(desk, "POST", "/rules", draft(final=5))
    assert (answer.status_code, answer.json()["state"]) == (201, "draft")

    await desk.tell(received(), assigned())

    started = {event.kind: event for event in await desk.told(ClockStarted)}
    assert (started["final"].rules, started["final"].due_at) == ("circular-2022", local("2026-11-27T00:00"))
    compared = (await send(desk, "GET", "/rules/circular-2027/differences")).json()
    assert (compared["against"], [row["name"] for row in compared["differences"]]) == ("circular-2022", ["final"])
    assert (await send(desk, "GET", "/rules")).json()["version"] == "circular-2022"


async def test_an_order_keeps_the_rule_set_of_its_receipt(desk: Desk) -> None:
    await send(desk, "POST", "/rules", draft(final=5))
    published = await send(desk, "POST", "/rules/circular-2027/publish", publication())
    assert (published.status_code, published.json()["state"]) == (200, "published")
    await desk.tell(received("2026-11-30T09:00"))  # the day before it holds
    await desk.tell(received("2026-12-01T09:00", order_id=OTHER))
    await desk.tell(assigned("2026-12-01T10:00"), assigned("2026-12-01T10:00", order_id=OTHER))

    rows = await desk.rows("select order_id, rules, amount from clock where kind = 'final' order by order_id")

    assert [(row["order_id"], row["rules"], row["amount"]) for row in rows] == [
        (ORDER, "circular-2022", 3),
        (OTHER, "circular-2027", 5),
    ]
    [event] = await desk.told(RuleSetPublished)
    assert (event.version, event.numbers["final"]["count"]) == ("circular-2027", 5)
    at = "/rules?at=2026-11-30T23:59:59%2B08:00"
    assert (await send(desk, "GET", at)).json()["version"] == "circular-2022"
    assert (await send(desk, "GET", "/rules?at=2026-12-01T00:00:00%2B08:00")).json()["version"] == "circular-2027"
    actions = [row["action"] for row in await desk.rows("select action from audit where subject = 'circular-2027'")]
    assert sorted(actions) == ["ruleset.drafted", "ruleset.published"]


@pytest.mark.clause("S3.1h")
async def test_the_panels_clock_starts_with_the_return_that_the_orders_own_rule_set_names(desk: Desk) -> None:
    await send(desk, "POST", "/rules", draft(returns_to_panel=3))
    compared = (await send(desk, "GET", "/rules/circular-2027/differences")).json()["differences"]
    await send(desk, "POST", "/rules/circular-2027/publish", publication())
    await desk.tell(received("2026-12-01T09:00"))
    found = []
    for returns in (1, 2, 3):
        await desk.tell(
            assigned(f"2026-12-0{returns}T10:00", returns), return_accepted(f"2026-12-0{returns}T14:00", returns)
        )
        found.append(len(await desk.rows("select 1 from clock where kind = 'consult'")))

    assert compared == [
        {"name": "returns_to_panel", "measure": "次", "clause": "S3.1h", "before": 2, "after": 3},
    ]
    assert found == [0, 0, 1]
    [event] = await desk.told(RuleSetPublished)
    assert event.numbers["returns_to_panel"] == 3


@pytest.mark.parametrize("effective_from", ["2026-11-23T09:00:00+08:00", "2026-11-01T00:00:00+08:00"])
async def test_a_rule_set_does_not_reach_back(desk: Desk, effective_from: str) -> None:
    await send(desk, "POST", "/rules", draft(final=5))

    answer = await send(desk, "POST", "/rules/circular-2027/publish", publication(effective_from))

    assert (answer.status_code, answer.json()["code"]) == (409, "ruleset_effective_too_early")


async def test_a_rule_set_may_not_hold_before_the_one_published_last(desk: Desk) -> None:
    await send(desk, "POST", "/rules", draft("a", final=5))
    await send(desk, "POST", "/rules", draft("b", final=4))
    await send(desk, "POST", "/rules/a/publish", publication("2027-01-01T00:00:00+08:00"))

    early = await send(desk, "POST", "/rules/b/publish", publication("2027-01-01T00:00:00+08:00"))
    later = await send(desk, "POST", "/rules/b/publish", publication("2027-01-01T00:00:01+08:00"))

    assert (early.status_code, early.json()["code"], later.status_code) == (409, "ruleset_effective_too_early", 200)


async def test_a_published_rule_set_never_changes_and_a_draft_does_by_its_version(desk: Desk) -> None:
    change = {key: value for key, value in draft(final=4).items() if key != "version"}
    first = await send(desk, "POST", "/rules", draft(final=5))
    etag = first.headers["etag"]

    changed = await send(desk, "PUT", "/rules/circular-2027", change, **{"If-Match": etag})
    stale = await send(desk, "PUT", "/rules/circular-2027", change, **{"If-Match": etag})
    await send(desk, "POST", "/rules/circular-2027/publish", publication())
    late = await send(desk, "PUT", "/rules/circular-2027", change)
    built_in = await send(desk, "PUT", "/rules/circular-2022", change)
    again = await send(desk, "POST", "/rules/circular-2027/publish", publication())

    assert changed.status_code == 200
    assert {rule["name"]: rule["count"] for rule in changed.json()["rules"]}["final"] == 4
    assert [stale.status_code, late.status_code, built_in.status_code, again.status_code] == [409, 409, 409, 409]
    assert {answer.json()["code"] for answer in (late, built_in, again)} == {"ruleset_published"}


@pytest.mark.parametrize(
    ("numbers", "code", "clause"),
    [
        ({"final": -1}, "ruleset_number_refused", "S1.1.4a"),
        ({"final": True}, "ruleset_number_refused", "S1.1.4a"),
        ({"final": {"count": True}}, "ruleset_number_refused", "S1.1.4a"),
        ({"final": {"count": 999}}, "ruleset_number_refused", "S1.1.4a"),
        ({"final": 10_000_000}, "ruleset_number_refused", "S1.1.4a"),
        ({"final": 2.5}, "ruleset_number_refused", "S1.1.4a"),
        ({"final": 3.0}, "ruleset_number_refused", "S1.1.4a"),
        ({"final": "3"}, "ruleset_number_refused", "S1.1.4a"),
        ({"final": None}, "ruleset_number_refused", "S1.1.4a"),
        ({"final": [3]}, "ruleset_number_refused", "S1.1.4a"),
        ({"final": {"count": 3, "warning": 5}}, "ruleset_number_refused", "S1.1.4a"),
        ({"caller_reply": False}, "ruleset_number_refused", "S1.3.1c"),
        (
            {"same_day_dispatch": {"cut_off": "03:00", "next_day_until": "02:00", "warn_at": "23:59"}},
            "ruleset_number_refused",
            "S2.1b",
        ),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "ruleset_number_refused", "X3"),
        ({"finale": 3}, "ruleset_number_unknown", "X3"),
    ],
)
async def test_a_draft_with_a_bad_number_is_not_kept(
    desk: Desk, numbers: dict[str, Any], code: str, clause: str
) -> None:
    answer = await send(desk, "POST", "/rules", draft(**numbers))

    assert (answer.status_code, answer.json()["code"], answer.json()["clause"]) == (422, code, clause)
    assert re.search("请更正|请对照", answer.json()["detail"])
    assert not re.search("constrained|int|str", answer.json()["detail"])
    assert await desk.rows("select 1 from rule_set") == []


async def test_a_draft_is_not_changed_to_a_bad_number_nor_published_with_one(desk: Desk) -> None:
    await send(desk, "POST", "/rules", draft(final=5))
    bad = {key: value for key, value in draft(final={"warning": 9}).items() if key != "version"}

    changed = await send(desk, "PUT", "/rules/circular-2027", bad)
    # Kept by a release that did not ask yet.
    async with desk.runtime.works.begin(desk.person(Role.ADMIN)) as work:
        await work.session.execute(text("update rule_set set numbers = jsonb_set(numbers, '{final,warning}', '9')"))
    published = await send(desk, "POST", "/rules/circular-2027/publish", publication())
    read = await send(desk, "GET", "/rules/circular-2027")

    assert [(answer.status_code, answer.json()["clause"]) for answer in (changed, published)] == [(422, "S1.1.4a")] * 2
    assert (read.status_code, read.json()["state"]) == (200, "draft")


async def test_a_version_is_given_once_and_an_unknown_one_is_not_found(desk: Desk) -> None:
    await send(desk, "POST", "/rules", draft(final=5))

    assert (await send(desk, "POST", "/rules", draft(final=4))).json()["code"] == "ruleset_exists"
    assert (await send(desk, "POST", "/rules", draft("circular-2022", final=4))).json()["code"] == "ruleset_exists"
    assert (await send(desk, "GET", "/rules/nobody")).status_code == 404
    assert (await send(desk, "POST", "/rules", draft("x", final=4) | {"based_on": "nobody"})).status_code == 404


@pytest.mark.clause("S4.2a")
@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.ADMIN, Role.SYSTEM}])
async def test_only_the_administrator_makes_rules_and_units_read_what_holds(desk: Desk, role: Role) -> None:
    change = {key: value for key, value in draft(final=4).items() if key != "version"}
    district = role in {Role.OFFICE, Role.CENTRE_HEAD, Role.ANALYST, Role.AUDITOR}

    assert (await send(desk, "POST", "/rules", draft(final=5), role)).status_code == 403
    assert (await send(desk, "PUT", "/rules/x", change, role)).status_code == 403
    assert (await send(desk, "POST", "/rules/x/publish", publication(), role)).status_code == 403
    assert (await send(desk, "GET", "/rules", None, role)).status_code == 200
    for path in ("/rules/versions", "/rules/circular-2022", "/rules/circular-2022/differences"):
        assert (await send(desk, "GET", path, None, role)).status_code == (200 if district else 403)
