"""What happens to a round: events of other services open and void it, persons decide on it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from services.review.checks.model import Contact, DemandChange, Finding, Reply, Severity, Submission
from services.review.checks.rules import changes_after, check_findings, faults_of, outdated_opinion, with_demand
from services.review.rounds import rules, store
from services.review.rounds.model import Move, State, VoidReason
from services.review.rounds.tables import CaseworkerRecord, ContactRecord, OrderRecord, RoundRecord
from shared.contracts.dispatch import (
    CallerContacted,
    OrderAccepted,
    OrderAssigned,
    OrderReopened,
    ProgressNoted,
    ReplySubmitted,
    ReturnRequested,
)
from shared.contracts.fields import demand_fields
from shared.contracts.intake import OrderCancelled, OrderReceived, OrderUpdated, ReplyNotSent, ReplyOutdated
from shared.contracts.places import CONTACT, FINDINGS, LEADER, OPINION, OVERRIDE, REPLY
from shared.contracts.review import ReplyApproved, ReplyLeaderApproved, ReplyLeaderRejected, ReplyRejected
from shared.deps import check_version
from shared.errors import Forbidden
from shared.identity import SYSTEM
from shared.personal.sealing import Sealer
from shared.work import Work

_REJECTED: Final = frozenset({State.REJECTED, State.LEADER_REJECTED})


def reply_of(sealer: Sealer, record: RoundRecord) -> Reply:
    """The round's reply, opened."""
    return Reply.of(sealer.open_json(record.reply, REPLY.at(order_id=record.order_id, reply_id=record.reply_id)))


def findings_of(sealer: Sealer, record: RoundRecord) -> tuple[Finding, ...]:
    """The round's findings, opened."""
    place = FINDINGS.at(order_id=record.order_id, reply_id=record.reply_id)
    return tuple(Finding.of(given) for given in sealer.open_json(record.findings, place))


def opinion_by(record: RoundRecord) -> str | None:
    """Whose the opinion is: of a reply that was taken back the platform's, and not of whoever had approved it."""
    if record.opinion is None:
        return None
    if record.taken_back_at is not None:
        return SYSTEM.account
    return record.leader_by if record.state is State.LEADER_REJECTED else record.centre_by


async def note_order(work: Work, event: OrderReceived) -> None:
    """Remember which reply scheme the order's channel demands (S1.1.1b)."""
    if await work.locked(OrderRecord, event.order_id) is None:
        work.add(
            OrderRecord(order_id=event.order_id, scheme=event.scheme, received_at=event.received_at, demand_changes=[])
        )


async def note_demand(work: Work, event: OrderUpdated) -> None:
    """The upstream changed the demand: an open reply to an earlier version has a finding from now on (S1.1.4c, S2.3a).

    Intake and dispatch are heard in no common order: the reply that answers this version may be here already, or the one
    that does not answer it may come later; `open_round` looks at what is remembered here.
    """
    order = await work.locked(OrderRecord, event.order_id)
    fields = demand_fields(event.changed)
    if order is None or not fields:
        return
    if any(change["version"] >= event.version for change in order.demand_changes):
        return
    change = {"version": event.version, "fields": list(fields), "at": event.updated_at.isoformat()}
    order.demand_changes = [*order.demand_changes, change]
    for record in await work.rows(RoundRecord, event.order_id):
        if record.state in rules.OPEN_STATES and record.demand_version < event.version:
            findings = with_demand(findings_of(work.sealer, record), changes_since(order, record.demand_version))
            _keep_findings(work, record, findings)
            after = {"order_id": event.order_id, "demand_version": event.version, "fields": list(fields)}
            work.audit("reply.demand_changed", record.reply_id, after=after)


async def note_contact(work: Work, event: CallerContacted) -> None:
    """Remember a contact: the unit's reply has to say what is on record (S2.2.3a, S2.2.3b)."""
    known = await work.rows(ContactRecord, event.order_id)
    if event.contact_id in {record.contact_id for record in known}:
        return
    names = ("contact_id", "order_id", "unit", "turn", "attempt", "outcome", "contacted_at")
    work.add(ContactRecord(**{name: getattr(event, name) for name in names}, sealed=event.contact))


def changes_since(order: OrderRecord | None, version: int) -> tuple[DemandChange, ...]:
    """What the upstream has changed after this version of the order."""
    return () if order is None else changes_after(version, map(DemandChange.of, order.demand_changes))


