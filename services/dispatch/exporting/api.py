"""The orders of a list as a file."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse

from services.dispatch.exporting.handlers import Export, as_csv, as_xlsx
from services.dispatch.exporting.model import Form
from services.dispatch.exporting.policy import MOST_ROWS
from services.dispatch.orders import store
from services.dispatch.orders.api import WantedOrders, today_of
from shared.calendar import local_day
from shared.deps import CurrentPerson, CurrentScope, InLook, ThisRuntime
from shared.files.download import disposition
from shared.web import DeskRoute

router = APIRouter(prefix="/v1/orders", route_class=DeskRoute, tags=["工单查询"])

_TYPES: Final = {
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Form.CSV: "text/csv; charset=utf-8",
}
_FILE: Final = {"schema": {"type": "string", "format": "binary"}}
_FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "文件",
        "content": {media_type.partition(";")[0]: _FILE for media_type in _TYPES.values()},
        "headers": {
            "Gongdan-Rows": {"description": "文件中的工单件数", "schema": {"type": "integer"}},
            "Gongdan-Cut": {"description": "true 表示超过上限，未全部导出", "schema": {"type": "boolean"}},
        },
    }
}


@router.get(
    "/export",
    operation_id="export_orders",
    summary="导出工单列表",
    response_class=Response,
    responses=_FILES,
)
async def export_orders(
    work: InLook,
    scope: CurrentScope,
    person: CurrentPerson,
    runtime: ThisRuntime,
    wanted: WantedOrders,
    format: Annotated[Form, Query(title="文件格式", description="xlsx 工作簿 / csv 文本")] = Form.XLSX,
) -> StreamingResponse:
    """与列表相同的筛选与排序，至多一万件，未全部导出的在末行写明。标题按本人权限显示。每次导出记入审计。"""
    today = today_of(runtime)
    total = await store.count_wanted(work.session, scope, wanted, today=today, most=MOST_ROWS)
    rows, cut = min(total, MOST_ROWS), total > MOST_ROWS
    export = Export(runtime.works, person, scope, wanted, today, total)
    work.audit(
        "orders.exported", "orders", after={"format": format, "rows": rows, "cut": cut, "wanted": wanted.named()}
    )
    name = f"工单-{local_day(today.now):%Y%m%d}.{format}"
    return StreamingResponse(
        as_csv(export) if format is Form.CSV else as_xlsx(export),
        media_type=_TYPES[format],
        headers={
            "Content-Disposition": disposition(name),
            "Gongdan-Rows": str(rows),
            "Gongdan-Cut": str(cut).lower(),
        },
    )
