"""The login of a browser: a cookie with the token, and how a request shows that one of the platform's pages sent it.

A browser adds its cookies to whatever page asks for a request.  So a request that changes something and is let in by the
cookie has to come from the platform's own origin.  A bearer token is never added by itself, and needs no such proof.
"""

from __future__ import annotations

from typing import Final

from fastapi import Request

from shared.errors import BusinessError, Unauthenticated

TOKEN_COOKIE: Final = "gongdan_token"  # noqa: S105 - the name of one
READING: Final = frozenset({"GET", "HEAD"})
"""The methods that change nothing."""
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


class CrossOrigin(BusinessError):
    """A change that the browser sent with its cookie, and not from a page of the platform as far as one can see."""

    code, status, title = "cross_origin", 403, "请求来源不符"

    def __init__(self) -> None:
        super().__init__(
            "该请求不是从本平台页面发出的，未予办理；请在本平台页面中操作，程序调用请使用 Authorization 令牌"
        )


class TokenToRefresh(Unauthenticated):
    """The token in the cookie has ended; the session may not have: the browser asks for the next token, or learns why not."""

    code = "token_ended"

    def __init__(self) -> None:
        super().__init__("登录状态需要刷新，请刷新页面后重试；仍不成功请重新登录")


def bearer_of(request: Request) -> str | None:
    """The token of the Authorization header; None when there is none, or one of another scheme."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return (token.strip() or None) if scheme.lower() == "bearer" else None


def cookie_of(request: Request, name: str) -> str | None:
    """The cookie of this name; None without one, and also with two.

    Two come when somebody else of the same host, on another port or path, has set one beside ours, and nothing tells
    which of them is ours.
    """
    found = [
        value.strip().strip('"')
        for line in request.headers.getlist("cookie")
        for key, _, value in (pair.partition("=") for pair in line.split(";"))
        if key.strip() == name
    ]
    return found[0] or None if len(found) == 1 else None


def token_of(request: Request) -> str | None:
    """The token of a request, by the header or else by the cookie."""
    return bearer_of(request) or cookie_of(request, TOKEN_COOKIE)


def check_same_origin(request: Request, public_origin: str | None) -> None:
    """Refuse with CrossOrigin what does not show that a page of the platform sent it.

    Sec-Fetch-Site decides where the browser sends it, which is over https and on this machine.  Elsewhere Origin has to
    be `public_origin` or, while none is set, name the host that was asked.  A request with neither is refused.
    """
    sites = request.headers.getlist("sec-fetch-site")
    if sites:
        if sites != ["same-origin"]:
            raise CrossOrigin
        return
    origins = request.headers.getlist("origin")
    if len(origins) != 1 or not _is_ours(origins[0], request.headers.get("host", ""), public_origin):
        raise CrossOrigin


def _is_ours(origin: str, host: str, public_origin: str | None) -> bool:
    scheme, _, authority = origin.lower().partition("://")
    if scheme not in _DEFAULT_PORTS:  # "null" is one of these
        return False
    if public_origin is not None:
        return origin.lower() == public_origin
    port = _DEFAULT_PORTS[scheme]
    return bool(host) and authority.removesuffix(port) == host.lower().removesuffix(port)
