"""What people ask of clocks: those of an order, the list by urgency, the latest breaches, a deadline's proof."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from services.sla.calendar.store import KnownCalendars
from services.sla.clocks import store
from services.sla.clocks.model import State
from services.sla.clocks.rules import same_day_rule
from services.sla.clocks.schemas import Change, Clock, Explanation, OrderClocks
from services.sla.clocks.store import Wanted
from services.sla.counting.model import Span
from services.sla.counting.rules import contact_proof, proof
from services.sla.counting.schemas import Line
from services.sla.rulesets.store import published
from shared.access import ACCESS, Sight, Words
from shared.contracts.places import CLOCK
from shared.contracts.sla import ClockKind
from shared.deps import CurrentPerson, CurrentScope, Cursor, InRead, Limit, ThisRuntime
from shared.following.confidential import callers_kept_back
from shared.web import Code, DeskRoute, Identifier, Page, SaneMoment

router = APIRouter(prefix="/v1", route_class=DeskRoute)

OrderId = Annotated[Identifier, Path(title="工单编号", description="工单编号")]

ClockId = Annotated[Identifier, Path(title="时限编号", description="时限编号")]

_TO_EXPLANATION = {
    200: {
        "links": {
            "explanation": {"operationId": "explain_clock", "parameters": {"clock_id": "$response.body#/items/0/id"}}
        }
    }
}

_FROM_ORDER = {
    200: {
        "links": {
            "explanation": {"operationId": "explain_clock", "parameters": {"clock_id": "$response.body#/clocks/0/id"}}
        }
    }
}


@router.get(
    "/orders/{order_id}/clocks",
    operation_id="clocks_of_order",
    summary="工单的全部时限",
    tags=["时限"],
    responses=_FROM_ORDER,  # type: ignore[arg-type]  # FastAPI's type does not know links
)
async def clocks_of_order(order_id: OrderId, session: InRead, scope: CurrentScope, runtime: ThisRuntime) -> OrderClocks:
    """The clocks of an order that is with the caller's unit, or of any order for the centre (S4.2a)."""
    records = await store.clocks_of_order(session, order_id, scope)
    now = runtime.clock.now()
    running = [record.due_at for record in records if record.state is State.RUNNING]
    return OrderClocks(
        order_id=order_id,
        earliest_due_at=min(running, default=None),
        clocks=[Clock.of(record, now) for record in records],
    )


@router.get(
    "/clocks",
    operation_id="list_clocks",
    summary="时限列表（最紧急在前）",
    tags=["时限"],
    responses=_TO_EXPLANATION,  # type: ignore[arg-type]
)
async def list_clocks(
    session: InRead,
    scope: CurrentScope,
    runtime: ThisRuntime,
    *,
    state: Annotated[State | None, Query(title="时限状态", description="时限状态")] = None,
    kind: Annotated[ClockKind | None, Query(title="时限种类", description="时限种类")] = None,
    unit: Annotated[Code | None, Query(title="承担单位", description="承担单位")] = None,
    due_before: Annotated[SaneMoment | None, Query(title="截止时刻不晚于", description="截止时刻不晚于")] = None,
    provisional: Annotated[bool, Query(title="只看暂定时限", description="只看暂定时限")] = False,
    breached: Annotated[bool, Query(title="只看已超期的时限", description="只看已超期的时限")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Clock]:
    """Clocks by due moment; a unit sees its own."""
    wanted = Wanted(state, kind, unit, due_before, provisional, breached)
    listed = await store.clocks_by_due(session, scope, wanted, cursor=cursor, limit=limit)
    now = runtime.clock.now()
    return Page(items=[Clock.of(record, now) for record in listed.rows], next=listed.next)


@router.get(
    "/breaches",
    operation_id="list_breaches",
    summary="最近的超期",
    tags=["时限"],
    responses=_TO_EXPLANATION,  # type: ignore[arg-type]
)
async def list_breaches(
    session: InRead,
    scope: CurrentScope,
    runtime: ThisRuntime,
    kind: Annotated[ClockKind | None, Query(title="时限种类", description="时限种类")] = None,
    unit: Annotated[Code | None, Query(title="承担单位", description="承担单位")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Clock]:
    """Clocks that were breached, the latest first; a unit sees its own (S1.1.4b)."""
    wanted = Wanted(kind=kind, unit=unit)
    listed = await store.latest_breaches(session, scope, wanted, cursor=cursor, limit=limit)
    now = runtime.clock.now()
    return Page(items=[Clock.of(record, now) for record in listed.rows], next=listed.next)


@router.get("/clocks/{clock_id}/explain", operation_id="explain_clock", summary="时限的逐日依据", tags=["时限"])
async def explain_clock(
    clock_id: ClockId, session: InRead, scope: CurrentScope, person: CurrentPerson, runtime: ThisRuntime
) -> Explanation:
    """Why the clock is due when it is, day by day, with every change and its reason (S1.1.4a)."""
    record, changes = await store.clock_with_changes(session, UUID(clock_id), scope)
    calendar = runtime.works.calendar
    if record.calendar != calendar.version:
        calendar = await runtime.parts.of(KnownCalendars).of(session, record.calendar)
    rule_set = (await published(session)).of(record.rules)
    if record.kind == "first_contact":
        lines = contact_proof(record.started_at, record.due_at, rule_set, calendar)
    else:
        lines = proof(
            record.span,
            record.amount,
            record.started_at,
            record.due_at,
            calendar,
            extended=record.extended_workdays,
            same_day=same_day_rule(record.kind, record.occasion, rule_set) if record.span is Span.DAY else None,
        )
    sealer = runtime.works.sealer
    kept_back = (await callers_kept_back(session, sealer, scope, (record.order_id,))).get(record.order_id)
    sight = Sight(scope.words_for(record.unit), kept_back)
    started = stopped = None
    if record.note is not None and ACCESS["sla"]["stop_clock"].allows(person):
        by_hand = Sight(Words.OPEN, kept_back)
        place = CLOCK.at(order_id=record.order_id, clock_id=record.id, part="note")
        started = by_hand.shows(sealer.open(record.note, place))
        sealed = await store.reason_of_stop(session, record.id)
        place = CLOCK.at(order_id=record.order_id, clock_id=record.id, part="stop")
        stopped = by_hand.shows(sealer.open_if_any(sealed, place))
    return Explanation(
        clock=Clock.of(record, runtime.clock.now()),
        span=record.span,
        amount=record.amount,
        document=rule_set.document,
        lines=[Line.of(line) for line in lines],
        changes=[Change.of(change, record.order_id, sealer, sight) for change in changes],
        started_reason=started,
        stopped_reason=stopped,
    )
