"""Replies: the unit submits one, its leader and the centre decide on it, and the day of a plan comes."""

from __future__ import annotations

from services.dispatch.materials.store import attach
from services.dispatch.orders.handlers import audit_passed_by
from services.dispatch.orders.model import ENDED, Move, Status
from services.dispatch.orders.rules import after
from services.dispatch.orders.store import case_for_update
from services.dispatch.orders.tables import CaseRecord
from services.dispatch.replies import store
from services.dispatch.replies.model import Reply, ReplyState
from services.dispatch.replies.rules import check_demand, check_plan, check_reply
from services.dispatch.replies.tables import ReplyRecord
from services.dispatch.rulesets.store import rules_at
from shared.access import EVERYTHING, Scope
from shared.contracts.dispatch import OrderPlanned, ReplySubmitted
from shared.contracts.intake import ReplyNotSent
from shared.contracts.places import GROUNDS, REPLY
from shared.contracts.review import ReplyApproved, ReplyLeaderApproved, ReplyLeaderRejected, ReplyRejected
from shared.contracts.sla import PlanBroken, PlanWoken
from shared.work import Work


async def submit_reply(work: Work, order_id: str, scope: Scope, reply: Reply) -> tuple[str, int]:
    """Submit the unit's reply to its leader; its id and its round (S2.2.3a-c, S2.2.2b-h)."""
    record = await case_for_update(work, order_id, scope)
    before = record.status
    status = after(before, Move.SUBMIT)
    case = record.as_case()
    changed = tuple(dict.fromkeys(name for change in record.demand_changes for name in change["fields"]))
    check_demand(reply, demand_version=record.demand_version, changed=changed)
    check_reply(case, reply, now=work.now)
    if reply.disposition == "planned" and reply.plan_on is not None:
        check_plan(case, reply.plan_on, rules=await rules_at(work.session, case.received_at), now=work.now)
    assert record.unit is not None

    reply_id = str(work.ids())
    record.status, record.round, record.reply_id = status, record.round + 1, reply_id
    record.demand_changes = []
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
            state=ReplyState.SUBMITTED,
            submitted_at=work.now,
            submitted_by=work.person.account,
        )
    )
    attach(work, reply.evidence, order_id=order_id, purpose="reply", owner_id=reply_id, unit=record.unit)
    work.emit(
        ReplySubmitted(
            order_id=order_id,
            reply_id=reply_id,
            round=record.round,
            unit=record.unit,
            disposition=reply.disposition,
            demand_version=record.demand_version,
            reply=sealed,
            submitted_by=work.person.account,
            submitted_at=work.now,
            redos=record.redos,
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
    return work.sealer.seal_json(elements, REPLY.at(order_id=order_id, reply_id=reply_id))


def _sealed_grounds(work: Work, order_id: str, reply_id: str, reply: Reply) -> str | None:
    grounds = {"statement": reply.statement, "legal_basis": reply.legal_basis, "site_record": reply.site_record}
    if not any(grounds.values()):
        return None
    return work.sealer.seal_json(grounds, GROUNDS.at(order_id=order_id, reply_id=reply_id))


async def take_to_centre(work: Work, event: ReplyLeaderApproved) -> None:
    """The unit's leader approved the reply: the centre reviews it, and the unit returns the order no more (S2.2.3c, S3.1b)."""
    record = await _judge(work, event, Move.LEADER_APPROVE, ReplyState.LEADER_APPROVED)
    if record is not None and event.unit not in record.answered_by:
        record.answered_by = [*record.answered_by, event.unit]


async def give_back_to_caseworker(work: Work, event: ReplyLeaderRejected) -> None:
    """The unit's leader gave the reply back to the caseworker."""
    await _judge(work, event, Move.LEADER_REJECT, ReplyState.LEADER_REJECTED, opinion=event.opinion)


async def await_feedback(work: Work, event: ReplyApproved) -> None:
    """The centre approved the reply; intake feeds it back (S2.3b).  列入计划 waits for its day (S2.2.2e)."""
    planned = event.disposition == "planned"
    record = await _judge(work, event, Move.PLAN if planned else Move.APPROVE, ReplyState.APPROVED)
    if record is None:
        return
    record.disposition = event.disposition
    if planned:
        # The unit tells the caller of the completion in a new contact: contacts before the plan do not count for it
        # (S2.2.2f).
        record.begin_turn(work.now)
        assert record.first_assigned_at is not None
        work.emit(
            OrderPlanned(
                order_id=record.order_id,
                unit=event.unit,
                reply_id=event.reply_id,
                plan_on=await store.plan_day_of(work.session, event.reply_id),
                first_assigned_at=record.first_assigned_at,
                planned_at=event.approved_at,
            )
        )


async def send_to_rework(work: Work, event: ReplyRejected) -> None:
    """The reply was sent back: the same unit works on, no deadline changes (S2.3c, S2.3d).

    By the centre that reviewed it, or, although it was approved, because the demand was another one by then: the order then
    is as if that approval had not been (S1.1.4c).
    """
    record = await _judge(work, event, Move.REJECT, ReplyState.REJECTED, opinion=event.opinion)
    if record is not None:
        record.disposition = await store.approved_disposition(work.session, event.order_id)


async def void_not_sent(work: Work, event: ReplyNotSent) -> None:
    """An approved reply was not sent, because the order was cancelled or reopened before that (S2.3b).

    The order has moved by then, for the same reason: only the reply's own state and what it said of the disposition go.
    """
    record = await case_for_update(work, event.order_id, EVERYTHING)
    if not await store.void_approved(work, event.reply_id):
        audit_passed_by(work, record, event)
        return
    record.disposition = await store.approved_disposition(work.session, event.order_id)
    after = {"status": record.status, "reply_id": event.reply_id}
    with work.by_itself():
        work.audit(f"reply.{ReplyState.VOID}", event.order_id, after=after, reason=event.reason)


async def wake_planned(work: Work, event: PlanWoken | PlanBroken) -> None:
    """The day of the plan has come, or passed: the unit handles the order again (S2.2.2f)."""
    record = await case_for_update(work, event.order_id, EVERYTHING)
    if record.status != Status.PLANNED:
        audit_passed_by(work, record, event)
        return
    record.status, record.reply_id = after(Status.PLANNED, Move.WAKE), None
    before, changed = {"status": Status.PLANNED}, {"status": record.status}
    with work.by_itself():
        work.audit("order.woken", event.order_id, before=before, after=changed, reason=event.type)


async def _judge(
    work: Work,
    event: ReplyLeaderApproved | ReplyLeaderRejected | ReplyApproved | ReplyRejected,
    move: Move,
    state: ReplyState,
    *,
    opinion: str | None = None,
) -> CaseRecord | None:
    """Move the order as its current reply was judged; None when it was another reply, or the order has ended."""
    record = await case_for_update(work, event.order_id, EVERYTHING)
    before = record.status
    if record.reply_id != event.reply_id or before in ENDED:
        audit_passed_by(work, record, event)
        return None
    record.status = after(before, move)
    await store.judge_reply(work, event.reply_id, state, opinion=opinion)
    changed = {"status": record.status, "reply_id": event.reply_id}
    reason = f"reply:{event.reply_id}" if opinion else None
    work.audit(f"reply.{state}", event.order_id, before={"status": before}, after=changed, reason=reason)
    return record
