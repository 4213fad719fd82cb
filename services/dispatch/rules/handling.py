"""What a contact, a progress note and a reply must say."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from services.dispatch.errors import (
    ContactIncomplete,
    ContactOutside,
    DispositionNotOffered,
    EvidenceMissing,
    ExplanationIncomplete,
    PlanIncomplete,
    PlanOutside,
    PromiseNotAhead,
    PromiseTooFar,
    ReplyContactAhead,
    ReplyIncomplete,
    ResultContactMissing,
    StatementMissing,
)
from services.dispatch.model import Case, Contact, Reply
from services.dispatch.policy import PROMISE_WORKDAYS, VAIN_ATTEMPTS_THAT_COUNT, RuleSet
from shared.calendar import SHANGHAI, WorkCalendar


def check_contact(case: Case, contact: Contact, *, now: datetime, calendar: WorkCalendar) -> None:
    """Refuse a contact that does not say who, by which number and what, or lies outside the unit's time (S1.2.2d).

    Nobody can say what was spoken when nobody was reached: then the number alone is enough.
    """
    parts: dict[str, str | None] = {"phone": contact.phone}
    if contact.outcome != "not_reached":
        parts |= {"person": contact.person, "content": contact.content}
    missing = tuple(name for name, value in parts.items() if not value)
    if missing:
        raise ContactIncomplete(missing)
    assert case.assigned_at is not None, "only a unit that has the order comes here"
    # People write down the minute, so the minute of the assignment itself is inside.
    earliest = case.assigned_at.replace(second=0, microsecond=0)
    if not earliest <= contact.contacted_at <= now:
        raise ContactOutside(case.assigned_at)
    if contact.promised_at is not None:
        check_promise(contact.promised_at, now=now, calendar=calendar)


def check_promise(promised_at: datetime, *, now: datetime, calendar: WorkCalendar) -> None:
    """The next contact lies ahead, and within the time that an order has at the most (S2.2.1d)."""
    if promised_at <= now:
        raise PromiseNotAhead
    latest = calendar.due_at(now, PROMISE_WORKDAYS.value)
    if promised_at > latest.at:
        raise PromiseTooFar(latest.on, PROMISE_WORKDAYS.value)


def contact_counts(outcome: str, vain_attempts: int) -> bool:
    """Whether the contact stops the first-contact clock (S2.2.1b): reached, refused, or the second vain attempt.

    `vain_attempts` counts this one.
    """
    return outcome != "not_reached" or vain_attempts >= VAIN_ATTEMPTS_THAT_COUNT.value


def check_reply(case: Case, reply: Reply, *, now: datetime) -> None:
    """Refuse a reply that lacks an element of the template, the caller's hearing, or what its disposition demands.

    S2.2.3a, S2.2.3b, S2.2.2b-h. How far a plan may reach is for `check_plan` to say.
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
    if not case.counted_contacts:
        raise ResultContactMissing
    _check_disposition(case, reply)


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
    # What ends today is no plan: it would wake as soon as it sleeps (S2.2.2f).
    earliest = now.astimezone(SHANGHAI).date() + timedelta(days=1)
    latest = case.first_assigned_at.astimezone(SHANGHAI).date() + timedelta(days=rules.plan.value)
    if not earliest <= plan_on <= latest:
        raise PlanOutside(earliest, latest, rules.plan.value)
