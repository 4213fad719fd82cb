"""What happens to an order starts, stops and moves its clocks: load, decide, change, emit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from services.sla.caller_reply.handlers import judge_caller_reply, remember
from services.sla.caller_reply.rules import TOLD_BY_OTHERS
from services.sla.candidates.handlers import name_overdue, raise_candidates
from services.sla.candidates.model import Proposal
from services.sla.chain_plans.handlers import begin_chain, replan_chain, resume_chain, with_chain
from services.sla.clocks.handlers import (
    annul,
    excuse_after,
    kinds_of,
    move,
    requeue,
    requieten,
    start,
    stop,
    use_closed_window,
    void,
)
from services.sla.clocks.store import closed_window, running_clocks
from services.sla.clocks.tables import ClockRecord
from services.sla.order_events import rules
from services.sla.order_events.model import Assigned
from services.sla.order_events.policy import ENDED_BY_REDO, EXCLUSIONS, STOPS, UNIT_CLOCKS
from services.sla.orders.model import Received
from services.sla.orders.store import add_order, order_for_update, rules_for
from services.sla.orders.tables import OrderRecord
from services.sla.plans.handlers import take_plan_back
from services.sla.rulesets.policy import RuleSet
from services.sla.rulesets.store import rules_at
from shared.contracts.dispatch import (
    CallerContacted,
    OrderAccepted,
    OrderAssigned,
    OrderClosed,
    OrderReopened,
    ProgressNoted,
    ReplySubmitted,
    ReturnAccepted,
    ReturnRejected,
    ReturnRequested,
)
from shared.contracts.intake import OrderCancelled, OrderFedBack, OrderReceived, OrderRevisited, OrderUpdated
from shared.contracts.review import ReplyApproved, ReplyLeaderApproved, ReplyLeaderRejected, ReplyRejected
from shared.contracts.sla import ClockKind
from shared.urgency import queue_of
from shared.work import Work


async def start_district_clocks(work: Work, event: OrderReceived) -> None:
    """The district's deadlines run from our receipt, time in quarantine included (A04, S1.1.4a, S1.2.1, S2.1b)."""
    received = Received(
        order_id=event.order_id,
        scheme=event.scheme,
        urgent=bool(event.urgent),
        received_at=event.received_at,
        upstream_due_at=event.upstream_due_at,
        safety="safety" in event.urgent,
        queue=queue_of(event.urgent),
    )
    rule_set = await rules_at(work, event.received_at)
    order = await add_order(work, received, rules=rule_set.version)
    if order is not None:
        plans = rules.clocks_on_receipt(received, rule_set, work.calendar, known_at=event.released_at)
        start(work, order, plans, rule_set)


async def follow_the_upstream(work: Work, event: OrderUpdated) -> None:
    """A changed repeat, or a person, may change the urgent classes or bring another deadline (S1.1.4c, S1.3.1a-c)."""
    order = await order_for_update(work, event.order_id)
    rule_set = await rules_for(work, order)
    if event.flags_version > order.flags_version:
        await _follow_urgency(work, order, event, rule_set)
    if event.upstream_due_at != order.upstream_due_at:
        order.upstream_due_at = event.upstream_due_at
        await _follow_deadline(work, order, event, rule_set)
        if order.ended_at is None:
            await replan_chain(work, order)


async def _follow_deadline(work: Work, order: OrderRecord, event: OrderUpdated, rule_set: RuleSet) -> None:
    """The upstream's own deadline as it names it now: another moment moves the clock, none ends it as if it had not run.

    The order's end may be heard of first: what the upstream said before it still holds.
    """
    at, occasion = event.updated_at, f"version:{event.version}"
    plan = rules.upstream_clock(order.facts, occasion, at, rule_set, work.calendar)
    if plan is None:
        reason = f"上级平台取消了办理时限（第{event.version}版）"
        await annul(work, order, "upstream_due", at, "upstream", reason, ended_since=at)
        return
    changed = f"上级平台变更时限（第{event.version}版）"
    running = [c for c in await running_clocks(work, order.order_id) if c.kind == "upstream_due"]
    movable = [clock for clock in running if plan.due.at > clock.started_at]
    for clock in movable:
        move(work, order, clock, plan, changed, rule_set)
    if movable or (order.ended_at is not None and order.ended_at <= at):
        return
    # None runs, or the named moment lies before the clock's start: then it is missed from the first.
    await annul(work, order, "upstream_due", at, "upstream", changed, ended_since=at)
    new = start(work, order, (plan,), rule_set)
    if order.ended_at is not None:
        if order.answered_at is not None and order.answered_redos == order.redos:
            stop(work, new, STOPS["fed_back"], order.answered_at)
        void(work, new, {"upstream_due"}, order.ended_at)


