"""Who may do and see what: one table of every operation (S4.2a, X2).

An operation lists who may call it.  Each grant names the roles, whose orders the call reaches, and how the words of
callers and units are shown.  What is in no row is refused; a route without a row ends the start-up.  The routes, `/me`,
the portal and the permission matrix of the tests read this table and no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final

from shared.errors import Forbidden, NotFound
from shared.identity import DISTRICT_READERS, UNIT, Person, Role
from shared.personal.confidential import without_caller
from shared.personal.numbers import masked_numbers


class Part(StrEnum):
    """What a unit has to do with an order."""

    LEAD = "lead"  # 牵头、承办: answers for it now
    JOINT = "joint"  # 协办: has a task in it now
    FORMER = "former"  # had it before, and gave it back or lost it


class Reach(IntEnum):
    """Whose orders a call reaches; each includes the ones before it."""

    OWN = 1
    """Those that the person's unit leads."""
    JOINT = 2
    """And those in which it has a task."""
    FORMER = 3
    """And those that it had before: number, title and its own part of them."""
    ALL = 4
    """Those of the whole district."""

    def covers(self, part: Part | None) -> bool:
        """Whether an order is reached in which the person's unit has this part; None stands for no part."""
        return self is Reach.ALL or (part is not None and _NEEDED[part] <= self)


_NEEDED: Final[Mapping[Part, Reach]] = MappingProxyType(
    {Part.LEAD: Reach.OWN, Part.JOINT: Reach.JOINT, Part.FORMER: Reach.FORMER}
)


class Words(IntEnum):
    """How the words of callers and units are shown."""

    NONE = 0
    """Not at all: only who did something when, and which state it is in."""
    MASKED = 1
    """With telephone and identity numbers struck out."""
    OPEN = 2


@dataclass(frozen=True, slots=True)
class Grant:
    """Some roles may call an operation, for these orders, and read so much."""

    roles: frozenset[Role]
    reach: Reach
    words: Words

    def is_held_by(self, person: Person) -> bool:
        """Whether the person has one of the roles, and a unit where the reach depends on it."""
        return person.has(*self.roles) and (self.reach is Reach.ALL or person.unit is not None)


@dataclass(frozen=True, slots=True)
class Scope:
    """What one person reaches by one operation."""

    unit: str | None
    grants: tuple[Grant, ...]
    knows_callers: bool = False
    """Whether the person may know who called when the caller asked for confidentiality (X2)."""

    @property
    def everything(self) -> bool:
        """Whether the orders of the whole district are reached."""
        return any(grant.reach is Reach.ALL for grant in self.grants)

    def sees(self, owner: str | None) -> bool:
        """Whether what this unit answers for is reached."""
        return self.everything or (self.unit is not None and owner == self.unit)

    def check(self, owner: str | None, what: str, key: str) -> None:
        """Refuse with 404 what is another unit's: it looks the same as unknown."""
        if not self.sees(owner):
            raise NotFound(what, key)

    def reaches(self, part: Part | None) -> bool:
        """Whether an order is reached in which the person's unit has this part."""
        return any(grant.reach.covers(part) for grant in self.grants)

    def words_for(self, owner: str | None) -> Words:
        """How the words of a row are shown that was found by this scope and is this unit's."""
        if not self.everything:
            return max((grant.words for grant in self.grants), default=Words.NONE)
        return self.words(Part.LEAD if self.unit is not None and owner == self.unit else None)

    def words(self, part: Part | None = Part.LEAD) -> Words:
        """How words of such an order are shown: by the grant that reaches it and shows most."""
        return max((grant.words for grant in self.grants if grant.reach.covers(part)), default=Words.NONE)