async def _contacts_of_turn(work: Work, order_id: str, unit: str) -> tuple[Contact, ...]:
    """The contacts of the unit's present turn, opened: dispatch takes no reply from a turn without one."""
    found = [record for record in await work.rows(ContactRecord, order_id) if record.unit == unit]
    turn = max((record.turn for record in found), default=0)
    return tuple(_contact_of(work.sealer, record) for record in found if record.turn == turn)


def _contact_of(sealer: Sealer, record: ContactRecord) -> Contact:
    words = sealer.open_json(record.sealed, CONTACT.at(order_id=record.order_id, contact_id=record.contact_id))
    return Contact(record.outcome == "reached", record.contacted_at, words.get("person"), words.get("phone"))


def _keep_findings(work: Work, record: RoundRecord, findings: tuple[Finding, ...]) -> None:
    record.findings, record.blocking = _sealed_findings(work, record.order_id, record.reply_id, findings)


def _sealed_findings(work: Work, order_id: str, reply_id: str, findings: tuple[Finding, ...]) -> tuple[str, int]:
    """The findings as they are stored, and how many of them forbid an approval without a reason."""
    sealed = work.sealer.seal_json(findings, FINDINGS.at(order_id=order_id, reply_id=reply_id))
    return sealed, sum(finding.severity is Severity.BLOCKING for finding in findings)


async def note_caseworker(work: Work, event: OrderAccepted | CallerContacted | ProgressNoted | ReturnRequested) -> None:
    """Remember who handled the order: that person may not review its reply (S2.3a)."""
    if work.cause is not None and work.cause.actor != SYSTEM.account:
        await _remember_caseworker(work, event.order_id, work.cause.actor)


async def _remember_caseworker(work: Work, order_id: str, account: str) -> None:
    known = await work.rows(CaseworkerRecord, order_id)
    if account not in {record.account for record in known}:
        work.add(CaseworkerRecord(order_id=order_id, account=account))


async def open_round(work: Work, event: ReplySubmitted) -> None:
    """Open a round for a submitted reply, with the findings of the pre-check; an earlier open round becomes void."""
    rounds = await work.rows(RoundRecord, event.order_id)
    if any(record.reply_id == event.reply_id for record in rounds):
        return
    superseded = [record for record in rounds if record.state in rules.OPEN_STATES]
    for record in superseded:
        _void(work, record, Move.VOID, VoidReason.SUPERSEDED)
    if superseded:
        # One flush writes new rows before changed ones, and the index allows one open round of an order.
        await work.session.flush()
    order = await work.locked(OrderRecord, event.order_id)
    place = REPLY.at(order_id=event.order_id, reply_id=event.reply_id)
    reply = Reply.of(work.sealer.open_json(event.reply, place))
    findings_print = work.sealer.fingerprint(reply.findings)
    rejected = [record for record in rounds if record.state in _REJECTED]
    findings = faults_of(
        reply,
        Submission(
            submitted_at=event.submitted_at,
            received_at=order.received_at if order else None,
            unchanged=bool(rejected) and rejected[-1].findings_print == findings_print,
            contacts=await _contacts_of_turn(work, event.order_id, event.unit),
            changes=changes_since(order, event.demand_version),
        ),
    )
    kept, blocking = _sealed_findings(work, event.order_id, event.reply_id, findings)
    cancelled = order is not None and order.cancelled_at is not None
    record = RoundRecord(
        reply_id=event.reply_id,
        order_id=event.order_id,
        unit=event.unit,
        round=event.round,
        redos=event.redos,
        state=State.VOID if cancelled else State.LEADER_REVIEW,
        disposition=event.disposition,
        demand_version=event.demand_version,
        reply=event.reply,
        findings=kept,
        blocking=blocking,
        findings_print=findings_print,
        submitted_by=event.submitted_by,
        submitted_at=event.submitted_at,
        voided_at=work.now if cancelled else None,
        void_reason=VoidReason.CANCELLED if cancelled else None,
    )
    work.add(record)
    await _remember_caseworker(work, event.order_id, event.submitted_by)
    work.audit(
        "reply.round_opened",
        event.reply_id,
        after={"order_id": event.order_id, "unit": event.unit, "round": event.round, "state": record.state},
    )