async def _follow_urgency(work: Work, order: OrderRecord, event: OrderUpdated, rule_set: RuleSet) -> None:
    """The latest urgent classes hold, whichever of intake and dispatch was heard first (S1.3.1a-c).

    The first class starts the caller's 24 hours, the last one that goes ends them with their breaches; safety ends the
    quiet hours, and without it they hold again. All other clocks run on.
    """
    before = (order.urgent, order.safety)
    order.flags_version = event.flags_version
    order.urgent, order.safety = bool(event.urgent), "safety" in event.urgent
    if order.queue != queue_of(event.urgent):
        order.queue = queue_of(event.urgent)
        await requeue(work, order)
    if (order.urgent, order.safety) == before:
        return
    for clock in await running_clocks(work, order.order_id):
        requieten(work, clock, order, rule_set)
    if not order.urgent:
        order.urgent_since, order.answering = None, []
        reason = f"工单不再属于紧急事项（紧急类别第{event.flags_version}次判定）"
        await annul(work, order, "caller_reply", event.updated_at, "not_urgent", reason)
    elif order.urgent_since is None:
        order.urgent_since = event.updated_at
        await judge_caller_reply(work, order, rule_set)


async def start_unit_clocks(work: Work, event: OrderAssigned) -> None:
    """The unit's deadlines run from 交办; those of the unit before it end (A04, A15, S2.1b)."""
    order = await order_for_update(work, event.order_id)
    if order.cancelled:
        # Dispatch assigned before the upstream's cancellation reached it: no clock may outlive that.
        return
    assigned = Assigned(event.assignment, event.unit, event.no_return, event.determined_at, event.assigned_at)
    clocks = await running_clocks(work, event.order_id)
    stop(work, clocks, STOPS["assigned"], event.assigned_at)
    void(work, clocks, UNIT_CLOCKS, event.assigned_at)
    await name_overdue(work, order, clocks, event.assigned_at, leaves=True)
    order.unit, order.ended_at, order.no_return = event.unit, None, event.no_return
    # What review and intake tell of this assignment may have been heard before it.
    before = {reply for _, step, reply in order.steps if step == "submitted"}
    order.steps = [
        [at, step, reply]
        for at, step, reply in order.steps
        if step in TOLD_BY_OTHERS and reply not in before and datetime.fromisoformat(at) >= event.assigned_at
    ]
    order.assigned_at = event.assigned_at
    since = rules.since_urgent(order.facts, event.assigned_at)
    order.answering_since = frozenset({since} if order.urgent else ())
    rule_set = await rules_for(work, order)
    plans = rules.clocks_on_assignment(order.facts, assigned, rule_set, work.calendar)
    _end_windows(work, order, start(work, order, await with_chain(work, order, plans, rule_set), rule_set))
    if order.urgent:
        await judge_caller_reply(work, order, rule_set)
    _judge_determination(work, order, assigned, rule_set)


async def stop_on_acceptance(work: Work, event: OrderAccepted) -> None:
    """Accepting the order stops the clock for accepting it, and nothing else (A04, S3.1d)."""
    await _stop_for(work, event.order_id, STOPS["accepted"], event.accepted_at, unit=event.unit)


