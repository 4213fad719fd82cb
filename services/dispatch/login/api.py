"""Logging in, and who is logged in."""

from __future__ import annotations

from fastapi import APIRouter

from services.dispatch.login import handlers
from services.dispatch.login.schemas import MeOut, TokenBody, TokenOut
from shared.deps import CurrentPerson, ThisRuntime
from shared.identity import TokenSigner
from shared.web import DeskRoute

router = APIRouter(prefix="/v1", route_class=DeskRoute, tags=["登录"])


@router.post("/tokens", status_code=201, operation_id="log_in", summary="登录，取得令牌")
async def log_in(body: TokenBody, runtime: ThisRuntime) -> TokenOut:
    """账号与密码换取令牌，有效期 60 分钟；连续失败 5 次锁定 15 分钟。"""
    signer = runtime.parts.of(TokenSigner)
    turns, password = runtime.parts.of(handlers.Turns), body.password.get_secret_value()
    login = await handlers.log_in(runtime.works, turns, signer, body.account, password)
    return TokenOut.of(login)


@router.get("/me", operation_id="show_me", summary="当前登录人")
async def show_me(person: CurrentPerson) -> MeOut:
    """令牌持有人的账号、角色、所属单位与可调用的操作。"""
    return MeOut.of(person)