async def void_cancelled(work: Work, event: OrderCancelled) -> None:
    """A cancelled order has nothing left to review."""
    order = await work.locked(OrderRecord, event.order_id)
    if order is not None:
        order.cancelled_at = event.cancelled_at
    await _void_open(work, event.order_id, VoidReason.CANCELLED)


async def void_reassigned(work: Work, event: OrderAssigned) -> None:
    """A unit that is assigned the order answers anew: open rounds of earlier replies become void."""
    await _void_open(work, event.order_id, VoidReason.REASSIGNED)


async def void_reopened(work: Work, event: OrderReopened) -> None:
    """The upstream demanded a redo while a further reply was under review: the unit answers anew."""
    await _void_open(work, event.order_id, VoidReason.REOPENED, before_redo=event.redos)


async def _void_open(work: Work, order_id: str, why: VoidReason, *, before_redo: int | None = None) -> None:
    for record in await work.rows(RoundRecord, order_id):
        if record.state in rules.OPEN_STATES and (before_redo is None or record.redos < before_redo):
            _void(work, record, Move.VOID, why)


async def void_not_sent(work: Work, event: ReplyNotSent) -> None:
    """An approved reply is not sent: its order was cancelled or reopened before the centre could know (S2.3b).

    Only an approval is taken for void: heard a second time, it finds none.
    """
    record = await _approved_round(work, event)
    if record is not None:
        _void(work, record, Move.NOT_SENT, VoidReason(event.reason))


async def _approved_round(work: Work, event: ReplyNotSent | ReplyOutdated) -> RoundRecord | None:
    """The round whose approval intake did not send; None, with a note in the audit trail, where it is not approved."""
    rounds = await work.rows(RoundRecord, event.order_id)
    record = next((one for one in rounds if one.reply_id == event.reply_id), None)
    if record is None or record.state is not State.APPROVED:
        after = {"order_id": event.order_id, "state": None if record is None else record.state, "event": event.type}
        with work.by_itself():
            work.audit("event.passed_by", event.reply_id, after=after)
        return None
    return record


def _void(work: Work, record: RoundRecord, move: Move, why: VoidReason) -> None:
    """No person makes a round void: it follows from what happened to its order."""
    before = record.state
    record.state = rules.after(record.state, move)
    record.voided_at, record.void_reason = work.now, why
    after = {"state": record.state}
    with work.by_itself():
        work.audit("reply.voided", record.reply_id, before={"state": before}, after=after, reason=why)


def _unit_of(work: Work) -> str:
    if work.person.unit is None:
        raise Forbidden
    return work.person.unit


def _moved(work: Work, record: RoundRecord, move: Move, action: str, **more: object) -> None:
    before = record.state
    record.state = rules.after(record.state, move)
    after = {"state": record.state, "order_id": record.order_id, "round": record.round, **more}
    work.audit(action, record.reply_id, before={"state": before}, after=after)


async def approve_as_leader(work: Work, reply_id: str, *, version: int | None) -> None:
    """The unit's principal leader lets the reply go to the centre (S2.2.3c)."""
    record = await store.round_for_update(work.session, reply_id, unit=_unit_of(work))
    check_version(record.version, version)
    _moved(work, record, Move.LEADER_APPROVE, "reply.leader_approved")
    record.leader_by, record.leader_at = work.person.account, work.now
    record.leader_name = work.sealer.seal(work.person.name, LEADER.at(order_id=record.order_id, reply_id=reply_id))
    work.emit(
        ReplyLeaderApproved(
            order_id=record.order_id,
            reply_id=reply_id,
            round=record.round,
            unit=record.unit,
            approved_by=work.person.account,
            approved_at=work.now,
            redos=record.redos,
        )
    )


async def reject_as_leader(work: Work, reply_id: str, opinion: str, *, version: int | None) -> None:
    """The unit's principal leader gives the reply back to the caseworker (S2.2.3c)."""
    record = await store.round_for_update(work.session, reply_id, unit=_unit_of(work))
    check_version(record.version, version)
    _moved(work, record, Move.LEADER_REJECT, "reply.leader_rejected")
    record.leader_by, record.leader_at = work.person.account, work.now
    record.opinion = work.sealer.seal(opinion, OPINION.at(order_id=record.order_id, reply_id=reply_id))
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


