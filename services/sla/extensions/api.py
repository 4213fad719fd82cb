"""Extensions: asked for by units, decided by the centre."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.clocks.errors import OrderHasNoClocks
from services.sla.extensions import handlers, rules, store
from services.sla.extensions.errors import ConsentRefused
from services.sla.extensions.model import ExtensionState, Moves
from services.sla.extensions.schemas import (
    ClosedMoveOut,
    DecisionBody,
    Extension,
    ExtensionBody,
    ExtensionsOfOrder,
)
from services.sla.extensions.tables import ExtensionRecord
from services.sla.orders.store import order_in_scope
from services.sla.rulesets.store import published
from shared.access import ACCESS, Scope, Sight
from shared.deps import CurrentPerson, CurrentScope, Cursor, IfMatch, InRead, InWork, Limit, ThisRuntime
from shared.following.confidential import callers_kept_back
from shared.identity import Person, Role
from shared.personal.sealing import Sealer
from shared.web import CommandRoute, Identifier, Page
from shared.web.problem import problem_of

router = APIRouter(prefix="/v1", route_class=CommandRoute, tags=["延期"])


_ROWS: Final = ACCESS["sla"]
_TO_DECISION = {
    201: {
        "links": {"decision": {"operationId": "decide_extension", "parameters": {"extension_id": "$response.body#/id"}}}
    }
}

ExtensionId = Annotated[Identifier, Path(title="延期申请编号", description="延期申请编号")]


async def _shown(
    session: AsyncSession, sealer: Sealer, scope: Scope, person: Person, records: Sequence[ExtensionRecord]
) -> list[Extension]:
    kept_back = await callers_kept_back(session, sealer, scope, {record.order_id for record in records})
    running = await store.running_among(session, records)
    return [
        Extension.of(
            record,
            sealer,
            Sight(scope.words_for(record.unit), kept_back.get(record.order_id)),
            _decisions(record, person, running),
        )
        for record in records
    ]


def _decisions(record: ExtensionRecord, person: Person, running: Collection[UUID]) -> Moves:
    if not _ROWS["decide_extension"].allows(person):
        return Moves((), ())
    check = partial(
        rules.check_deciding,
        handlers.asked_by(record, running),
        account=person.account,
        head=person.has(Role.CENTRE_HEAD),
    )
    return rules.moves_by({"grant": partial(check, grant=True), "refuse": partial(check, grant=False)})


@router.post(
    "/orders/{order_id}/extensions",
    operation_id="request_extension",
    summary="申请延期",
    status_code=201,
    response_model=Extension,
    responses=_TO_DECISION,  # type: ignore[arg-type]  # FastAPI's type does not know links
)
async def request_extension(
    order_id: Annotated[Identifier, Path(title="工单编号", description="工单编号")],
    body: ExtensionBody,
    work: InWork,
    scope: CurrentScope,
    person: CurrentPerson,
    response: Response,
) -> Extension | Response:
    """Ask for more working days before the deadline, with the caller's consent (S1.3.2a-e).

    A caller's refusal is kept and answered with 409.
    """
    record = await handlers.request_extension(work, order_id, scope, body.as_request())
    await work.session.flush()
    if record.state is ExtensionState.DECLINED:
        # Not raised: what was recorded has to stay (S1.3.2c).
        return problem_of(ConsentRefused(str(record.id)))
    response.headers["ETag"] = f'"{record.version}"'
    [shown] = await _shown(work.session, work.sealer, scope, person, (record,))
    return shown


@router.get("/orders/{order_id}/extensions", operation_id="extensions_of_order", summary="工单的延期申请")
async def extensions_of_order(
    order_id: Annotated[Identifier, Path(title="工单编号", description="工单编号")],
    session: InRead,
    scope: CurrentScope,
    person: CurrentPerson,
    runtime: ThisRuntime,
) -> ExtensionsOfOrder:
    """Every request of an order with its answer, first asked first, and whether one may be asked for now.

    Of an order that the person does not reach, none is there.
    """
    order = await order_in_scope(session, order_id, scope)
    if order is None:
        raise OrderHasNoClocks(order_id)
    records = await store.extensions_of_order(session, order_id, scope)
    due_at = await store.final_due_at(session, order)
    moves = Moves((), ())
    if _ROWS["request_extension"].allows(person):
        check = partial(
            rules.check_asking,
            due_at,
            await store.used_extensions(session, order_id),
            reached=_ROWS["request_extension"].scope_of(person).sees(order.unit),
            rules=(await published(session)).of(order.rules),
            now=runtime.clock.now(),
        )
        moves = rules.moves_by({"request": check})
    return ExtensionsOfOrder(
        items=await _shown(session, runtime.works.sealer, scope, person, records),
        can=list(moves.can),
        cannot=[ClosedMoveOut.of(closed) for closed in moves.cannot],
        due_at=due_at,
    )


@router.get("/extensions", operation_id="list_extensions", summary="延期申请列表（等待最久在前）")
async def list_extensions(
    session: InRead,
    scope: CurrentScope,
    person: CurrentPerson,
    runtime: ThisRuntime,
    *,
    state: Annotated[ExtensionState | None, Query(title="状态", description="状态")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Extension]:
    """The requests of the district for the centre, its own for a unit."""
    listed = await store.extensions(session, scope, state=state, cursor=cursor, limit=limit)
    return Page(items=await _shown(session, runtime.works.sealer, scope, person, listed.rows), next=listed.next)


@router.post(
    "/extensions/{extension_id}/decision",
    operation_id="decide_extension",
    summary="审批延期",
)
async def decide_extension(
    extension_id: ExtensionId,
    body: DecisionBody,
    work: InWork,
    scope: CurrentScope,
    person: CurrentPerson,
    expected: IfMatch,
) -> Extension:
    """Grant or refuse a request; granted days count from the current deadline (S1.3.2e, A10)."""
    record = await handlers.decide_extension(
        work, UUID(extension_id), grant=body.decision == "grant", reason=body.reason, expected=expected
    )
    [shown] = await _shown(work.session, work.sealer, scope, person, (record,))
    return shown
