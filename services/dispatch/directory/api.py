"""The units and their duties."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.dispatch.directory import handlers, store
from services.dispatch.directory.schemas import NewUnit, UnitChange, UnitDetail, UnitOut, unit_detail, unit_out
from services.dispatch.directory.tables import UnitRecord
from shared.deps import CurrentPerson, Cursor, IfMatch, InRead, InWork, Limit
from shared.web import Code, CommandRoute, Page

router = APIRouter(prefix="/v1/units", route_class=CommandRoute, tags=["承办单位"])
UnitPath = Annotated[Code, Path(title="单位编码", description="单位编码")]

_LINKS = {
    "show": {"operationId": "show_unit", "parameters": {"code": "$response.body#/code"}},
    "change": {"operationId": "change_unit", "parameters": {"code": "$response.body#/code"}},
}


async def _detail(work: InWork, record: UnitRecord, response: Response) -> UnitDetail:
    response.headers["ETag"] = f'"{record.version}"'
    return unit_detail(record, await store.caseworkers_of(work.session, record.code))


@router.get("", operation_id="list_units", summary="单位列表")
async def list_units(_: CurrentPerson, session: InRead, cursor: Cursor = None, limit: Limit = 50) -> Page[UnitOut]:
    """全部单位，按编码排序；ready 表示可以承办。"""
    found = await store.units_by_code(session, cursor=cursor, limit=limit)
    return Page(items=[unit_out(row.UnitRecord, row.caseworkers) for row in found.rows], next=found.next)


@router.post(
    "",
    status_code=201,
    operation_id="add_unit",
    summary="新增单位",
    responses={201: {"links": _LINKS}},
)
async def add_unit(body: NewUnit, work: InWork, response: Response) -> UnitDetail:
    """第一责任人、分管领导、责任科室及至少一名经办人齐备后方可承办。"""
    return await _detail(work, await handlers.add_unit(work, body.code, body.as_entry()), response)


@router.get("/{code}", operation_id="show_unit", summary="查看单位")
async def show_unit(code: UnitPath, _person: CurrentPerson, session: InRead, response: Response) -> UnitDetail:
    """职责目录、四类责任人；ETag 为修改时 If-Match 应填的版本。"""
    record, _ = await store.unit_with_caseworkers(session, code)
    response.headers["ETag"] = f'"{record.version}"'
    return unit_detail(record, await store.caseworkers_of(session, code))


@router.put("/{code}", operation_id="change_unit", summary="修改单位")
async def change_unit(
    code: UnitPath, body: UnitChange, work: InWork, version: IfMatch, response: Response
) -> UnitDetail:
    """整体替换；停用单位即 active=false。"""
    return await _detail(work, await handlers.change_unit(work, code, body.as_entry(), version=version), response)