async def stop_on_contact(work: Work, event: CallerContacted) -> None:
    """A contact that counts stops the contact clocks; only a reached caller was answered (S2.2.1a, S1.3.1d)."""
    kinds: set[ClockKind] = set(STOPS["contacted"] if event.counts else STOPS["tried"])
    if event.outcome == "reached":
        kinds |= STOPS["reached"]
    order = await _stop_for(work, event.order_id, kinds, event.recorded_at, unit=event.unit)
    if event.outcome == "reached" and order.unit == event.unit:
        await remember(work, order, "reached", event.recorded_at)
    await _promise(work, order, event.unit, event.promised_at, event.recorded_at)


async def keep_the_promise(work: Work, event: ProgressNoted) -> None:
    """A progress note ends the day's duty to write one, and its promise is a clock of its own (S2.2.1d, S2.2.1e)."""
    order = await _stop_for(work, event.order_id, STOPS["noted"], event.noted_at, unit=event.unit)
    await _promise(work, order, event.unit, event.promised_at, event.noted_at)


async def stop_on_reply(work: Work, event: ReplySubmitted) -> None:
    """A reply makes the day's progress note needless; every deadline of the order runs on (A19)."""
    order = await _stop_for(work, event.order_id, STOPS["submitted"], event.submitted_at, unit=event.unit)
    await remember(work, order, "submitted", event.submitted_at, event.reply_id)
    await begin_chain(work, order)


async def go_back_to_unit(work: Work, event: ReplyLeaderRejected) -> None:
    """The unit's own leader rejected the reply: it has to be submitted anew (S2.2.3i)."""
    order = await order_for_update(work, event.order_id)
    await remember(work, order, "rejected", event.rejected_at, event.reply_id)
    await resume_chain(work, order)


async def start_review(work: Work, event: ReplyLeaderApproved) -> None:
    """The centre's own time begins when the unit's leader lets the reply go; the unit may return no more (S2.3a, S3.1b)."""
    order = await order_for_update(work, event.order_id)
    released = {"unit": event.unit, "at": event.approved_at.isoformat()}
    if released not in order.released:
        order.released = [*order.released, released]
    _end_windows(work, order, await running_clocks(work, event.order_id))
    if order.ended_at is not None or event.redos < order.redos:
        return
    rule_set = await rules_for(work, order)
    plan = rules.clock_on_review(event.round, event.reply_id, event.approved_at, rule_set, work.calendar)
    start(work, order, (plan,), rule_set)


def _end_windows(work: Work, order: OrderRecord, clocks: Sequence[ClockRecord]) -> None:
    """A unit whose leader has let a reply go returns the order no more: dispatch refuses it from then on (S3.1b).

    Review and dispatch are heard in no common order: the answer may come before the assignment that it answers.
    """
    for clock in clocks:
        if clock.kind == "return_window" and clock.unit is not None:
            at = order.answered(clock.unit, clock.started_at)
            if at is not None and at <= clock.due_at:
                void(work, (clock,), {"return_window"}, at)


async def stop_review(work: Work, event: ReplyApproved | ReplyRejected) -> None:
    """The centre has judged; a rejection resets no other clock (S2.3d, A19).

    A reply may be rejected after its approval, because intake did not send it (S1.1.4c): while a later one is reviewed,
    perhaps.
    """
    at = event.approved_at if isinstance(event, ReplyApproved) else event.rejected_at
    review = rules.review_occasion(event.round, event.reply_id)
    order = await _stop_for(work, event.order_id, STOPS["judged"], at, occasion=review)
    if isinstance(event, ReplyRejected):
        await take_plan_back(work, order, event.reply_id, at)
        await remember(work, order, "rejected", at, event.reply_id)
        await resume_chain(work, order)


async def lock_to_unit(work: Work, event: ReturnRejected) -> None:
    """The order stays with the unit for good (S3.1d).

    Nothing is left to accept: the decision puts the order into the unit's hands, and dispatch offers no acceptance of what
    is being handled.
    """
    order = await order_for_update(work, event.order_id)
    order.no_return = True


async def stop_on_return_request(work: Work, event: ReturnRequested) -> None:
    """Asking inside the window stops the window; every other clock runs on (S2.2.1f, S2.2.1i).

    Dispatch judges the window by its own copy of the calendar, and the request may be heard late: so a window that has
    closed here was used all the same.
    """
    order = await _stop_for(work, event.order_id, STOPS["return_requested"], event.requested_at, unit=event.unit)
    window = await closed_window(work.session, order, event.unit)
    if window is not None:
        use_closed_window(work, window, event.requested_at)


