"""What the other services tell about an order.

An event that comes too late for the order as it stands (a word on an earlier reply, an acknowledgement after the
revisit, anything about an ended order) changes nothing and is written down as passed by: the other side could not know
better.  An event that contradicts the table for the reply that counts now is refused and parked for an operator: then
one of the two services is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.dispatch.handlers.sealed import open_demand
from services.dispatch.model import ENDED, Candidate, Move, Revisit, Status
from services.dispatch.rules.lifecycle import MOVES, after, revisit_verdict, vain_day
from services.dispatch.rules.recommendation import recommend
from services.dispatch.store import cases, units
from services.dispatch.tables import CaseRecord
from shared.contracts.base import OrderEvent
from shared.contracts.dispatch import OrderClosed, OrderPlanned, OrderReopened
from shared.contracts.intake import (
    OrderCancelled,
    OrderFedBack,
    OrderReceived,
    OrderRedoRequested,
    OrderRevisited,
    OrderUpdated,
    OrderUrged,
)
from shared.contracts.review import ReplyApproved, ReplyLeaderApproved, ReplyLeaderRejected, ReplyRejected
from shared.contracts.sla import PlanBroken, PlanWoken
from shared.identity import Scope
from shared.outbox import Envelope
from shared.work import Work

_ALL = Scope(unit=None, everything=True)
_WITH_THE_UPSTREAM = frozenset({Status.AWAITING_FEEDBACK, Status.REVISIT, Status.CLOSED})
_UNDER_REVIEW = frozenset({Status.LEADER_REVIEW, Status.CENTRE_REVIEW})


async def hold_cases(work: Work, envelopes: Sequence[Envelope]) -> None:
    """Lock the orders that these events are about, in one statement: the handlers find them at hand."""
    # In one order everywhere, so that two members who read the same events never wait for each other in a circle.
    order_ids = sorted({one.event.order_id for one in envelopes if isinstance(one.event, OrderEvent)})
    if order_ids:
        await cases.hold_cases(work.session, order_ids)


async def open_case(work: Work, event: OrderReceived) -> None:
    """Put a received order on the dispatch desk, with the units it might belong to (S2.1a)."""
    candidates = await _recommended(work, event)
    record = CaseRecord(
        order_id=event.order_id,
        platform=event.platform,
        platform_no=event.platform_no,
        level=event.level,
        subject=event.subject,
        scheme=event.scheme,
        category=event.category,
        urgent=list(event.urgent),
        queue=0 if event.urgent else 1,
        out_of_scope=event.out_of_scope,
        street=event.street,
        confidential=event.confidential,
        demand=event.demand,
        demand_version=1,
        recommended=[candidate.unit for candidate in candidates],
        received_at=event.received_at,
        upstream_due_at=event.upstream_due_at,
        is_test=event.is_test,
        status=Status.TRIAGE,
        assignment=0,
        no_return=False,
        returned_by=[],
        returns=0,
        attempts=0,
        vain_attempts=0,
        counted_contacts=0,
        round=0,
        redos=0,
        revisits=0,
        vain_revisit_days=[],
        urges=0,
    )
    if not await cases.add_case(work.session, record):
        return
    await cases.put_recommendation(work.session, event.order_id, candidates, work.now)
    work.audit("order.opened", event.order_id, after={"status": Status.TRIAGE, "recommended": record.recommended})


async def refresh_case(work: Work, event: OrderUpdated) -> None:
    """Take over what the upstream changed; recommend anew while no unit has the order (S1.1.4c)."""
    record = await cases.case_for_update(work.session, event.order_id, _ALL)
    if event.version <= record.demand_version:
        return
    record.demand_version, record.demand = event.version, event.demand
    record.category, record.street = event.category, event.street
    record.urgent, record.queue = list(event.urgent), 0 if event.urgent else 1
    if event.upstream_due_at is not None:
        record.upstream_due_at = event.upstream_due_at
    if record.status in {Status.TRIAGE, Status.CONSULT}:
        candidates = await _recommended(work, event)
        record.recommended = [candidate.unit for candidate in candidates]
        await cases.put_recommendation(work.session, event.order_id, candidates, work.now)
    work.audit("order.refreshed", event.order_id, after={"version": event.version, "changed": list(event.changed)})


async def cancel_case(work: Work, event: OrderCancelled) -> None:
    """The upstream took the order back; after the feedback it is too late for that."""
    record = await cases.case_for_update(work.session, event.order_id, _ALL)
    status = Status(record.status)
    if (status, Move.CANCEL) not in MOVES:
        _pass_by(work, record, event)
        return
    if status in _UNDER_REVIEW and record.reply_id is not None:
        await cases.judge_reply(work.session, record.reply_id, state="void", at=work.now)
    record.status, record.ended_at = after(status, Move.CANCEL), event.cancelled_at
    work.audit("order.cancelled", event.order_id, before={"status": status}, after={"status": record.status})


async def mark_urged(work: Work, event: OrderUrged) -> None:
    """The upstream urged the order: everybody who opens it sees so."""
    record = await cases.case_for_update(work.session, event.order_id, _ALL)
    record.urges, record.urged_at = record.urges + 1, event.urged_at
    work.audit("order.urged", event.order_id, after={"urges": record.urges})


async def take_to_centre(work: Work, event: ReplyLeaderApproved) -> None:
    """The unit's leader let the reply go: the centre reviews it (S2.2.3c)."""
    await _judge(work, event, Move.LEADER_APPROVE, state="leader_approved")


