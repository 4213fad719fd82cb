"""The unit at work: take the order up, speak with the caller, note progress."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.dispatch.handling.model import Contact
from services.dispatch.handling.rules import check_contact, check_promise, contact_counts
from services.dispatch.handling.tables import ContactRecord, NoteRecord
from services.dispatch.orders.model import Move
from services.dispatch.orders.rules import after
from services.dispatch.orders.store import case_for_update
from shared.access import Scope
from shared.contracts.dispatch import CallerContacted, OrderAccepted, ProgressNoted
from shared.contracts.places import CONTACT, NOTE
from shared.work import Work


async def accept_order(work: Work, order_id: str, scope: Scope) -> None:
    """Take the order up; no deadline depends on it (A04)."""
    record = await case_for_update(work, order_id, scope)
    before = record.status
    record.status = after(before, Move.ACCEPT)
    record.accepted_at = work.now
    assert record.unit is not None
    work.emit(OrderAccepted(order_id=order_id, unit=record.unit, accepted_at=work.now))
    work.audit("order.accepted", order_id, before={"status": before}, after={"status": record.status})


@dataclass(frozen=True, slots=True)
class Recorded:
    """A contact as it was recorded: which attempt it is, and whether it counts (S2.2.1b)."""

    contact_id: str
    attempt: int
    counts: bool


async def record_contact(work: Work, order_id: str, scope: Scope, contact: Contact) -> Recorded:
    """Record that the unit spoke, or tried to speak, with the caller (S2.2.1a, S2.2.1b, S1.2.2d)."""
    record = await case_for_update(work, order_id, scope)
    before = record.status
    status = after(before, Move.CONTACT)
    now = work.now
    check_contact(record.as_case(), contact, now=now, calendar=work.calendar)
    assert record.unit is not None

    record.status, record.attempts = status, record.attempts + 1
    record.failed_attempts += contact.outcome == "not_reached"
    counts = contact_counts(contact.outcome, record.failed_attempts)
    record.counted_contacts += counts
    record.promised_at = contact.promised_at or record.promised_at
    contact_id = str(work.ids())
    words = {"phone": contact.phone, "person": contact.person, "content": contact.content}
    work.session.add(
        ContactRecord(
            id=contact_id,
            order_id=order_id,
            unit=record.unit,
            attempt=record.attempts,
            outcome=contact.outcome,
            counts=counts,
            sealed=work.sealer.seal_json(words, CONTACT.at(order_id=order_id, contact_id=contact_id)),
            contacted_at=contact.contacted_at,
            promised_at=contact.promised_at,
            recorded_at=now,
            recorded_by=work.person.account,
        )
    )
    work.emit(
        CallerContacted(
            order_id=order_id,
            unit=record.unit,
            attempt=record.attempts,
            outcome=contact.outcome,
            counts=counts,
            contacted_at=contact.contacted_at,
            recorded_at=now,
            promised_at=contact.promised_at,
        )
    )
    work.audit(
        "caller.contacted",
        order_id,
        before={"status": before},
        after={"status": status, "contact_id": contact_id, "outcome": contact.outcome, "counts": counts},
    )
    return Recorded(contact_id, record.attempts, counts)


async def note_progress(work: Work, order_id: str, scope: Scope, *, text: str, promised_at: datetime) -> str:
    """Write down how far the unit is and when it will call again; the note's id (S2.2.1d)."""
    record = await case_for_update(work, order_id, scope)
    before = record.status
    status = after(before, Move.NOTE)
    check_promise(promised_at, now=work.now, calendar=work.calendar)
    assert record.unit is not None

    record.status, record.promised_at = status, promised_at
    note_id = str(work.ids())
    work.session.add(
        NoteRecord(
            id=note_id,
            order_id=order_id,
            unit=record.unit,
            sealed=work.sealer.seal(text, NOTE.at(order_id=order_id, note_id=note_id)),
            promised_at=promised_at,
            noted_at=work.now,
            noted_by=work.person.account,
        )
    )
    work.emit(ProgressNoted(order_id=order_id, unit=record.unit, promised_at=promised_at, noted_at=work.now))
    work.audit(
        "progress.noted", order_id, before={"status": before}, after={"status": status, "promised_at": str(promised_at)}
    )
    return note_id
