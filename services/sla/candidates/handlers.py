"""Units are named for supervision (S3.4a, A25): overdue, unsolved, refused, or where demands concentrate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from services.sla.candidates import rules, store
from services.sla.candidates.model import Proposal
from services.sla.clocks.model import KnownClock, State
from services.sla.clocks.tables import ClockRecord
from services.sla.counting.rules import last_red, quiet_of
from services.sla.orders.tables import OrderRecord
from services.sla.rulesets.store import rules_at
from shared.calendar import local_day, local_text, start_of
from shared.contracts.sla import SupervisionCandidateRaised
from shared.work import Work

WEEK = timedelta(days=7)


async def raise_candidates(work: Work, proposals: Sequence[Proposal]) -> None:
    """Name units for supervision, each once per occasion (S3.4a): the office decides what follows."""
    ids = [work.ids() for _ in proposals]
    new = await store.add_candidates(work.session, dict(zip(ids, proposals, strict=True)), at=work.now)
    for candidate_id, proposal in zip(ids, proposals, strict=True):
        if candidate_id in new:
            work.emit(
                SupervisionCandidateRaised(
                    candidate_id=str(candidate_id),
                    unit=proposal.unit,
                    cause=proposal.cause,
                    order_id=proposal.order_id,
                    facts=proposal.facts,
                    raised_at=work.now,
                )
            )


def overdue(clock: KnownClock, facts: str) -> Proposal:
    """The unit whose deadline passed (超期未办), once per due moment."""
    assert clock.unit is not None
    # With its moment: a clock whose breach was taken back may be overdue a second time.
    occasion = f"clock:{clock.id}:{clock.due_at.isoformat()}"
    return Proposal(clock.unit, "overdue", occasion, facts, clock.order_id)


async def name_overdue(
    work: Work, order: OrderRecord, clocks: Iterable[ClockRecord], at: datetime, *, leaves: bool = False
) -> None:
    """Name the units of breached final clocks that have ended before they could remind (S3.4a).

    A unit that the order `leaves` after its deadline is named at once: there would be no clock left to remind it.
    Otherwise the first reminder must have been due: a unit that answers before it has done what it would be reminded of.
    """
    ended = [c for c in clocks if c.kind == "final" and c.unit and c.breached_at and c.state is not State.RUNNING]
    unnamed = [clock for clock in ended if clock.fired <= len(clock.rungs)]
    if not unnamed:
        return
    rule_set = await rules_at(work, work.now)
    proposals: list[Proposal] = []
    for clock in unnamed:
        # Not from the breach alone: the event of an order that left the unit in time may come after it.
        quiet = quiet_of(clock.span, rule_set, urgent=order.urgent, safety=order.safety)
        if (leaves and clock.due_at < at) or clock.due_at < last_red(at, rule_set, work.calendar, quiet):
            since = local_text(clock.due_at)
            said = f"至 {local_text(at)} 仍未办结" if clock.state is State.VOID else f"{local_text(at)} 才办结"
            proposals.append(overdue(clock, f"办结时限 {since} 已过，{said}"))
    await raise_candidates(work, proposals)


def week_of(moment: datetime) -> datetime:
    """The Monday 00:00 that the moment's week began with (A29)."""
    day = local_day(moment)
    return start_of(day - timedelta(days=day.weekday()))


async def propose_concentrated(work: Work) -> None:
    """Name the units that the last finished weeks point at, once per week."""
    monday = week_of(work.now)
    rule_set = await rules_at(work, work.now)
    needed = rule_set.concentration_weeks.count
    weeks = [
        await store.assigned_per_unit(work.session, monday - WEEK * back, monday - WEEK * (back - 1))
        for back in range(needed + 1, 0, -1)
    ]
    proposals: list[Proposal] = []
    for unit in rules.concentrated(weeks, rule_set):
        counts = "、".join(str(week.get(unit, 0)) for week in weeks)
        facts = f"连续 {needed} 周交办量居前且上升（逐周 {counts} 件）"
        proposals.append(Proposal(unit, "concentrated", f"week:{local_day(monday - WEEK)}", facts))
    await raise_candidates(work, proposals)