EVERYTHING: Final = Scope(None, (Grant(frozenset({Role.SYSTEM}), Reach.ALL, Words.OPEN),), knows_callers=True)
"""What the platform itself reaches: for handlers of events."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One row: who may call it."""

    grants: tuple[Grant, ...]

    @property
    def roles(self) -> frozenset[Role]:
        """Every role that may call it."""
        return frozenset().union(*(grant.roles for grant in self.grants))

    def allows(self, person: Person) -> bool:
        """Whether the person may call it at all."""
        return any(grant.is_held_by(person) for grant in self.grants)

    def scope_of(self, person: Person) -> Scope:
        """What the person reaches by it; Forbidden when he may not call it."""
        held = tuple(grant for grant in self.grants if grant.is_held_by(person))
        if not held:
            raise Forbidden
        return Scope(person.unit, held, knows_callers=person.has(*KNOW_CALLERS))


def _district(*roles: Role, words: Words = Words.OPEN) -> Grant:
    return Grant(frozenset(roles), Reach.ALL, words)


def _unit(*roles: Role, reach: Reach) -> Grant:
    return Grant(frozenset(roles), reach, Words.OPEN)


def _row(*grants: Grant) -> Operation:
    return Operation(grants)


KNOW_CALLERS: Final = frozenset({Role.DISPATCHER, Role.REVIEWER, Role.REVISITOR, Role.CENTRE_HEAD})
"""Who may know the caller of a confidential order: the desk, which speaks with him in the unit's place (X2).

Everybody else, units and whoever watches the district, reads such an order without the caller's name and without any
number, in every service, and cannot have the caller revealed.
"""

_DESK: Final = (Role.DISPATCHER, Role.REVIEWER, Role.REVISITOR, Role.CENTRE_HEAD)
_DECIDES: Final = (Role.DISPATCHER, Role.CENTRE_HEAD)

# An order and its replies.  Who handles, reviews or answers for an order reads its words; who watches the district reads
# them without numbers; who keeps the score or the audit trail reads states and moments.
_ORDERS: Final = _row(
    _district(*_DESK),
    _district(Role.ANALYST, Role.OFFICE, Role.LEADER, words=Words.MASKED),
    _district(Role.ASSESSOR, Role.AUDITOR, words=Words.NONE),
    _unit(*UNIT, reach=Reach.FORMER),
)
# What units, callers and the centre said to each other about an order: nothing of it for who only watches.
_SAID: Final = _row(
    _district(*_DESK),
    _district(*DISTRICT_READERS.difference(_DESK), words=Words.NONE),
    _unit(*UNIT, reach=Reach.FORMER),
)
# Their files, which no masking could make harmless.
_FILES: Final = _row(_district(*_DESK), _unit(*UNIT, reach=Reach.FORMER))
# The same for orders that the unit has now: lists of work, figures, deadlines.
_CURRENT: Final = _row(*_ORDERS.grants[:-1], _unit(*UNIT, reach=Reach.JOINT))
_SAID_NOW: Final = _row(*_SAID.grants[:-1], _unit(*UNIT, reach=Reach.JOINT))
_ANYBODY: Final = _row(_district(*(role for role in Role if role is not Role.SYSTEM), words=Words.NONE))
# Who somebody is: a unit is told in which role others acted, and not who.
_PEOPLE: Final = _row(
    _district(*(role for role in Role if role not in {Role.SYSTEM, *UNIT}), words=Words.NONE),
    _unit(*UNIT, reach=Reach.OWN),
)
# What people typed and have not sent: each their own and nobody another's, about orders that they can see.
_DRAFTS: Final = _row(_district(*DISTRICT_READERS, words=Words.NONE), _unit(*UNIT, reach=Reach.FORMER))
_CASEWORK: Final = _row(_unit(Role.CASEWORKER, reach=Reach.OWN))
_DECISIONS: Final = _row(_district(*_DECIDES))
_PRINCIPAL: Final = _row(_unit(Role.UNIT_HEAD, reach=Reach.OWN))
_REVIEW: Final = _row(_district(Role.REVIEWER))
_ADMIN: Final = _row(_district(Role.ADMIN, words=Words.NONE))
_BOOKS: Final = _row(_district(Role.ADMIN, Role.AUDITOR, words=Words.NONE))
_BY_HAND: Final = _row(_district(Role.CENTRE_HEAD, Role.OFFICE))
_UNITS: Final = _row(_district(Role.ADMIN, Role.CENTRE_HEAD, words=Words.NONE))
_RULES: Final = _row(_district(Role.ADMIN, Role.OFFICE, Role.CENTRE_HEAD, Role.ANALYST, Role.AUDITOR, words=Words.NONE))
_QUARANTINE: Final = _row(_district(*_DESK))
_DELIVERIES: Final = _row(_district(*DISTRICT_READERS, words=Words.NONE))


