"""Drafts: what somebody has typed into a form about an order, found again in any browser."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Response

from services.dispatch.drafts import handlers, store
from services.dispatch.drafts.handlers import Expected
from services.dispatch.drafts.schemas import FORM_PATTERN, DraftBody, DraftLine, DraftOut, DraftSaved
from services.dispatch.orders.api import OrderPath
from services.dispatch.orders.store import seen
from shared.deps import IF_MATCH_PATTERN, CurrentPerson, CurrentScope, IfMatch, InRead, InWork, ThisRuntime, version_in
from shared.web import CommandRoute

router = APIRouter(prefix="/v1/drafts", route_class=CommandRoute, tags=["草稿"])
FormPath = Annotated[str, Path(pattern=FORM_PATTERN, title="表单", description="表单的代码，由页面自定")]


async def _expected(
    if_match: Annotated[
        str | None,
        Header(
            title="版本（If-Match）",
            description="读取或保存时返回的 ETag；不填为只新建，* 为不论版本一律覆盖",
            json_schema_extra={"pattern": IF_MATCH_PATTERN},
        ),
    ] = None,
) -> Expected:
    return Expected(version_in(if_match), whatever=if_match == "*")


WhatIsKnown = Annotated[Expected, Depends(_expected)]
"""From If-Match.  Without it the writer knows of no draft, so that he does not replace one by mistake."""
_LINKS: dict[str, Any] = {
    name: {
        "operationId": name,
        "parameters": {"form": "$request.path.form", "order_id": "$request.path.order_id"},
    }
    for name in ("show_draft", "remove_draft")
}


@router.get("", operation_id="list_drafts", summary="本人的草稿")
async def list_drafts(session: InRead, person: CurrentPerson) -> list[DraftLine]:
    """本人尚未提交的草稿，最近修改的在前；不含内容。"""
    return [DraftLine.of(record) for record in await store.drafts_of(session, person)]


@router.get("/{form}/{order_id}", operation_id="show_draft", summary="读取草稿")
async def show_draft(
    form: FormPath,
    order_id: OrderPath,
    session: InRead,
    person: CurrentPerson,
    scope: CurrentScope,
    runtime: ThisRuntime,
    response: Response,
) -> DraftOut:
    """本人为此工单此表单保存的内容，他人（包括审计员）不能读取。ETag 为保存时 If-Match 应填的版本。"""
    await seen(session, order_id, scope, runtime.works.sealer)
    record = await store.draft_of(session, person, order_id, form)
    draft = handlers.opened(runtime.works.sealer, record, form, person)
    response.headers["ETag"] = f'"{draft.version}"'
    return DraftOut.of(draft)


@router.put("/{form}/{order_id}", operation_id="save_draft", summary="保存草稿", responses={200: {"links": _LINKS}})
async def save_draft(
    form: FormPath,
    order_id: OrderPath,
    body: DraftBody,
    work: InWork,
    scope: CurrentScope,
    known: WhatIsKnown,
    response: Response,
) -> DraftSaved:
    """不带 If-Match 只新建；修改须带读取时的版本，否则 409（draft_changed，facts 为已保存的版本）；* 为不论版本一律覆盖。每份至多 512 KB，保存 30 天。"""
    await seen(work.session, order_id, scope, work.sealer)
    draft = await handlers.save_draft(work, order_id, form, body.as_content(), known)
    response.headers["ETag"] = f'"{draft.version}"'
    return DraftSaved.of(draft)


@router.delete("/{form}/{order_id}", status_code=204, operation_id="remove_draft", summary="删除草稿")
async def remove_draft(
    form: FormPath, order_id: OrderPath, work: InWork, scope: CurrentScope, version: IfMatch
) -> None:
    """提交成功后由页面删除；没有草稿时同样成功。带 If-Match 时只删除该版本。"""
    await seen(work.session, order_id, scope, work.sealer)
    await handlers.remove_draft(work, order_id, form, Expected(version, whatever=version is None))