async def release_the_unit(work: Work, event: ReturnAccepted) -> None:
    """The unit's clocks end; the district has to assign anew the same day (A15, S2.1b)."""
    order = await order_for_update(work, event.order_id)
    clocks = await running_clocks(work, event.order_id)
    void(work, clocks, UNIT_CLOCKS, event.decided_at)
    await name_overdue(work, order, clocks, event.decided_at, leaves=True)
    order.unit = None
    if order.cancelled:
        return
    rule_set = await rules_for(work, order)
    plans = [rules.clock_on_return(event.returns, event.decided_at, rule_set, work.calendar)]
    # Dispatch sends the order to the panel by the same number of the same rule set (S3.1h, A21).
    if event.returns >= rule_set.returns_to_panel.count:
        plans.append(rules.clock_on_panel(event.returns, event.decided_at, rule_set, work.calendar))
    start(work, order, plans, rule_set)


async def stop_on_feedback(work: Work, event: OrderFedBack) -> None:
    """The upstream acknowledged the reply: final, district and upstream clocks end (S1.1.4a, S1.2.2b, S2.3b).

    A plan ends with the reply that tells its completion, not with one that announces it or another (S2.2.2f).  An
    acknowledgement of a cycle that was reopened since stops nothing: the clocks that run belong to the reply that is still
    to come.
    """
    order = await order_for_update(work, event.order_id)
    if event.redos < order.redos:
        return
    if order.answered_redos is None or order.answered_redos < event.redos:
        order.answered_redos, order.answered_at = event.redos, event.fed_back_at
    await _stop_for(work, event.order_id, STOPS["fed_back"], event.fed_back_at)
    await remember(work, order, "fed_back", event.fed_back_at, event.reply_id)
    if event.disposition == "planned":
        return
    stop(work, await running_clocks(work, event.order_id), {"plan"}, event.fed_back_at)
    if order.ended_at is None:
        rule_set = await rules_for(work, order)
        plan = rules.clock_on_feedback(event.reply_id, event.fed_back_at, rule_set, work.calendar)
        start(work, order, (plan,), rule_set)


async def stop_on_revisit(work: Work, event: OrderRevisited) -> None:
    """The caller was called back (S4.1d); a call about an earlier reply, heard of late, answers for no later one."""
    order = await order_for_update(work, event.order_id)
    earlier = event.of_earlier_reply or event.redos < max(order.redos, order.answered_redos or 0)
    if event.valid and not earlier:
        await _stop_for(work, event.order_id, STOPS["revisited"], event.revisited_at)


async def end_clocks(work: Work, event: OrderClosed | OrderCancelled) -> None:
    """The order has ended: what still runs becomes void.

    A close may be heard before the acknowledgement that it rests on: the clocks that this stops end at its moment.  An
    exclusion is closed without a call to the person, so the clock for that is void.
    """
    order = await order_for_update(work, event.order_id)
    if isinstance(event, OrderClosed) and event.redos < order.redos:
        return
    ended_at = event.closed_at if isinstance(event, OrderClosed) else event.cancelled_at
    clocks = await running_clocks(work, event.order_id)
    if isinstance(event, OrderClosed):
        if event.fed_back_at is not None:
            stop(work, clocks, STOPS["fed_back"], event.fed_back_at)
            if order.answered_redos is None or order.answered_redos < event.redos:
                order.answered_redos, order.answered_at = event.redos, event.fed_back_at
        if event.disposition not in EXCLUSIONS:
            stop(work, clocks, STOPS["revisited"], ended_at)
    void(work, clocks, kinds_of(clocks), ended_at)
    if isinstance(event, OrderCancelled):
        # Who did not know of it yet has assigned or handled the order since.
        await excuse_after(work, order, ended_at, "工单此前已被上级平台撤销，平台随后才得知")
    await name_overdue(work, order, clocks, ended_at)
    order.ended_at, order.cancelled = ended_at, order.cancelled or isinstance(event, OrderCancelled)
    if isinstance(event, OrderClosed):
        await remember(work, order, "closed", ended_at)


