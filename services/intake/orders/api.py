"""Reading the upstream copy of the orders, and who called."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Response

from services.intake.channels.model import ChannelCode
from services.intake.channels.policy import CHANNELS, UNKNOWN_SHOWN
from services.intake.channels.schemas import number_key
from services.intake.channels.store import unknown_fields_of
from services.intake.channels.tables import UnknownFields
from services.intake.orders import handlers, store
from services.intake.orders.model import State
from services.intake.orders.schemas import MaskedCaller, OrderDetail, OrderLine, RevealBody, RevealedCaller, VersionView
from services.intake.orders.store import OrderFilter, StoredOrder
from services.intake.quarantine.store import waiting_of_order
from shared.access import Scope, Sight, Words
from shared.contracts.intake import Level
from shared.contracts.places import UNKNOWN
from shared.deps import CurrentScope, Cursor, InRead, InWork, Limit, ThisRuntime
from shared.personal import masking
from shared.personal.confidential import without_caller_in
from shared.personal.sealing import Sealer
from shared.web import CommandRoute, Identifier, Page, SaneMoment

router = APIRouter(prefix="/v1/orders", route_class=CommandRoute, tags=["工单（上级副本）"])

OrderPath = Annotated[Identifier, Path(title="工单编号")]
_IDENTITY: Final = frozenset({"enterprise_name", "credit_code", "caller_region", "id_type", "recording_id"})


def line_of(found: StoredOrder, title: str, sight: Sight) -> dict[str, Any]:
    """The fields of an order in a listing."""
    record = found.record
    return {
        "order_id": record.order_id,
        "channel": record.platform,
        "channel_title": CHANNELS[record.platform].title,
        "platform_no": record.platform_no,
        "level": record.level,
        "subject": record.subject,
        "scheme": record.scheme,
        "category": record.category,
        "street": record.street,
        "urgent": record.urgent,
        "out_of_scope": record.out_of_scope,
        "flagged_by": record.flagged_by,
        "confidential": record.confidential,
        "is_test": record.is_test,
        "state": record.state,
        "holder_unit": record.holder_unit,
        "version": record.version,
        "received_at": record.received_at,
        "released_at": record.released_at,
        "changed_at": record.changed_at,
        "upstream_due_at": record.upstream_due_at,
        "urges": record.urges,
        "revisits": record.revisits,
        "title": sight.shows(title),
    }


def _shown_details(details: dict[str, Any], sight: Sight, *, hidden: bool) -> dict[str, Any]:
    kept = {name: value for name, value in details.items() if not (hidden and name in _IDENTITY)}
    return kept if sight.known_by is None else without_caller_in(kept, sight.known_by)


def _masked(found: StoredOrder, sealer: Sealer) -> MaskedCaller:
    caller = handlers.caller_of(found.caller, sealer)
    return MaskedCaller(
        name=masking.masked_name(caller["name"]),
        phone=masking.masked_phone(caller["phone"]),
        contact_phone=masking.masked_phone(caller["contact_phone"]),
        id_number=masking.masked_id_number(caller["id_number"]),
        email=masking.masked_email(caller["email"]),
        address=masking.masked_address(caller["address"]),
    )


def _file(file: dict[str, str], sight: Sight) -> dict[str, str | None]:
    """Its address is for who may have the files of an order: no masking could make a file harmless (X2)."""
    return {"name": sight.shows(file["name"]), "url": file["url"] if sight.words is Words.OPEN else None}


def _unknown(record: UnknownFields, sealer: Sealer, sight: Sight) -> dict[str, Any]:
    """They may hold anything, so that they are shown as the words of the demand are."""
    place = UNKNOWN.at(order_id=record.order_id, webhook_id=record.webhook_id)
    fields = {name: sight.shows(text) for name, text in sealer.open_json(record.fields, place).items()}
    return {"kind": record.kind, "received_at": record.received_at, "fields": fields}


def _hidden(found: StoredOrder, scope: Scope, sight: Sight) -> bool:
    """Whether this reader must not see who called (X2)."""
    return not sight or (found.record.confidential and not scope.knows_callers)


@router.get(
    "",
    summary="查询工单（本单位只见当前承办的工单）",
    operation_id="list_orders",
    response_model=Page[OrderLine],
)
async def list_orders(
    session: InRead,
    scope: CurrentScope,
    runtime: ThisRuntime,
    channel: Annotated[ChannelCode | None, Query(title="渠道代码", description="渠道代码")] = None,
    level: Annotated[Level | None, Query(title="级别", description="级别")] = None,
    state: Annotated[State | None, Query(title="进展", description="进展")] = None,
    received_from: Annotated[SaneMoment | None, Query(title="受理时间起", description="受理时间起（含）")] = None,
    received_to: Annotated[SaneMoment | None, Query(title="受理时间止", description="受理时间止（不含）")] = None,
    sort: Annotated[
        Literal["newest", "urgent"],
        Query(
            title="排序",
            description="newest 最近受理在前；urgent 未办结的工单中安全紧急在前，其次民生紧急、政策咨询、普通，同类先受理的在前",
        ),
    ] = "newest",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Newest first, or by urgent class (S1.3.1b)."""
    wanted = OrderFilter(channel, level, state, received_from, received_to, sort == "urgent")
    page = await store.orders_page(session, scope, wanted, cursor=cursor, limit=limit)
    sealer = runtime.works.sealer
    items = [
        line_of(one, handlers.demand_of(one, sealer)["title"], handlers.sight_of(one, scope, sealer))
        for one in page.rows
    ]
    return {"items": items, "next": page.next}


