"""What happens to a round: events of the others open and void it, persons decide upon it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from services.review import rules, store
from services.review.model import Finding, Move, Reply, Severity, State, Submission
from services.review.tables import RoundRecord
from shared.contracts.base import OrderEvent
from shared.contracts.dispatch import (
    CallerContacted,
    Disposition,
    OrderAccepted,
    OrderAssigned,
    ProgressNoted,
    ReplySubmitted,
    ReturnRequested,
)
from shared.contracts.intake import OrderCancelled, OrderReceived
from shared.contracts.review import ReplyApproved, ReplyLeaderApproved, ReplyLeaderRejected, ReplyRejected
from shared.deps import check_version
from shared.errors import Forbidden
from shared.identity import SYSTEM
from shared.outbox import Envelope
from shared.personal.sealing import Sealer
from shared.work import Work


def reply_place(order_id: str, reply_id: str) -> str:
    """What a sealed reply is bound to, in every service."""
    return f"order:{order_id}:reply:{reply_id}"


def opinion_place(order_id: str, reply_id: str) -> str:
    """What a sealed opinion is bound to, in every service."""
    return f"order:{order_id}:opinion:{reply_id}"


def findings_place(order_id: str, reply_id: str) -> str:
    """What the sealed findings and the reason for passing them over are bound to; they never leave this service."""
    return f"order:{order_id}:findings:{reply_id}"


def reply_of(sealer: Sealer, record: RoundRecord) -> Reply:
    """The round's reply, opened."""
    return Reply.parse(sealer.open(record.reply, reply_place(record.order_id, record.reply_id)))


def findings_of(sealer: Sealer, record: RoundRecord) -> tuple[Finding, ...]:
    """The round's findings, opened."""
    return Finding.parse_all(sealer.open(record.findings, findings_place(record.order_id, record.reply_id)))


# -- events of the other services -----------------------------------------------------------------------------------


async def hold_orders(work: Work, envelopes: Sequence[Envelope]) -> None:
    """Read and lock in a few statements what the handlers of these events will ask for."""
    # In one order everywhere, so that two members who read the same events never wait for each other in a circle.
    order_ids = sorted({one.event.order_id for one in envelopes if isinstance(one.event, OrderEvent)})
    if order_ids:
        await store.hold_orders(work.session, order_ids)


async def note_order(work: Work, event: OrderReceived) -> None:
    """Remember which reply the order's channel demands (S1.1.1b)."""
    await store.remember_order(
        work.session, event.order_id, scheme=event.scheme, level=event.level, received_at=event.received_at
    )


async def note_handler(work: Work, event: OrderAccepted | CallerContacted | ProgressNoted | ReturnRequested) -> None:
    """Remember who handled the order: that person may not review its reply (S2.3a)."""
    if work.cause is not None and work.cause.actor != SYSTEM.account:
        await store.remember_handler(work.session, event.order_id, work.cause.actor)


async def open_round(work: Work, event: ReplySubmitted) -> None:
    """Put a submitted reply before the unit's leader, checked by the machine; the former open one becomes void."""
    rounds = await store.rounds_for_update(work.session, event.order_id)
    if any(record.reply_id == event.reply_id for record in rounds):
        return
    superseded = [record for record in rounds if State(record.state) in rules.OPEN_STATES]
    for record in superseded:
        _void(work, record, "superseded")
    if superseded:
        # The new round is inserted at the next flush, which would write it before the former one is void.
        await work.session.flush()
    order = await store.order_known(work.session, event.order_id)
    reply = Reply.parse(work.sealer.open(event.reply, reply_place(event.order_id, event.reply_id)))
    print_of_findings = work.sealer.fingerprint(reply.findings)
    rejected = [record for record in rounds if record.state in {State.REJECTED, State.LEADER_REJECTED}]
    submission = Submission(
        submitted_at=event.submitted_at,
        received_at=order.received_at if order else None,
        unchanged=bool(rejected) and rejected[-1].findings_print == print_of_findings,
    )
    findings = rules.faults_of(reply, submission)
    cancelled = order is not None and order.cancelled_at is not None
    record = RoundRecord(
        reply_id=event.reply_id,
        order_id=event.order_id,
        unit=event.unit,
        round=event.round,
        state=State.VOID if cancelled else State.LEADER_REVIEW,
        disposition=event.disposition,
        reply=event.reply,
        findings=work.sealer.seal(Finding.render_all(findings), findings_place(event.order_id, event.reply_id)),
        blocking=sum(finding.severity is Severity.BLOCKING for finding in findings),
        findings_print=print_of_findings,
        submitted_by=event.submitted_by,
        submitted_at=event.submitted_at,
        voided_at=work.now if cancelled else None,
    )
    store.add_round(work.session, record)
    await store.remember_handler(work.session, event.order_id, event.submitted_by)
    work.audit(
        "reply.round_opened",
        event.reply_id,
        after={"order_id": event.order_id, "unit": event.unit, "round": event.round, "state": str(record.state)},
    )


async def void_cancelled(work: Work, event: OrderCancelled) -> None:
    """Nothing is left to review of an order that the upstream took back."""
    order = await store.order_known(work.session, event.order_id)
    if order is not None:
        order.cancelled_at = event.cancelled_at
    for record in await store.open_rounds_for_update(work.session, event.order_id):
        _void(work, record, "cancelled")


