"""What a reply must say, and how far a plan may reach."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from services.dispatch.orders.model import Case
from services.dispatch.replies.errors import (
    DemandChanged,
    DispositionNotOffered,
    EvidenceMissing,
    ExplanationIncomplete,
    PlanIncomplete,
    PlanOutside,
    ReplyContactAhead,
    ReplyIncomplete,
    ResultContactMissing,
    StatementMissing,
)
from services.dispatch.replies.model import Reply
from services.dispatch.rulesets.policy import RuleSet
from shared.calendar import local_day


def check_reply(case: Case, reply: Reply, *, now: datetime) -> None:
    """Refuse a reply that lacks an element of the template, a contact with the caller, or what its disposition demands.

    S2.2.3a, S2.2.3b, S2.2.2b-h. `check_plan` checks how far a plan may reach.
    """
    elements = {
        "contact_person": reply.contact_person,
        "contact_at": reply.contact_at,
        "contact_phone": reply.contact_phone,
        "findings": reply.findings,
        "satisfaction": reply.satisfaction,
    }
    missing = tuple(name for name, value in elements.items() if not value)
    if missing:
        raise ReplyIncomplete(missing)
    assert reply.contact_at is not None
    if reply.contact_at > now:
        raise ReplyContactAhead
    check_result_contact(case)
    _check_disposition(case, reply)


def check_result_contact(case: Case) -> None:
    """Refuse a reply before the unit has spoken with the caller in its present turn (S2.2.3a)."""
    if not case.counted_contacts:
        raise ResultContactMissing


def check_demand(reply: Reply, *, demand_version: int, changed: tuple[str, ...]) -> None:
    """Refuse a reply that was written for another version of the order than the present one (S1.1.4c)."""
    if reply.demand_version is not None and reply.demand_version != demand_version:
        raise DemandChanged(demand_version, changed)


def _check_disposition(case: Case, reply: Reply) -> None:
    if reply.disposition == "out_of_scope":
        if not reply.statement:
            raise StatementMissing
    elif reply.disposition == "not_true":
        if not reply.evidence:
            raise EvidenceMissing
    elif reply.disposition in {"explanation", "planned"}:
        if case.level == "national" or case.scheme != "ordinary":
            raise DispositionNotOffered(reply.disposition)
        if reply.disposition == "explanation":
            _check_explanation(reply)
        else:
            _check_plan_parts(reply)


def _check_explanation(reply: Reply) -> None:
    parts = {"legal_basis": reply.legal_basis, "site_record": reply.site_record}
    missing = tuple(name for name, value in parts.items() if not value)
    if missing:
        raise ExplanationIncomplete(missing)


def _check_plan_parts(reply: Reply) -> None:
    parts = {"legal_basis": reply.legal_basis, "plan_on": reply.plan_on}
    missing = tuple(name for name, value in parts.items() if not value)
    if missing:
        raise PlanIncomplete(missing)


def check_plan(case: Case, plan_on: date, *, rules: RuleSet, now: datetime) -> None:
    """A plan ends from tomorrow on, within the days that it may take from the first assignment (S2.2.2e, A16)."""
    assert case.first_assigned_at is not None, "a reply comes from a unit that has the order"
    # A plan for today would end on the day of its approval, and the order would be open again at once (S2.2.2f).
    earliest = local_day(now) + timedelta(days=1)
    latest = local_day(case.first_assigned_at) + timedelta(days=rules.plan.value)
    if not earliest <= plan_on <= latest:
        raise PlanOutside(earliest, latest, rules.plan.value)
