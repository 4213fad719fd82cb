"""The accounts and their passwords."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError

from services.dispatch.accounts import handlers, store
from services.dispatch.accounts.errors import AccountUnknown
from services.dispatch.accounts.schemas import AccountChange, AccountOut, NamedAccount, NewAccount, NewPassword
from services.dispatch.login.handlers import Turns, check_own_password
from services.dispatch.login.store import find_account
from services.dispatch.sessions.api import session_of
from shared.deps import CurrentPerson, CurrentScope, Cursor, IfMatch, InRead, InWork, Limit, Once, ThisRuntime
from shared.errors import Forbidden
from shared.identity import Role
from shared.web import Code, CommandRoute, Page

router = APIRouter(prefix="/v1/accounts", route_class=CommandRoute, tags=["账号"])
# Beside the accounts and not below them: there any word may be an account.
names = APIRouter(prefix="/v1/account-names", route_class=CommandRoute, tags=["账号"])
AccountPath = Annotated[Code, Path(title="账号", description="账号")]

_LINKS = {
    "show": {"operationId": "show_account", "parameters": {"account": "$response.body#/account"}},
    "change": {"operationId": "change_account", "parameters": {"account": "$response.body#/account"}},
    "password": {"operationId": "set_password", "parameters": {"account": "$response.body#/account"}},
}


@router.get(
    "",
    operation_id="list_accounts",
    summary="账号列表",
)
async def list_accounts(
    session: InRead,
    unit: Annotated[Code | None, Query(title="所属单位", description="所属单位")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[AccountOut]:
    """按账号排序，可按所属单位筛选。"""
    found = await store.accounts_by_name(session, unit=unit, cursor=cursor, limit=limit)
    return Page(items=[AccountOut.of(record) for record in found.rows], next=found.next)


@names.get("", operation_id="name_accounts", summary="账号对应的姓名（供各处显示）")
async def name_accounts(
    session: InRead,
    scope: CurrentScope,
    account: Annotated[list[Code], Query(min_length=1, max_length=200, title="账号", description="账号，至多 200 个")],
) -> list[NamedAccount]:
    """答复、回退、延期等记录只有办理人的账号：一次取得一页账号的姓名，按所问先后。承办单位只得本单位人员的姓名；没有的不列。"""
    found = await store.names_of(session, account, unit=None if scope.everything else scope.unit)
    return [NamedAccount(account=one, name=found[one]) for one in dict.fromkeys(account) if one in found]


@router.post(
    "",
    status_code=201,
    operation_id="add_account",
    summary="新增账号",
    responses={201: {"links": _LINKS}},
)
async def add_account(body: NewAccount, work: InWork) -> AccountOut:
    """单位角色（经办人、分管领导、主要领导）须填写所属单位，其他角色不得填写。"""
    password_hash = await handlers.hash_of(body.account, body.password.get_secret_value())
    return AccountOut.of(await handlers.add_account(work, body.account, body.as_entry(), password_hash))


@router.get(
    "/{account}",
    operation_id="show_account",
    summary="查看账号",
)
async def show_account(account: AccountPath, session: InRead, response: Response) -> AccountOut:
    """ETag 为修改时 If-Match 应填的版本。"""
    record = await find_account(session, account)
    if record is None:
        raise AccountUnknown(account)
    response.headers["ETag"] = f'"{record.version}"'
    return AccountOut.of(record)


@router.put("/{account}", operation_id="change_account", summary="修改账号")
async def change_account(account: AccountPath, body: AccountChange, work: InWork, version: IfMatch) -> AccountOut:
    """停用账号即 active=false；至少保留一名启用的系统管理员。"""
    return AccountOut.of(await handlers.change_account(work, account, body.as_entry(), version=version))


@router.post(
    "/{account}/password",
    status_code=204,
    operation_id="set_password",
    summary="设置密码",
    dependencies=[Once],  # the attempt with the current password is counted in a transaction of its own
)
async def set_password(
    account: AccountPath,
    body: NewPassword,
    request: Request,
    person: CurrentPerson,
    runtime: ThisRuntime,
    work: InWork,
) -> None:
    """系统管理员可重置任何账号；本人修改须填写当前密码。该账号在其他浏览器的登录随即结束。"""
    if not person.has(Role.ADMIN):
        if person.account != account:
            raise Forbidden
        if body.current is None:
            raise RequestValidationError([{"type": "missing", "loc": ("body", "current")}])
        await check_own_password(runtime.works, runtime.parts.of(Turns), account, body.current.get_secret_value())
    password_hash = await handlers.hash_of(account, body.password.get_secret_value())
    await handlers.set_password(work, account, password_hash, session=session_of(request, runtime))


@router.delete(
    "/{account}/sessions", status_code=204, operation_id="end_account_sessions", summary="结束账号的全部登录"
)
async def end_account_sessions(account: AccountPath, work: InWork) -> None:
    """该账号的全部浏览器登录随即结束，已发出的浏览器令牌至多再有效 1 分钟；要使其不能再登录，请停用账号。"""
    await handlers.end_account_sessions(work, account)
