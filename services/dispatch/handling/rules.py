"""What a contact and a progress note must say."""

from __future__ import annotations

from datetime import datetime

from services.dispatch.handling.errors import ContactIncomplete, ContactOutside, PromiseNotAhead, PromiseTooFar
from services.dispatch.handling.model import Contact
from services.dispatch.handling.policy import FAILED_ATTEMPTS_THAT_COUNT, PROMISE_WORKDAYS
from services.dispatch.orders.model import Case
from shared.calendar import WorkCalendar
from shared.personal.numbers import same_phone


def check_contact(case: Case, contact: Contact, *, now: datetime, calendar: WorkCalendar) -> None:
    """Refuse a contact that does not say who, by which number and what, or whose time is not possible (S1.2.2d).

    When nobody was reached, there is nothing to report: then the number alone is enough.
    """
    parts: dict[str, str | None] = {"phone": contact.phone}
    if contact.outcome != "not_reached":
        parts |= {"person": contact.person, "content": contact.content}
    missing = tuple(name for name, value in parts.items() if not value)
    if missing:
        raise ContactIncomplete(missing)
    assert case.turn_at is not None, "only a unit that has the order comes here"
    # People write down the minute, so the minute of the assignment itself is inside.
    earliest = case.turn_at.replace(second=0, microsecond=0)
    if not earliest <= contact.contacted_at <= now:
        raise ContactOutside(case.turn_at)
    if contact.promised_at is not None:
        check_promise(contact.promised_at, now=now, calendar=calendar)


def is_same_contact(contact: Contact, phone: str | None) -> bool:
    """Whether a contact of the same second that names this number is the same one: nobody calls twice in one (S2.2.1b)."""
    return contact.phone == phone or (
        contact.phone is not None and phone is not None and same_phone(contact.phone, phone)
    )


def check_promise(promised_at: datetime, *, now: datetime, calendar: WorkCalendar) -> None:
    """Refuse a promised contact that is not in the future, or later than any order may take (S2.2.1d)."""
    if promised_at <= now:
        raise PromiseNotAhead
    latest = calendar.due_at(now, PROMISE_WORKDAYS.value)
    if promised_at > latest.at:
        raise PromiseTooFar(latest.on, PROMISE_WORKDAYS.value)


def contact_counts(outcome: str, failed_attempts: int) -> bool:
    """Whether the contact stops the first-contact clock (S2.2.1b): reached, refused, or the second failed attempt.

    `failed_attempts` counts this one.
    """
    return outcome != "not_reached" or failed_attempts >= FAILED_ATTEMPTS_THAT_COUNT.value
