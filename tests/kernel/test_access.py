"""The table of access: who may call what, whose orders a call reaches, how much of the words it shows (S4.2a, X2)."""

from __future__ import annotations

from typing import Final

import pytest

from shared.access import ACCESS, EVERYTHING, KERNEL, WITHOUT_LOGIN, Grant, Operation, Part, Reach, Words
from shared.errors import Forbidden, NotFound
from shared.identity import DISTRICT_READERS, SYSTEM, UNIT, Person, Role
from shared.settings import SERVICES

pytestmark = pytest.mark.clause("S4.2a")

ROWS: Final = [(service, name, row) for service, rows in ACCESS.items() for name, row in rows.items()]
PARTS: Final = (Part.LEAD, Part.JOINT, Part.FORMER, None)


def person(*roles: Role, unit: str | None = None) -> Person:
    return Person(account="p", name="p", roles=frozenset(roles), unit=unit)


def test_the_table_knows_the_five_services() -> None:
    assert set(ACCESS) == set(SERVICES)
    assert set(WITHOUT_LOGIN) <= set(SERVICES)


# Written here a second time on purpose: the tests of the other services have lists of their own, sla's read the table.
SLA: Final = (
    ({Role.CENTRE_HEAD, Role.OFFICE}, "start_clock stop_clock"),
    ({Role.DISPATCHER, Role.CENTRE_HEAD}, "decide_extension"),
    (UNIT | {Role.CENTRE_HEAD}, "request_extension"),
    ({Role.ADMIN}, "preview_calendar_import import_calendar_year preview_calendar_edit edit_calendar_days"),
    ({Role.ADMIN}, "draft_rules change_draft_rules publish_rules"),
    (
        {Role.ADMIN, Role.OFFICE, Role.CENTRE_HEAD, Role.ANALYST, Role.AUDITOR},
        "list_rules rules_version compare_rules",
    ),
    (DISTRICT_READERS | UNIT, "clocks_of_order list_clocks explain_clock list_breaches stream_breaches"),
    (DISTRICT_READERS | UNIT, "stream_warnings issue_stream_pass extensions_of_order list_extensions show_board"),
    (DISTRICT_READERS | UNIT, "list_candidates chain_plan"),
    (set(Role) - {Role.SYSTEM}, "count_deadline calendar_state calendar_alarms list_calendar_versions"),
    (set(Role) - {Role.SYSTEM}, "calendar_version calendar_year rules_in_force"),
)


def test_who_may_call_what_of_sla() -> None:
    assert {name: row.roles for name, row in ACCESS["sla"].items()} == {
        name: roles for roles, names in SLA for name in names.split()
    }


@pytest.mark.parametrize(("service", "name", "row"), ROWS)
def test_every_row_has_roles_and_none_is_the_platforms_own(service: str, name: str, row: Operation) -> None:
    assert row.roles, (service, name)
    assert Role.SYSTEM not in row.roles
    assert name not in WITHOUT_LOGIN.get(service, {})
    assert name not in KERNEL


@pytest.mark.parametrize(("service", "name", "row"), ROWS)
def test_a_unit_role_reaches_the_whole_district_only_where_nothing_belongs_to_a_unit(
    service: str, name: str, row: Operation
) -> None:
    wide = [grant for grant in row.grants if grant.reach is Reach.ALL and grant.roles & UNIT]

    assert all(grant.words is Words.NONE and set(Role) - {Role.SYSTEM} == grant.roles for grant in wide), (
        service,
        name,
    )


@pytest.mark.parametrize(("service", "name", "row"), ROWS)
@pytest.mark.parametrize("role", sorted(UNIT))
def test_a_unit_role_without_a_unit_gets_nothing_of_any_unit(
    service: str, name: str, row: Operation, role: Role
) -> None:
    if any(grant.reach is Reach.ALL and role in grant.roles for grant in row.grants):
        return
    with pytest.raises(Forbidden):
        row.scope_of(person(role))


@pytest.mark.clause("X2")
@pytest.mark.parametrize("role", sorted({Role.AUDITOR, Role.ASSESSOR}))
@pytest.mark.parametrize(("service", "name", "row"), ROWS)
def test_auditor_and_assessor_read_no_words(service: str, name: str, row: Operation, role: Role) -> None:
    if row.allows(person(role)):
        assert row.scope_of(person(role)).words() is Words.NONE, (service, name)


@pytest.mark.clause("X2")
@pytest.mark.parametrize("role", sorted(DISTRICT_READERS))
def test_a_reply_shows_the_same_words_in_dispatch_and_in_review(role: Role) -> None:
    rows = (ACCESS["dispatch"]["list_replies"], ACCESS["review"]["get_reply"], ACCESS["review"]["replies_of_order"])

    assert len({row.scope_of(person(role)).words() for row in rows}) == 1


@pytest.mark.parametrize(
    ("reach", "covered"),
    [
        (Reach.OWN, {Part.LEAD}),
        (Reach.JOINT, {Part.LEAD, Part.JOINT}),
        (Reach.FORMER, {Part.LEAD, Part.JOINT, Part.FORMER}),
        (Reach.ALL, {Part.LEAD, Part.JOINT, Part.FORMER, None}),
    ],
)
def test_a_reach_covers_the_parts_up_to_it(reach: Reach, covered: set[Part | None]) -> None:
    assert {part for part in PARTS if reach.covers(part)} == covered


def test_each_role_of_a_person_keeps_its_own_reach_and_words() -> None:
    """An auditor who also works for a unit reads the words of the unit's orders and no others."""
    both = ACCESS["dispatch"]["list_contacts"].scope_of(person(Role.AUDITOR, Role.UNIT_HEAD, unit="u1"))

    assert both.everything
    assert [both.words(part) for part in PARTS] == [Words.OPEN, Words.OPEN, Words.OPEN, Words.NONE]


def test_a_unit_sees_its_own_and_anything_else_is_not_found() -> None:
    scope = ACCESS["review"]["approve_as_leader"].scope_of(person(Role.UNIT_HEAD, unit="u1"))

    assert [scope.sees(owner) for owner in ("u1", "u2", None)] == [True, False, False]
    assert [EVERYTHING.sees(owner) for owner in ("u1", "u2", None)] == [True, True, True]
    with pytest.raises(NotFound) as refused:
        scope.check("u2", "工单", "1")
    assert refused.value.status == 404


def test_no_grant_means_forbidden() -> None:
    row = Operation((Grant(frozenset({Role.REVIEWER}), Reach.ALL, Words.OPEN),))

    with pytest.raises(Forbidden):
        row.scope_of(person(Role.DISPATCHER))


@pytest.mark.parametrize(
    ("who", "unit"),
    [
        (person(Role.UNIT_HEAD, unit="u1"), "u1"),
        (person(Role.SEAT, Role.UNIT_HEAD, unit="u1"), "u1"),
        (person(Role.UNIT_HEAD), None),
        (person(Role.DISPATCHER, Role.UNIT_HEAD, unit="u1"), None),
        (person(Role.ADMIN, unit="u1"), None),
        (SYSTEM, None),
    ],
)
def test_who_reads_the_whole_district_is_confined_to_no_unit(who: Person, unit: str | None) -> None:
    assert who.confined_to == unit