@router.get(
    "/{order_id}",
    summary="查看工单（个人信息已脱敏）",
    operation_id="read_order",
    response_model=OrderDetail,
)
async def read_order(
    order_id: OrderPath, session: InRead, scope: CurrentScope, runtime: ThisRuntime, response: Response
) -> dict[str, Any]:
    """One order; its ETag is for the flags."""
    found = await store.order_of(session, scope, order_id)
    sealer = runtime.works.sealer
    demand = handlers.demand_of(found, sealer)
    response.headers["ETag"] = f'"{found.record.revision}"'
    sight = handlers.sight_of(found, scope, sealer)
    hidden = _hidden(found, scope, sight)
    unknown = await unknown_fields_of(session, order_id, UNKNOWN_SHOWN)
    number_print = sealer.fingerprint(number_key(found.record.platform, found.record.platform_no))
    # Units reach nothing of the quarantine itself, and are told only how much of it is of their order: for them the platform
    # asks.  The centre asks in its own session: a second connection out of the same pool might be waited for by all.
    async with nullcontext(session) if scope.everything else runtime.works.read() as asking:
        waiting = await waiting_of_order(asking, number_print, revision=found.record.platform_revision)
    return {
        **line_of(found, demand["title"], sight),
        "urgent_found": found.record.urgent_found,
        "content": sight.shows(demand["content"]),
        "details": _shown_details(found.version.details, sight, hidden=hidden),
        "caller": None if hidden else _masked(found, sealer),
        "attachments": [] if hidden else [_file(one, sight) for one in handlers.attachments_of(found.caller, sealer)],
        "quarantined": {"count": waiting.count, "since": waiting.since},
        "unknown_fields": [] if hidden else [_unknown(one, sealer, sight) for one in unknown],
    }


@router.get(
    "/{order_id}/versions",
    summary="查看工单各版本",
    operation_id="read_versions",
    response_model=list[VersionView],
)
async def read_versions(
    order_id: OrderPath, session: InRead, scope: CurrentScope, runtime: ThisRuntime
) -> list[dict[str, Any]]:
    """The oldest version first (S1.1.4c)."""
    found = await store.order_of(session, scope, order_id)
    versions = await store.versions_of(session, order_id)
    sight = handlers.sight_of(found, scope, runtime.works.sealer)
    hidden = _hidden(found, scope, sight)
    return [
        {
            "version": version.version,
            "received_at": version.received_at,
            "category": version.category,
            "changed": version.changed,
            "details": _shown_details(version.details, sight, hidden=hidden),
            **{
                name: sight.shows(text)
                for name, text in handlers.demand_text(order_id, version.demand, runtime.works.sealer).items()
            },
        }
        for version in versions
    ]


@router.post(
    "/{order_id}/caller/reveal",
    summary="查看来电人身份（须说明用途，留痕并限次）",
    operation_id="reveal_caller",
    response_model=RevealedCaller,
)
async def reveal_caller(order_id: OrderPath, body: RevealBody, work: InWork, scope: CurrentScope) -> dict[str, Any]:
    """In clear, for the present holder or the centre (X2, R45)."""
    return await handlers.reveal_caller(work, scope, order_id, body.purpose)
