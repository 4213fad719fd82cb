"""The files of an order: the list, and one to download."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from services.dispatch.materials import store
from services.dispatch.materials.schemas import AttachmentOut
from services.dispatch.orders.api import OrderPath
from services.dispatch.orders.store import seen
from shared.deps import CurrentScope, InLook, InRead, ThisRuntime
from shared.files.download import DOWNLOAD_RESPONSES, download
from shared.files.stored import StoredFile
from shared.web import DeskRoute, Identifier

router = APIRouter(prefix="/v1/orders/{order_id}/attachments", route_class=DeskRoute, tags=["工单查询"])

_FROM_FILES = {
    "download_attachment": {
        "operationId": "download_attachment",
        "parameters": {"order_id": "$request.path.order_id", "attachment_id": "$response.body#/0/attachment_id"},
    }
}


@router.get(
    "",
    operation_id="list_attachments",
    summary="附件列表",
    responses={200: {"links": _FROM_FILES}},
)
async def list_attachments(
    order_id: OrderPath, session: InRead, scope: CurrentScope, runtime: ThisRuntime
) -> list[AttachmentOut]:
    """回退材料与证明材料。"""
    sealer = runtime.works.sealer
    order = await seen(session, order_id, scope, sealer)
    records = await store.attachments_of(session, order_id, only=order.only)
    return [AttachmentOut.of(record, sealer, order.sight) for record in records]


@router.get(
    "/{attachment_id}",
    operation_id="download_attachment",
    summary="下载附件",
    response_class=Response,
    responses=DOWNLOAD_RESPONSES,
)
async def download_attachment(
    order_id: OrderPath,
    attachment_id: Annotated[Identifier, Path(title="附件编号", description="附件标识")],
    request: Request,
    runtime: ThisRuntime,
    work: InLook,
    scope: CurrentScope,
) -> Response:
    """原始字节，可用 Range 只取一段；浏览器只会保存，不会打开。每次下载记入审计。"""
    order = await seen(work.session, order_id, scope, work.sealer)
    found = await store.attachment_of(work.session, order_id, attachment_id, only=order.only)
    work.audit("attachment.read", order_id, after={"attachment": attachment_id})
    name = order.sight.shows(found.open_name(work.sealer)) or found.id
    file = StoredFile(found.sha256, found.size, found.media_type, name)
    return await download(request, runtime.files, file)