def shown(text: str | None, words: Words) -> str | None:
    """A text as a reader sees it: whole, with its numbers struck out, or not at all (X2)."""
    if text is None or words is Words.NONE:
        return None
    return text if words is Words.OPEN else masked_numbers(text)


@dataclass(frozen=True, slots=True)
class Sight:
    """How one person reads the texts of one order; false when not at all."""

    words: Words
    known_by: tuple[str, ...] | None = None
    """By which words the caller is known, when the order is confidential and the person may not know him; else None."""

    def __bool__(self) -> bool:
        return self.words is not Words.NONE

    def shows(self, text: str | None) -> str | None:
        """A text of the order, or about it, as the person sees it (X2)."""
        if text is None or not self:
            return None
        return shown(text, self.words) if self.known_by is None else without_caller(text, self.known_by)


KERNEL: Final[Mapping[str, Operation]] = MappingProxyType(
    dict.fromkeys(
        ("list_parked", "get_parked", "edit_parked", "drop_parked", "replay_parked", "get_clock", "set_clock"), _ADMIN
    )
)
"""What every service has: parked events, and the simulated clock."""

ACCESS: Final[Mapping[str, Mapping[str, Operation]]] = MappingProxyType(
    {
        "intake": {
            "list_orders": _CURRENT,
            # Not for who reads no words: whether something is found would tell them.
            "search_orders": _row(*_ORDERS.grants[:2], _unit(*UNIT, reach=Reach.JOINT)),
            "read_order": _CURRENT,
            "read_versions": _CURRENT,
            "read_revisits": _CURRENT,
            "overrule_flags": _DECISIONS,
            "reveal_caller": _row(_district(*_DESK), _unit(*UNIT, reach=Reach.OWN)),
            "list_quarantined": _QUARANTINE,
            "read_quarantined": _QUARANTINE,
            "list_quarantine_groups": _QUARANTINE,
            "release_quarantine_group": _QUARANTINE,
            "release_quarantined": _QUARANTINE,
            "drop_quarantined": _QUARANTINE,
            "list_deliveries": _DELIVERIES,
            "read_delivery": _DELIVERIES,
            "retry_delivery": _row(_district(*_DESK, words=Words.NONE)),
        },
        "dispatch": {
            "show_me": _ANYBODY,
            # Each person's own; the administrator ends those of others.
            "list_sessions": _ANYBODY,
            "sign_out_everywhere": _ANYBODY,
            "end_account_sessions": _ADMIN,
            "list_accounts": _BOOKS,
            "add_account": _ADMIN,
            "show_account": _BOOKS,
            "change_account": _ADMIN,
            "set_password": _ANYBODY,  # their own; the administrator anybody's
            "name_accounts": _PEOPLE,
            "list_drafts": _DRAFTS,
            "show_draft": _DRAFTS,
            "save_draft": _DRAFTS,
            "remove_draft": _DRAFTS,
            "list_units": _ANYBODY,
            "add_unit": _UNITS,
            "show_unit": _ANYBODY,
            "change_unit": _UNITS,
            "list_orders": _CURRENT,
            "count_orders": _CURRENT,
            "export_orders": _CURRENT,
            "show_order": _ORDERS,
            "name_orders": _ORDERS,
            "list_history": _CURRENT,
            "show_timeline": _ORDERS,
            "list_news": _ORDERS,
            "stream_news": _ORDERS,
            "mark_news_seen": _ORDERS,
            "show_recommendations": _CURRENT,
            "list_assignments": _SAID,
            "list_contacts": _SAID,
            "list_notes": _SAID,
            "list_returns": _SAID,
            "list_replies": _ORDERS,
            "list_attachments": _SAID,
            "download_attachment": _FILES,
            "assign_order": _DECISIONS,
            "accept_order": _CASEWORK,
            "record_contact": _CASEWORK,
            "note_progress": _CASEWORK,
            "submit_reply": _CASEWORK,
            "request_return": _row(_unit(*UNIT, reach=Reach.OWN)),
            "decide_return": _DECISIONS,
        },
        "sla": {
            "clocks_of_order": _ORDERS,
            "list_clocks": _CURRENT,
            "start_clock": _BY_HAND,
            "stop_clock": _BY_HAND,
            "explain_clock": _SAID,
            "list_breaches": _CURRENT,
            "issue_stream_pass": _CURRENT,
            "stream_breaches": _CURRENT,
            "stream_warnings": _CURRENT,
            "request_extension": _row(_unit(*UNIT, reach=Reach.OWN), _district(Role.CENTRE_HEAD)),
            "extensions_of_order": _SAID_NOW,
            "list_extensions": _SAID_NOW,
            "decide_extension": _DECISIONS,
            "show_board": _CURRENT,
            "list_candidates": _CURRENT,
            "chain_plan": _CURRENT,
            "count_deadline": _ANYBODY,
            "calendar_state": _ANYBODY,
            "calendar_alarms": _ANYBODY,
            "list_calendar_versions": _ANYBODY,
            "calendar_version": _ANYBODY,
            "calendar_year": _ANYBODY,
            "preview_calendar_import": _ADMIN,
            "import_calendar_year": _ADMIN,
            "preview_calendar_edit": _ADMIN,
            "edit_calendar_days": _ADMIN,
            "rules_in_force": _ANYBODY,
            "list_rules": _RULES,
            "rules_version": _RULES,
            "compare_rules": _RULES,
            "draft_rules": _ADMIN,
            "change_draft_rules": _ADMIN,
            "publish_rules": _ADMIN,
        },
        "review": {
            "list_replies": _ORDERS,
            "get_reply": _ORDERS,
            "replies_of_order": _ORDERS,
            "approve_as_leader": _PRINCIPAL,
            "reject_as_leader": _PRINCIPAL,
            "approve_reply": _REVIEW,
            "reject_reply": _REVIEW,
        },
        "analytics": {
            "weekly_figures": _CURRENT,
            "daily_figures": _CURRENT,
            "weekly_of_unit": _CURRENT,
            "rebuild_figures": _ADMIN,
            "list_rebuilds": _BOOKS,
            "get_rebuild": _BOOKS,
        },
    }
)
"""Service -> operation id -> who may."""


def allowed_to(person: Person) -> dict[str, list[str]]:
    """Service -> the operations that the person may call, for whoever shows what can be done."""
    return {
        service: sorted(name for name, row in {**rows, **KERNEL}.items() if row.allows(person))
        for service, rows in ACCESS.items()
    }


WITHOUT_LOGIN: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "intake": dict.fromkeys(
            ("receive_order", "receive_cancellation", "receive_urge", "receive_revisit", "receive_redo", "ask_state"),
            "the upstream's signature",
        ),
        "dispatch": {
            "log_in": "a password",
            "sign_in": "a password",
            **dict.fromkeys(("refresh_session", "sign_out"), "the cookie of a session"),
        },
    }
)
"""Service -> operation id -> what is asked for instead of a login."""