async def start_redo(work: Work, event: OrderReopened) -> None:
    """重办: a new final clock for the unit, and a new day for the caller of an urgent order (A34, S1.3.1c).

    Rework of a rejected reply starts neither (A19).

    What still runs of the cycle before ends at the moment at which the upstream had its reply: the acknowledgement may be
    heard later, and then stops nothing.  Plan, review and call-back of that cycle no longer apply.
    """
    order = await order_for_update(work, event.order_id)
    if order.cancelled or event.redos <= order.redos:
        return
    answered = order.answered_redos is not None and order.answered_redos >= event.redos
    answered_at = event.fed_back_at or event.reopened_at
    if not answered:
        clocks = await running_clocks(work, event.order_id)
        # A unit that got the order after that reply has not answered with it.
        stop(work, [one for one in clocks if one.started_at <= answered_at], STOPS["fed_back"], answered_at)
        void(work, clocks, ENDED_BY_REDO, event.reopened_at)
        await name_overdue(work, order, clocks, event.reopened_at)
    order.unit, order.ended_at, order.redos = event.unit, None, event.redos
    rule_set = await rules_for(work, order)
    plans = rules.clocks_on_redo(order.facts, event.unit, event.redos, event.reopened_at, rule_set, work.calendar)
    new = start(work, order, await with_chain(work, order, plans, rule_set), rule_set)
    if answered and order.answered_at is not None:
        # The acknowledgement of this cycle's reply was heard before the redo that began the cycle.
        stop(work, new, STOPS["fed_back"], order.answered_at)
    if order.urgent:
        order.answering_since = order.answering_since | {rules.since_urgent(order.facts, event.reopened_at)}
    if order.assigned_at is not None and answered_at >= order.assigned_at:
        order.steps = [*order.steps, [answered_at.isoformat(), "answered", ""]]
    await remember(work, order, "reopened", event.reopened_at)
    done_before = event.redos - 1
    if event.reason == "unsolved" and done_before >= rule_set.redos_before_supervision.count:
        facts = f"重办 {done_before} 次后回访仍未解决"
        occasion = f"order:{event.order_id}"
        await raise_candidates(work, [Proposal(event.unit, "unsolved", occasion, facts, event.order_id)])


async def _promise(
    work: Work, order: OrderRecord, unit: str, promised_at: datetime | None, recorded_at: datetime
) -> None:
    """Each promise is a clock of its own: only a contact keeps it, a new promise does not undo it (S2.2.1e)."""
    if promised_at is None or order.ended_at is not None or order.unit != unit:
        return
    rule_set = await rules_for(work, order)
    plan = rules.clock_on_promise(unit, promised_at, recorded_at, rule_set, work.calendar)
    if plan is not None:
        start(work, order, (plan,), rule_set)


def _judge_determination(work: Work, order: OrderRecord, assigned: Assigned, rule_set: RuleSet) -> None:
    """The legal same-day clock begins and ends with the assignment; late, it is a breach like any other (S2.1b)."""
    plan = rules.determined_dispatch(assigned, rule_set, work.calendar)
    if plan is not None:
        stop(work, start(work, order, (plan,), rule_set), {plan.kind}, assigned.assigned_at)


async def _stop_for(
    work: Work,
    order_id: str,
    kinds: Collection[ClockKind],
    at: datetime,
    *,
    unit: str | None = None,
    occasion: str | None = None,
) -> OrderRecord:
    """Stop an order's clocks of these kinds; the locked order.

    With `unit` only those that it answers for, with `occasion` only those that this started.
    """
    order = await order_for_update(work, order_id)
    clocks = await running_clocks(work, order_id)
    # A contact from before an order turned urgent, heard of later, does not answer the caller of an urgent order.
    early = {clock.id for clock in clocks if clock.kind == "caller_reply" and clock.started_at > at}
    meant = [c for c in clocks if unit in {None, c.unit} and occasion in {None, c.occasion}]
    stop(work, [c for c in meant if c.id not in early], kinds, at)
    await name_overdue(work, order, clocks, at)
    return order