async def give_back_to_handler(work: Work, event: ReplyLeaderRejected) -> None:
    """The unit's leader gave the reply back to the handler."""
    await _judge(work, event, Move.LEADER_REJECT, state="leader_rejected", opinion=event.opinion)


async def await_feedback(work: Work, event: ReplyApproved) -> None:
    """The centre approved the reply; intake feeds it back (S2.3b).  列入计划 sleeps until its day (S2.2.2e)."""
    planned = event.disposition == "planned"
    record = await _judge(work, event, Move.PLAN if planned else Move.APPROVE, state="approved")
    if record is None:
        return
    record.disposition = event.disposition
    if planned:
        # The completion is told to the caller anew: what was said before the plan does not count for it (S2.2.2f).
        record.attempts = record.vain_attempts = record.counted_contacts = 0
        assert record.first_assigned_at is not None
        work.emit(
            OrderPlanned(
                order_id=record.order_id,
                unit=event.unit,
                reply_id=event.reply_id,
                plan_on=await cases.plan_day_of(work.session, event.reply_id),
                first_assigned_at=record.first_assigned_at,
                planned_at=event.approved_at,
            )
        )


async def wake_planned(work: Work, event: PlanWoken | PlanBroken) -> None:
    """The day of the plan has come, or passed: the unit handles the order again (S2.2.2f)."""
    record = await cases.case_for_update(work.session, event.order_id, _ALL)
    if record.status != Status.PLANNED:
        _pass_by(work, record, event)
        return
    record.status, record.reply_id = after(Status.PLANNED, Move.WAKE), None
    work.audit(
        "order.woken",
        event.order_id,
        before={"status": Status.PLANNED},
        after={"status": record.status},
        reason=event.type,
    )


async def send_to_rework(work: Work, event: ReplyRejected) -> None:
    """The centre sent the reply back: the same unit works on, no clock is touched (S2.3c, S2.3d)."""
    await _judge(work, event, Move.REJECT, state="rejected", opinion=event.opinion)


async def await_revisit(work: Work, event: OrderFedBack) -> None:
    """The upstream has the reply and will call the person back."""
    record = await cases.case_for_update(work.session, event.order_id, _ALL)
    status = Status(record.status)
    if record.reply_id != event.reply_id or status in ENDED | {Status.REVISIT}:
        _pass_by(work, record, event)
        return
    record.status = after(status, Move.FEED_BACK)
    work.audit("order.fed_back", event.order_id, before={"status": status}, after={"status": record.status})


