"""Sessions as they come and go over HTTP."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from services.dispatch.login.schemas import MeOut
from services.dispatch.sessions.handlers import SignedIn
from services.dispatch.sessions.rules import ends_at, idle_ends_at
from services.dispatch.sessions.tables import BrowserSessionRecord


class SignedInOut(BaseModel):
    """Who is signed in, and how long; the token itself is in the cookie."""

    me: MeOut
    token_ends_at: datetime = Field(description="令牌的到期时间；在此之前刷新登录状态")
    idle_ends_at: datetime = Field(description="此后若未再刷新，登录结束")
    ends_at: datetime = Field(description="无论是否操作，登录最迟在此时结束")

    @classmethod
    def of(cls, signed_in: SignedIn) -> SignedInOut:
        """From a sign-in or a refresh."""
        return cls(
            me=MeOut.of(signed_in.person),
            token_ends_at=signed_in.token_ends_at,
            idle_ends_at=idle_ends_at(signed_in.began_at, signed_in.used_at),
            ends_at=ends_at(signed_in.began_at),
        )


class SessionOut(BaseModel):
    """A browser in which the account is signed in."""

    session_id: str
    browser: str = Field(description="浏览器及操作系统")
    began_at: datetime = Field(description="登录时间")
    used_at: datetime = Field(description="最近一次刷新登录状态的时间")
    idle_ends_at: datetime
    ends_at: datetime
    current: bool = Field(description="是否为发出本请求的浏览器")

    @classmethod
    def of(cls, record: BrowserSessionRecord, current: str | None) -> SessionOut:
        """From the row; `current` is the session of whoever asks."""
        return cls(
            session_id=record.session_id,
            browser=record.browser,
            began_at=record.began_at,
            used_at=record.used_at,
            idle_ends_at=idle_ends_at(record.began_at, record.used_at),
            ends_at=ends_at(record.began_at),
            current=record.session_id == current,
        )