async def void_reassigned(work: Work, event: OrderAssigned) -> None:
    """A unit that gets the order answers anew: what was submitted before it has nothing to decide any more."""
    for record in await store.open_rounds_for_update(work.session, event.order_id):
        _void(work, record, "reassigned")


def _void(work: Work, record: RoundRecord, why: str) -> None:
    before = record.state
    record.state = rules.after(State(record.state), Move.VOID)
    record.voided_at = work.now
    work.audit("reply.voided", record.reply_id, before={"state": before}, after={"state": record.state}, reason=why)


# -- decisions of persons -------------------------------------------------------------------------------------------


def _unit_of(work: Work) -> str:
    if work.person.unit is None:
        raise Forbidden
    return work.person.unit


def _moved(work: Work, record: RoundRecord, move: Move, action: str, **more: object) -> None:
    before = record.state
    record.state = rules.after(State(record.state), move)
    after = {"state": record.state, "order_id": record.order_id, "round": record.round, **more}
    work.audit(action, record.reply_id, before={"state": before}, after=after)


async def approve_as_leader(work: Work, reply_id: str, *, version: int | None) -> None:
    """The unit's principal leader lets the reply go to the centre (S2.2.3c)."""
    record = await store.round_for_update(work.session, reply_id, unit=_unit_of(work))
    check_version(record.version, version)
    _moved(work, record, Move.LEADER_APPROVE, "reply.leader_approved")
    record.leader_by, record.leader_at = work.person.account, work.now
    work.emit(
        ReplyLeaderApproved(
            order_id=record.order_id,
            reply_id=reply_id,
            round=record.round,
            unit=record.unit,
            approved_by=work.person.account,
            approved_at=work.now,
        )
    )


async def reject_as_leader(work: Work, reply_id: str, opinion: str, *, version: int | None) -> None:
    """The unit's principal leader gives the reply back to the handler (S2.2.3c)."""
    record = await store.round_for_update(work.session, reply_id, unit=_unit_of(work))
    check_version(record.version, version)
    _moved(work, record, Move.LEADER_REJECT, "reply.leader_rejected")
    record.leader_by, record.leader_at = work.person.account, work.now
    record.opinion = work.sealer.seal(opinion, opinion_place(record.order_id, reply_id))
    work.emit(
        ReplyLeaderRejected(
            order_id=record.order_id,
            reply_id=reply_id,
            round=record.round,
            unit=record.unit,
            opinion=record.opinion,
            rejected_by=work.person.account,
            rejected_at=work.now,
        )
    )


async def approve_reply(work: Work, reply_id: str, override_reason: str | None, *, version: int | None) -> None:
    """The centre lets the reply go upstream, unless its channel demands documents first (S2.3a, S2.3b, S1.1.1b)."""
    record = await store.round_for_update(work.session, reply_id)
    await _check_reviewer(work, record, version)
    rules.after(State(record.state), Move.APPROVE)
    order = await store.order_known(work.session, record.order_id)
    rules.check_chain(order.scheme if order else None)
    findings = findings_of(work.sealer, record) if record.blocking else ()
    overridden = rules.check_findings(findings, override_reason)
    if overridden and override_reason is not None:
        record.override_reason = work.sealer.seal(override_reason, findings_place(record.order_id, reply_id))
    _moved(work, record, Move.APPROVE, "reply.approved", overridden=overridden)
    record.centre_by, record.centre_at = work.person.account, work.now
    work.emit(
        ReplyApproved(
            order_id=record.order_id,
            reply_id=reply_id,
            round=record.round,
            unit=record.unit,
            disposition=cast("Disposition", record.disposition),
            reply=record.reply,
            approved_by=work.person.account,
            approved_at=work.now,
        )
    )


async def reject_reply(work: Work, reply_id: str, opinion: str, *, version: int | None) -> None:
    """The centre sends the reply back with an opinion; no clock is reset (S2.3c, S2.3d)."""
    record = await store.round_for_update(work.session, reply_id)
    await _check_reviewer(work, record, version)
    _moved(work, record, Move.REJECT, "reply.rejected")
    record.centre_by, record.centre_at = work.person.account, work.now
    record.opinion = work.sealer.seal(opinion, opinion_place(record.order_id, reply_id))
    work.emit(
        ReplyRejected(
            order_id=record.order_id,
            reply_id=reply_id,
            round=record.round,
            unit=record.unit,
            opinion=record.opinion,
            rejected_by=work.person.account,
            rejected_at=work.now,
        )
    )


async def _check_reviewer(work: Work, record: RoundRecord, version: int | None) -> None:
    check_version(record.version, version)
    handlers = await store.handlers_of(work.session, record.order_id)
    rules.check_reviewer(work.person.account, hands_on(record, handlers))


def hands_on(record: RoundRecord, handlers: frozenset[str]) -> frozenset[str]:
    """Everybody who had a hand in the reply: handled the order, submitted, released it for the unit (S2.3a)."""
    return handlers | {record.submitted_by} | ({record.leader_by} if record.leader_by else set())
