"""Login, and the accounts."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.exceptions import RequestValidationError

from services.dispatch.errors import AccountUnknown
from services.dispatch.handlers import accounts as handlers
from services.dispatch.schemas.accounts import (
    AccountChange,
    AccountOut,
    NewAccount,
    NewPassword,
    PersonOut,
    TokenBody,
    TokenOut,
)
from services.dispatch.store import accounts as store
from shared.deps import CurrentPerson, Cursor, IfMatch, InRead, InWork, Limit, ThisRuntime, allow
from shared.errors import Forbidden
from shared.identity import Role, TokenSigner
from shared.web import Code, CommandRoute, Page, cursor_of, position_of

router = APIRouter(prefix="/v1", route_class=CommandRoute)

AccountPath = Annotated[Code, Path(title="账号", description="账号")]
_ADMIN = [Depends(allow(Role.ADMIN))]
_LINKS = {
    "show": {"operationId": "show_account", "parameters": {"account": "$response.body#/account"}},
    "change": {"operationId": "change_account", "parameters": {"account": "$response.body#/account"}},
    "password": {"operationId": "set_password", "parameters": {"account": "$response.body#/account"}},
}


@router.post("/tokens", status_code=201, operation_id="log_in", summary="登录，取得令牌", tags=["登录"])
async def log_in(body: TokenBody, runtime: ThisRuntime) -> TokenOut:
    """账号与密码换取令牌，有效期 60 分钟；连续失败 5 次锁定 15 分钟。"""
    signer = cast("TokenSigner", runtime.parts["signer"])
    login = await handlers.log_in(runtime.works, signer, body.account, body.password.get_secret_value())
    return TokenOut.of(login)


@router.get("/me", operation_id="show_me", summary="当前登录人", tags=["登录"])
async def show_me(person: CurrentPerson) -> PersonOut:
    """令牌持有人的账号、角色与所属单位。"""
    return PersonOut.of(person)


@router.get(
    "/accounts",
    operation_id="list_accounts",
    summary="账号列表",
    tags=["账号"],
    dependencies=[Depends(allow(Role.ADMIN, Role.AUDITOR))],
)
async def list_accounts(
    session: InRead,
    unit: Annotated[Code | None, Query(title="所属单位", description="所属单位")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[AccountOut]:
    """按账号排序，可按所属单位筛选。"""
    position = position_of(cursor, str)
    after = None if position is None else str(position[0])
    found = await store.accounts_by_name(session, unit=unit, after=after, limit=limit + 1)
    items = [AccountOut.of(record) for record in found[:limit]]
    return Page(items=items, next=cursor_of(items[-1].account) if len(found) > limit else None)


@router.post(
    "/accounts",
    status_code=201,
    operation_id="add_account",
    summary="新增账号",
    tags=["账号"],
    dependencies=_ADMIN,
    responses={201: {"links": _LINKS}},
)
async def add_account(body: NewAccount, work: InWork) -> AccountOut:
    """单位角色（经办人、分管领导、主要领导）须填写所属单位，其他角色不得填写。"""
    password_hash = await handlers.hash_of(body.account, body.password.get_secret_value())
    return AccountOut.of(await handlers.add_account(work, body.account, body.as_entry(), password_hash))


@router.get(
    "/accounts/{account}",
    operation_id="show_account",
    summary="查看账号",
    tags=["账号"],
    dependencies=[Depends(allow(Role.ADMIN, Role.AUDITOR))],
)
async def show_account(account: AccountPath, session: InRead, response: Response) -> AccountOut:
    """ETag 为修改时 If-Match 应填的版本。"""
    record = await store.find_account(session, account)
    if record is None:
        raise AccountUnknown(account)
    response.headers["ETag"] = f'"{record.version}"'
    return AccountOut.of(record)


@router.put(
    "/accounts/{account}", operation_id="change_account", summary="修改账号", tags=["账号"], dependencies=_ADMIN
)
async def change_account(account: AccountPath, body: AccountChange, work: InWork, version: IfMatch) -> AccountOut:
    """停用账号即 active=false；至少保留一名启用的系统管理员。"""
    return AccountOut.of(await handlers.change_account(work, account, body.as_entry(), version=version))


@router.post(
    "/accounts/{account}/password",
    status_code=204,
    operation_id="set_password",
    summary="设置密码",
    tags=["账号"],
)
async def set_password(
    account: AccountPath, body: NewPassword, person: CurrentPerson, runtime: ThisRuntime, work: InWork
) -> None:
    """系统管理员可重置任何账号；本人修改须填写当前密码。"""
    if not person.has(Role.ADMIN):
        if person.account != account:
            raise Forbidden
        if body.current is None:
            raise RequestValidationError([{"type": "missing", "loc": ("body", "current")}])
        await handlers.check_own_password(runtime.works, account, body.current.get_secret_value())
    password_hash = await handlers.hash_of(account, body.password.get_secret_value())
    await handlers.set_password(work, account, password_hash)