async def settle_revisit(work: Work, event: OrderRevisited) -> None:
    """Close the order, let the unit handle it once more, or wait for the next revisit (A31, A32)."""
    record = await cases.case_for_update(work.session, event.order_id, _ALL)
    if event.revisit <= record.revisits:
        return
    record.revisits = event.revisit
    revisit = Revisit(event.valid, event.solved, event.satisfied, event.revisited_at)
    verdict = revisit_verdict(revisit, frozenset(record.vain_revisit_days))
    status = Status(record.status)
    if status not in _WITH_THE_UPSTREAM or (status is Status.CLOSED and verdict in {"close", "in_vain"}):
        _pass_by(work, record, event)
    elif verdict == "close":
        await _close(work, record, solved=event.valid)
    elif verdict == "in_vain":
        record.status = after(status, Move.REVISIT_IN_VAIN)
        record.vain_revisit_days = sorted({*record.vain_revisit_days, vain_day(revisit)})
        work.audit("order.revisited_in_vain", event.order_id, after={"days": record.vain_revisit_days})
    else:
        _reopen(work, record, "unsolved" if verdict == "unsolved" else "unsatisfied")


async def redo_order(work: Work, event: OrderRedoRequested) -> None:
    """The upstream demands that the order be handled once more (重办)."""
    record = await cases.case_for_update(work.session, event.order_id, _ALL)
    if record.status not in _WITH_THE_UPSTREAM | {Status.PLANNED}:
        _pass_by(work, record, event)
        return
    _reopen(work, record, "unsolved")


async def _recommended(work: Work, event: OrderReceived | OrderUpdated) -> tuple[Candidate, ...]:
    return recommend(
        open_demand(work.sealer, event.order_id, event.demand),
        category=event.category,
        street=event.street,
        units=await units.catalogue(work.session),
        experience=await cases.experience_with(work.session, event.category),
    )


def _pass_by(work: Work, record: CaseRecord, event: OrderEvent) -> None:
    work.audit("event.passed_by", record.order_id, after={"status": record.status, "event": event.type})


async def _judge(
    work: Work,
    event: ReplyLeaderApproved | ReplyLeaderRejected | ReplyApproved | ReplyRejected,
    move: Move,
    *,
    state: str,
    opinion: str | None = None,
) -> CaseRecord | None:
    """Move the order as its current reply was judged; None when the word was about another reply or an ended order."""
    record = await cases.case_for_update(work.session, event.order_id, _ALL)
    status = Status(record.status)
    if record.reply_id != event.reply_id or status in ENDED:
        _pass_by(work, record, event)
        return None
    record.status = after(status, move)
    await cases.judge_reply(work.session, event.reply_id, state=state, at=work.now, opinion=opinion)
    changed = {"status": record.status, "reply_id": event.reply_id}
    work.audit(f"reply.{state}", event.order_id, before={"status": status}, after=changed)
    return record


async def _close(work: Work, record: CaseRecord, *, solved: bool) -> None:
    assert record.unit is not None
    assert record.disposition is not None
    before = record.status
    record.status, record.ended_at = after(Status(before), Move.CLOSE), work.now
    if solved:
        await cases.add_experience(
            work.session, category=record.category, unit=record.unit, order_id=record.order_id, closed_at=work.now
        )
    work.emit(
        OrderClosed.model_validate(
            {
                "order_id": record.order_id,
                "unit": record.unit,
                "disposition": record.disposition,
                "redos": record.redos,
                "closed_at": work.now,
            }
        )
    )
    work.audit("order.closed", record.order_id, before={"status": before}, after={"status": record.status})


def _reopen(work: Work, record: CaseRecord, reason: str) -> None:
    """The same unit handles it once more; the caller is heard anew before the next reply (S2.2.3a)."""
    assert record.unit is not None
    before = record.status
    record.status, record.ended_at = after(Status(before), Move.REOPEN), None
    record.redos, record.reply_id = record.redos + 1, None
    record.attempts = record.vain_attempts = record.counted_contacts = 0
    record.vain_revisit_days, record.promised_at = [], None
    work.emit(
        OrderReopened.model_validate(
            {
                "order_id": record.order_id,
                "unit": record.unit,
                "redos": record.redos,
                "reason": reason,
                "reopened_at": work.now,
            }
        )
    )
    work.audit(
        "order.reopened", record.order_id, before={"status": before}, after={"status": record.status}, reason=reason
    )