async def approve_reply(
    work: Work, reply_id: str, override_reason: str | None, demand_version: int | None, *, version: int | None
) -> None:
    """The centre lets the reply go upstream, unless its channel demands documents first (S2.3a, S2.3b, S1.1.1b).

    `demand_version` is the version of the order that the reviewer has seen; who lets a reply to an earlier one pass has to
    say it, and lets it pass for that version only (S1.1.4c).
    """
    record = await store.round_for_update(work.session, reply_id)
    background = await _check_centre(work, record, Move.APPROVE, version)
    findings = findings_of(work.sealer, record) if record.blocking else ()
    overridden = check_findings(findings, override_reason)
    changes = changes_after(record.demand_version, background.changes)
    known_version = changes[-1].version if changes else record.demand_version
    rules.check_demand(demand_version, known_version, changed=bool(changes))
    if overridden and override_reason is not None:
        record.override_reason = work.sealer.seal(
            override_reason, OVERRIDE.at(order_id=record.order_id, reply_id=reply_id)
        )
    _moved(work, record, Move.APPROVE, "reply.approved", overridden=overridden, known_version=known_version)
    record.centre_by, record.centre_at = work.person.account, work.now
    assert record.leader_name is not None, "a reply comes to the centre through the unit's leader"
    assert record.leader_at is not None
    work.emit(
        ReplyApproved(
            order_id=record.order_id,
            reply_id=reply_id,
            round=record.round,
            unit=record.unit,
            disposition=record.disposition,
            demand_version=record.demand_version,
            known_version=known_version,
            reply=record.reply,
            leader_name=record.leader_name,
            leader_at=record.leader_at,
            approved_by=work.person.account,
            approved_at=work.now,
            redos=record.redos,
        )
    )


async def reject_reply(work: Work, reply_id: str, opinion: str, *, version: int | None) -> None:
    """The centre sends the reply back with an opinion; no clock is reset (S2.3c, S2.3d)."""
    record = await store.round_for_update(work.session, reply_id)
    await _check_centre(work, record, Move.REJECT, version)
    _moved(work, record, Move.REJECT, "reply.rejected")
    record.centre_by, record.centre_at = work.person.account, work.now
    record.opinion = work.sealer.seal(opinion, OPINION.at(order_id=record.order_id, reply_id=reply_id))
    _tell_rejected(work, record, record.opinion, by=work.person.account)


async def take_back(work: Work, event: ReplyOutdated) -> None:
    """An approved reply is not sent, because the centre did not know the demand as it is: the unit reworks it (S1.1.4c, S2.3a).

    Only the approval that was not sent is taken back: heard a second time, it finds the reply rejected.
    """
    record = await _approved_round(work, event)
    if record is None:
        return
    changes = (DemandChange(event.version, event.changed, event.outdated_at),)
    _keep_findings(work, record, with_demand(findings_of(work.sealer, record), changes))
    more = {"known_version": event.known_version, "demand_version": event.version, "fields": list(event.changed)}
    record.taken_back_at = work.now
    opinion = outdated_opinion(changes)
    record.opinion = work.sealer.seal(opinion, OPINION.at(order_id=record.order_id, reply_id=record.reply_id))
    with work.by_itself():
        _moved(work, record, Move.TAKE_BACK, "reply.taken_back", **more)
        _tell_rejected(work, record, record.opinion, by=SYSTEM.account)


def _tell_rejected(work: Work, record: RoundRecord, opinion: str, *, by: str) -> None:
    work.emit(
        ReplyRejected(
            order_id=record.order_id,
            reply_id=record.reply_id,
            round=record.round,
            unit=record.unit,
            opinion=opinion,
            rejected_by=by,
            rejected_at=work.now,
            taken_back=record.taken_back_at is not None,
        )
    )


async def _check_centre(work: Work, record: RoundRecord, move: Move, version: int | None) -> store.Background:
    check_version(record.version, version)
    background = await store.background_of(work.session, record.order_id)
    rules.check_centre_decision(
        record.state,
        move,
        account=work.person.account,
        involved=involved_in(record, background.caseworkers),
        scheme=background.scheme,
    )
    return background


def involved_in(record: RoundRecord, caseworkers: Collection[str]) -> frozenset[str]:
    """Everybody who may not review the reply: who handled the order, submitted, or released it for the unit (S2.3a)."""
    return frozenset({*caseworkers, record.submitted_by, *({record.leader_by} if record.leader_by else ())})
