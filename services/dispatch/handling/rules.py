"""What a contact and a progress note must say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from services.dispatch.handling.errors import ContactIncomplete, ContactOutside, PromiseNotAhead, PromiseTooFar
from services.dispatch.handling.model import Contact, Uncounted
from services.dispatch.handling.policy import FAILED_ATTEMPTS_APART, FAILED_ATTEMPTS_THAT_COUNT, PROMISE_WORKDAYS
from services.dispatch.orders.model import Case
from shared.calendar import WorkCalendar, local_text
from shared.personal.numbers import same_phone

_APART: Final = timedelta(minutes=FAILED_ATTEMPTS_APART.value)


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


def separate_attempts(failed_at: Iterable[datetime]) -> tuple[datetime, ...]:
    """Of these failed calls the minutes of those that are an attempt of their own: each ten minutes after the one before.

    In whichever sequence the calls were recorded (S2.2.1b, A39).
    """
    attempts: list[datetime] = []
    # People write down the minute, so seconds make no difference.
    for at in sorted(moment.replace(second=0, microsecond=0) for moment in failed_at):
        if not attempts or at - attempts[-1] >= _APART:
            attempts.append(at)
    return tuple(attempts)


def next_attempt_at(failed_at: Iterable[datetime]) -> datetime:
    """From when on another failed call is an attempt of its own (S2.2.1b, A39)."""
    return separate_attempts(failed_at)[-1] + _APART


def contact_counts(outcome: str, failed_attempts: int, *, separate: bool) -> bool:
    """Whether the contact stops the first-contact clock (S2.2.1b): reached, refused, or the second failed attempt.

    `failed_attempts` counts this one, if it is `separate`: an attempt of its own (A39).
    """
    return outcome != "not_reached" or (separate and failed_attempts >= FAILED_ATTEMPTS_THAT_COUNT.value)


def why_not_counted(*, separate: bool, next_at: datetime) -> tuple[Uncounted, str]:
    """Why a failed call does not count: a code, and in Chinese from when another one is counted (S2.2.1b, A39)."""
    from_then = f"{local_text(next_at)} 起再次联系仍未接通的，另计一次"
    if separate:
        needed = FAILED_ATTEMPTS_THAT_COUNT.value
        return (
            "attempt_failed",
            f"未接通满 {needed} 次方计为有效联系，各次相隔不少于 {FAILED_ATTEMPTS_APART.value} 分钟；{from_then}",
        )
    apart = f"距上一次计数的未接通不足 {FAILED_ATTEMPTS_APART.value} 分钟"
    return "attempt_too_soon", f"{apart}，记录保留，不另计一次；{from_then}"
