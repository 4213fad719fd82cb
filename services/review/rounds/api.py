"""What people do with replies: read them, release them for the unit, approve them for the centre, send them back."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Response

from services.review.checks.rules import changes_after
from services.review.rounds import handlers, rules, store
from services.review.rounds.model import State
from services.review.rounds.schemas import (
    Approval,
    ChangedDemand,
    ClosedMoveOut,
    FindingText,
    Nothing,
    Opinion,
    ReplyText,
    Round,
    Rounds,
    RoundSummary,
)
from services.review.rounds.tables import RoundRecord
from shared.access import ACCESS, Sight
from shared.contracts.places import OPINION, OVERRIDE
from shared.deps import (
    CurrentPerson,
    CurrentScope,
    Cursor,
    IfMatch,
    InRead,
    InWork,
    Limit,
    ThisRuntime,
)
from shared.identity import Person
from shared.personal.sealing import Sealer
from shared.web import Code, CommandRoute, Identifier, Page

router = APIRouter(prefix="/v1", route_class=CommandRoute, tags=["答复审核"])

ReplyId = Annotated[Identifier, Path(title="答复编号", description="答复编号")]
OrderId = Annotated[Identifier, Path(title="工单编号", description="工单编号")]

_ROWS: Final = ACCESS["review"]
_COMMANDS: Final = ("approve_as_leader", "reject_as_leader", "approve_reply", "reject_reply")
_FROM_LIST: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "links": {
            name: {"operationId": name, "parameters": {"reply_id": "$response.body#/items/0/reply_id"}}
            for name in ("get_reply", *_COMMANDS)
        }
        | {
            "replies_of_order": {
                "operationId": "replies_of_order",
                "parameters": {"order_id": "$response.body#/items/0/order_id"},
            }
        }
    }
}
_FROM_REPLY: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "headers": {"ETag": {"description": "版本，供 If-Match 使用", "schema": {"type": "string"}}},
        "links": {
            name: {"operationId": name, "parameters": {"reply_id": "$response.body#/reply_id"}} for name in _COMMANDS
        },
    }
}


def _round(sealer: Sealer, person: Person, sight: Sight, record: RoundRecord, background: store.Background) -> Round:
    findings = handlers.findings_of(sealer, record)
    moves = rules.moves_of(
        record.state,
        leader=_ROWS["approve_as_leader"].allows(person),
        own_unit=person.unit == record.unit,
        reviewer=_ROWS["approve_reply"].allows(person),
        account=person.account,
        involved=handlers.involved_in(record, background.caseworkers),
        scheme=background.scheme,
    )
    ids = {"order_id": record.order_id, "reply_id": record.reply_id}
    opinion = sealer.open_if_any(record.opinion, OPINION.at(**ids))
    reason = sealer.open_if_any(record.override_reason, OVERRIDE.at(**ids))
    return Round(
        **RoundSummary.of(record, len(findings)).model_dump(),
        version=record.version,
        demand_version=record.demand_version,
        demand_changes=[
            ChangedDemand.of(change) for change in changes_after(record.demand_version, background.changes)
        ],
        reply=ReplyText.of(handlers.reply_of(sealer, record), sight) if sight else None,
        findings=[FindingText.of(finding, sight) for finding in findings],
        leader_by=record.leader_by,
        leader_at=record.leader_at,
        centre_by=record.centre_by,
        centre_at=record.centre_at,
        opinion=sight.shows(opinion),
        opinion_by=handlers.opinion_by(record),
        override_reason=sight.shows(reason),
        voided_at=record.voided_at,
        can=list(moves.can),
        cannot=[ClosedMoveOut(move=one.move, code=one.code, detail=one.detail) for one in moves.cannot],
    )


@router.get("/replies", operation_id="list_replies", summary="答复列表（等待最久的在前）", responses=_FROM_LIST)
async def list_replies(
    session: InRead,
    scope: CurrentScope,
    runtime: ThisRuntime,
    *,
    state: Annotated[State | None, Query(title="所处环节", description="所处环节")] = None,
    unit: Annotated[Code | None, Query(title="承办单位", description="承办单位")] = None,
    waiting: Annotated[bool, Query(title="只看待处理的", description="只看待处理的")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[RoundSummary]:
    """Rounds, the longest waiting first; a unit sees its own (S4.2a).  Dispatch names their orders (`name_orders`)."""
    states = [one for one in State if (state is None or one is state) and (not waiting or one in rules.OPEN_STATES)]
    if not states:
        return Page(items=[])
    found = await store.page_of_rounds(session, scope, states=states, unit=unit, cursor=cursor, limit=limit)
    sealer = runtime.works.sealer
    items = [RoundSummary.of(record, len(handlers.findings_of(sealer, record))) for record in found.rows]
    return Page(items=items, next=found.next)


@router.get("/replies/{reply_id}", operation_id="get_reply", summary="答复详情与预审意见", responses=_FROM_REPLY)
async def get_reply(
    reply_id: ReplyId,
    response: Response,
    session: InRead,
    scope: CurrentScope,
    person: CurrentPerson,
    runtime: ThisRuntime,
) -> Round:
    """One round with its texts and with what the caller may do; numbers are masked for those who need not call."""
    record = await store.round_of(session, scope, reply_id)
    response.headers["ETag"] = f'"{record.version}"'
    background = await store.background_of(session, record.order_id)
    sealer = runtime.works.sealer
    sights = await store.sights_of(session, sealer, scope, (record,), background)
    return _round(sealer, person, sights[reply_id], record, background)


@router.get("/orders/{order_id}/replies", operation_id="replies_of_order", summary="工单的全部答复轮次")
async def replies_of_order(
    order_id: OrderId, session: InRead, scope: CurrentScope, person: CurrentPerson, runtime: ThisRuntime
) -> Rounds:
    """Every round of an order, kept for ever; a unit sees its own (S2.3c)."""
    records = await store.rounds_of(session, scope, order_id)
    background = await store.background_of(session, order_id)
    sealer = runtime.works.sealer
    sights = await store.sights_of(session, sealer, scope, records, background)
    return Rounds(
        order_id=order_id,
        rounds=[_round(sealer, person, sights[record.reply_id], record, background) for record in records],
    )


@router.post(
    "/replies/{reply_id}/leader-approval",
    operation_id="approve_as_leader",
    summary="单位主要领导审阅通过",
    status_code=204,
)
async def approve_as_leader(reply_id: ReplyId, body: Nothing, work: InWork, version: IfMatch) -> None:  # noqa: ARG001 - the body is empty
    """Let the reply go to the centre (S2.2.3c)."""
    await handlers.approve_as_leader(work, reply_id, version=version)


@router.post(
    "/replies/{reply_id}/leader-rejection",
    operation_id="reject_as_leader",
    summary="单位主要领导退回修改",
    status_code=204,
)
async def reject_as_leader(reply_id: ReplyId, body: Opinion, work: InWork, version: IfMatch) -> None:
    """Give the reply back to the unit's caseworker (S2.2.3c)."""
    await handlers.reject_as_leader(work, reply_id, body.opinion, version=version)


@router.post(
    "/replies/{reply_id}/approval",
    operation_id="approve_reply",
    summary="中心审核通过",
    status_code=204,
)
async def approve_reply(reply_id: ReplyId, body: Approval, work: InWork, version: IfMatch) -> None:
    """Let the reply go upstream (S2.3a, S2.3b)."""
    await handlers.approve_reply(work, reply_id, body.override_reason, body.demand_version, version=version)


@router.post(
    "/replies/{reply_id}/rejection",
    operation_id="reject_reply",
    summary="中心退回重新办理",
    status_code=204,
)
async def reject_reply(reply_id: ReplyId, body: Opinion, work: InWork, version: IfMatch) -> None:
    """Send the reply back with an opinion, as often as it takes (S2.3c)."""
    await handlers.reject_reply(work, reply_id, body.opinion, version=version)
