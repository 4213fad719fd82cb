"""Signing in with a browser: two cookies, one with the short token for all services, one that gives the next token."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from services.dispatch.login.handlers import Turns
from services.dispatch.login.schemas import TokenBody
from services.dispatch.sessions import handlers, store
from services.dispatch.sessions.model import EndedBy
from services.dispatch.sessions.schemas import SessionOut, SignedInOut
from shared.clock import clock_of_logins
from shared.deps import CurrentPerson, InRead, InWork, ThisRuntime
from shared.errors import Unauthenticated
from shared.identity import TokenSigner
from shared.service import Runtime
from shared.web import CommandRoute, DeskRoute
from shared.web.cookies import TOKEN_COOKIE, cookie_of, token_of

SESSION_COOKIE: Final = "gongdan_session"
# Of these addresses alone, so that no other request carries it.
_SESSION_PATH: Final = "/api/dispatch/v1/sessions"
_TOKEN_PATH: Final = "/api"  # noqa: S105 - where it is sent
# Says to the pages that there is a session to ask for, and nothing else: they cannot see the other two.
_MARKER_COOKIE: Final = "gongdan_signed_in"
_MARKER_PATH: Final = "/"


class SessionRoute(DeskRoute):
    """Changes who is signed in, with or without a login, and so only for the platform's own pages."""

    async def admit(self, request: Request, operation: str) -> None:
        """CrossOrigin for a request from elsewhere, before anything is looked at."""
        request.app.state.gate.check_same_origin(request)
        await super().admit(request, operation)


router = APIRouter(prefix="/v1/sessions", route_class=SessionRoute, tags=["登录"])
own = APIRouter(prefix="/v1/sessions", route_class=CommandRoute, tags=["登录"])


@router.post("", status_code=201, operation_id="sign_in", summary="浏览器登录")
async def sign_in(body: TokenBody, request: Request, response: Response, runtime: ThisRuntime) -> SignedInOut:
    """以 Cookie 保持登录，仅供本平台页面（同源）使用，程序请用 /tokens。令牌有效 1 分钟，到期前刷新；2 小时未刷新或登录满 12 小时后结束；连续失败 5 次锁定 15 分钟，与 /tokens 合计。"""
    signed_in, secret = await handlers.sign_in(
        runtime.works,
        runtime.parts.of(Turns),
        runtime.parts.of(TokenSigner),
        body.account,
        body.password.get_secret_value(),
        user_agent=request.headers.get("user-agent", ""),
        before=cookie_of(request, SESSION_COOKIE),
    )
    _keep(response, runtime, SESSION_COOKIE, secret, _SESSION_PATH)
    _keep(response, runtime, TOKEN_COOKIE, signed_in.token, _TOKEN_PATH)
    _keep(response, runtime, _MARKER_COOKIE, "1", _MARKER_PATH, hidden=False)
    return SignedInOut.of(signed_in)


@router.post("/refresh", operation_id="refresh_session", summary="刷新浏览器登录状态")
async def refresh_session(request: Request, response: Response, runtime: ThisRuntime) -> SignedInOut:
    """凭登录 Cookie 换取新令牌，角色、单位和账号状态以此时为准。请在有人操作时刷新：定时自动刷新会使无人使用的登录不结束。401 的 code：session_ended 为登录已结束（facts.ended_by 为原因），unauthenticated 为未登录。"""
    secret = cookie_of(request, SESSION_COOKIE)
    if secret is None:
        raise Unauthenticated
    signed_in = await handlers.refresh(runtime.works, runtime.parts.of(TokenSigner), secret)
    _keep(response, runtime, TOKEN_COOKIE, signed_in.token, _TOKEN_PATH)
    return SignedInOut.of(signed_in)


@router.delete("/current", status_code=204, operation_id="sign_out", summary="退出登录")
async def sign_out(request: Request, response: Response, runtime: ThisRuntime) -> None:
    """结束本浏览器的登录并清除 Cookie；未登录时同样成功。"""
    secret = cookie_of(request, SESSION_COOKIE)
    if secret is not None:
        await handlers.sign_out(runtime.works, secret)
    _clear(response)


@own.get("", operation_id="list_sessions", summary="本人的登录")
async def list_sessions(
    request: Request, session: InRead, person: CurrentPerson, runtime: ThisRuntime
) -> list[SessionOut]:
    """本人账号尚未结束的浏览器登录，最近使用的在前。"""
    found = await store.open_sessions(session, person.account, clock_of_logins(runtime.clock).now())
    current = session_of(request, runtime)
    return [SessionOut.of(record, current) for record in found]


@own.delete("", status_code=204, operation_id="sign_out_everywhere", summary="在所有浏览器退出登录")
async def sign_out_everywhere(work: InWork, person: CurrentPerson, response: Response) -> None:
    """结束本人账号的全部浏览器登录，包括当前的；已发出的令牌至多再有效 1 分钟。"""
    await handlers.end_sessions(work, person.account, EndedBy.SIGN_OUT_EVERYWHERE)
    _clear(response)


def session_of(request: Request, runtime: Runtime) -> str | None:
    """The browser session to which the token of this request belongs; None for a program's token."""
    token = token_of(request)
    return None if token is None else runtime.tokens.session_of(token)


def _keep(response: Response, runtime: Runtime, name: str, value: str, path: str, *, hidden: bool = True) -> None:
    # Without a date: it goes when the browser is closed, and before that the platform's clock decides, not the browser's.
    response.set_cookie(name, value, path=path, secure=runtime.settings.is_https, httponly=hidden, samesite="strict")


def _clear(response: Response) -> None:
    for name, path in ((SESSION_COOKIE, _SESSION_PATH), (TOKEN_COOKIE, _TOKEN_PATH), (_MARKER_COOKIE, _MARKER_PATH)):
        response.delete_cookie(name, path=path, httponly=name != _MARKER_COOKIE, samesite="strict")
