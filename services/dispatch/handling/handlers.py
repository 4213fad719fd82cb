"""The unit at work: take the order up, speak with the caller, note progress."""

from __future__ import annotations

from datetime import datetime

from services.dispatch.handling import store
from services.dispatch.handling.errors import ContactRecordedOtherwise
from services.dispatch.handling.model import Contact, Recorded
from services.dispatch.handling.rules import (
    check_contact,
    check_promise,
    contact_counts,
    is_same_contact,
    next_attempt_at,
    separate_attempts,
)
from services.dispatch.handling.tables import ContactRecord, NoteRecord
from services.dispatch.orders.model import Move
from services.dispatch.orders.rules import after
from services.dispatch.orders.store import case_for_update
from services.dispatch.orders.tables import CaseRecord
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


async def record_contact(work: Work, order_id: str, scope: Scope, contact: Contact) -> Recorded:
    """Record that the unit spoke, or tried to speak, with the caller (S2.2.1a, S2.2.1b, S1.2.2d)."""
    record = await case_for_update(work, order_id, scope)
    # First of all: what was recorded once is answered alike whatever the order's state is by now.
    if (known := await _known_contact(work, record, contact)) is not None:
        return known
    before = record.status
    status = after(before, Move.CONTACT)
    now = work.now
    check_contact(record.as_case(), contact, now=now, calendar=work.calendar)
    assert record.unit is not None

    record.status, record.attempts = status, record.attempts + 1
    failed, separate = contact.outcome == "not_reached", True
    failed_at = await store.failed_at(work.session, order_id, turn=record.turn) if failed else ()
    if failed:
        failed_at = [*failed_at, contact.contacted_at]
        attempts = len(separate_attempts(failed_at))
        separate, record.failed_attempts = attempts > record.failed_attempts, attempts
    counts = contact_counts(contact.outcome, record.failed_attempts, separate=separate)
    record.counted_contacts += counts
    record.promised_at = contact.promised_at or record.promised_at
    contact_id = str(work.ids())
    sealed = work.sealer.seal_json(contact.words(), CONTACT.at(order_id=order_id, contact_id=contact_id))
    work.session.add(
        ContactRecord(
            id=contact_id,
            order_id=order_id,
            unit=record.unit,
            turn=record.turn,
            attempt=record.attempts,
            outcome=contact.outcome,
            counts=counts,
            separate=separate,
            sealed=sealed,
            contacted_at=contact.contacted_at,
            promised_at=contact.promised_at,
            recorded_at=now,
            recorded_by=work.person.account,
        )
    )
    work.emit(
        CallerContacted(
            order_id=order_id,
            contact_id=contact_id,
            unit=record.unit,
            turn=record.turn,
            attempt=record.attempts,
            outcome=contact.outcome,
            counts=counts,
            contacted_at=contact.contacted_at,
            recorded_at=now,
            promised_at=contact.promised_at,
            contact=sealed,
        )
    )
    work.audit(
        "caller.contacted",
        order_id,
        before={"status": before},
        after={"status": status, "contact_id": contact_id, "outcome": contact.outcome, "counts": counts},
    )
    next_at = None if counts else next_attempt_at(failed_at)
    return Recorded(contact_id, record.attempts, counts, separate, next_at)


async def _known_contact(work: Work, record: CaseRecord, contact: Contact) -> Recorded | None:
    """The record of the same call, if there is one; ContactRecordedOtherwise when it says something else."""
    found = await store.contacts_at(work.session, record.order_id, turn=record.turn, contacted_at=contact.contacted_at)
    for row in found:
        words = work.sealer.open_json(row.sealed, CONTACT.at(order_id=record.order_id, contact_id=row.id))
        if not is_same_contact(contact, words["phone"]):
            continue
        said = (row.outcome, {**words, "phone": contact.phone}, row.promised_at)
        if said != (contact.outcome, contact.words(), contact.promised_at):
            raise ContactRecordedOtherwise(row.id)
        next_at = None
        if not row.counts:
            next_at = next_attempt_at(await store.failed_at(work.session, record.order_id, turn=record.turn))
        return Recorded(row.id, row.attempt, row.counts, row.separate, next_at, known=True)
    return None


async def note_progress(
    work: Work, order_id: str, scope: Scope, *, text: str, promised_at: datetime
) -> tuple[str, bool]:
    """Write down how far the unit is and when it will call again; the note's id, and whether it is new (S2.2.1d).

    The same note again is the same note: its promise runs already (S2.2.1e).
    """
    record = await case_for_update(work, order_id, scope)
    assert record.unit is not None
    for row in await store.notes_promising(work.session, order_id, unit=record.unit, promised_at=promised_at):
        if work.sealer.open(row.sealed, NOTE.at(order_id=order_id, note_id=row.id)) == text:
            return row.id, False
    before = record.status
    status = after(before, Move.NOTE)
    check_promise(promised_at, now=work.now, calendar=work.calendar)

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
    work.emit(
        ProgressNoted(order_id=order_id, unit=record.unit, promised_at=promised_at, noted_at=work.now, note_id=note_id)
    )
    work.audit(
        "progress.noted", order_id, before={"status": before}, after={"status": status, "promised_at": str(promised_at)}
    )
    return note_id, True
