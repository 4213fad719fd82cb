"""The unit at work: take the order up, speak with the caller, note progress, submit the reply."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.dispatch.handlers.sealed import contact_context, grounds_context, note_context, reply_context, seal_json
from services.dispatch.model import Contact, Move, Reply, Status
from services.dispatch.rules.handling import check_contact, check_plan, check_promise, check_reply, contact_counts
from services.dispatch.rules.lifecycle import after
from services.dispatch.rules.materials import check_size
from services.dispatch.store import cases
from services.dispatch.store.rulesets import rules_at
from services.dispatch.tables import ContactRecord, NoteRecord, ReplyRecord
from shared.contracts.dispatch import CallerContacted, OrderAccepted, ProgressNoted, ReplySubmitted
from shared.identity import Scope
from shared.work import Work


async def accept_order(work: Work, order_id: str, scope: Scope) -> None:
    """Take the order up; no clock hangs on it (A04)."""
    record = await cases.case_for_update(work.session, order_id, scope)
    before = record.status
    record.status = after(Status(before), Move.ACCEPT)
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
    record = await cases.case_for_update(work.session, order_id, scope)
    before = record.status
    status = after(Status(before), Move.CONTACT)
    now = work.now
    check_contact(record.as_case(), contact, now=now, calendar=work.calendar)
    assert record.unit is not None

    record.status, record.attempts = status, record.attempts + 1
    record.vain_attempts += contact.outcome == "not_reached"
    counts = contact_counts(contact.outcome, record.vain_attempts)
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
            sealed=seal_json(work.sealer, words, contact_context(order_id, contact_id)),
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
    record = await cases.case_for_update(work.session, order_id, scope)
    before = record.status
    status = after(Status(before), Move.NOTE)
    check_promise(promised_at, now=work.now, calendar=work.calendar)
    assert record.unit is not None

    record.status, record.promised_at = status, promised_at
    note_id = str(work.ids())
    work.session.add(
        NoteRecord(
            id=note_id,
            order_id=order_id,
            unit=record.unit,
            sealed=work.sealer.seal(text, note_context(order_id, note_id)),
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


async def submit_reply(work: Work, order_id: str, scope: Scope, reply: Reply) -> tuple[str, int]:
    """Submit the unit's reply to its leader; its id and its round (S2.2.3a-c, S2.2.2b-h)."""
    record = await cases.case_for_update(work.session, order_id, scope)
    before = record.status
    status = after(Status(before), Move.SUBMIT)
    case = record.as_case()
    check_reply(case, reply, now=work.now)
    if reply.disposition == "planned" and reply.plan_on is not None:
        check_plan(case, reply.plan_on, rules=await rules_at(work.session, case.received_at), now=work.now)
    check_size(reply.evidence)
    assert record.unit is not None

    reply_id = str(work.ids())
    record.status, record.round, record.reply_id = status, record.round + 1, reply_id
    sealed = _sealed_reply(work, order_id, reply_id, reply)
    work.session.add(
        ReplyRecord(
            id=reply_id,
            order_id=order_id,
            round=record.round,
            unit=record.unit,
            disposition=reply.disposition,
            sealed=sealed,
            grounds=_sealed_grounds(work, order_id, reply_id, reply),
            plan_on=reply.plan_on,
            state="submitted",
            submitted_at=work.now,
            submitted_by=work.person.account,
        )
    )
    cases.attach(
        work.session,
        reply.evidence,
        ids=[str(work.ids()) for _ in reply.evidence],
        order_id=order_id,
        purpose="reply",
        owner_id=reply_id,
        at=work.now,
        by=work.person.account,
    )
    work.emit(
        ReplySubmitted(
            order_id=order_id,
            reply_id=reply_id,
            round=record.round,
            unit=record.unit,
            disposition=reply.disposition,
            reply=sealed,
            submitted_by=work.person.account,
            submitted_at=work.now,
        )
    )
    work.audit(
        "reply.submitted",
        order_id,
        before={"status": before},
        after={"status": status, "reply_id": reply_id, "round": record.round, "disposition": reply.disposition},
    )
    return reply_id, record.round


def _sealed_reply(work: Work, order_id: str, reply_id: str, reply: Reply) -> str:
    elements = {
        "contact_person": reply.contact_person,
        "contact_at": reply.contact_at,
        "contact_phone": reply.contact_phone,
        "findings": reply.findings,
        "satisfaction": reply.satisfaction,
        "remarks": reply.remarks,
    }
    return seal_json(work.sealer, elements, reply_context(order_id, reply_id))


def _sealed_grounds(work: Work, order_id: str, reply_id: str, reply: Reply) -> str | None:
    grounds = {"statement": reply.statement, "legal_basis": reply.legal_basis, "site_record": reply.site_record}
    if not any(grounds.values()):
        return None
    return seal_json(work.sealer, grounds, grounds_context(order_id, reply_id))
