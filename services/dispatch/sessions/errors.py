"""What is refused of sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.errors import Unauthenticated

WORDS: Final[Mapping[str, str]] = {
    "idleness": "长时间没有操作，登录已结束，请重新登录",
    "length": "本次登录已达最长时间，登录已结束，请重新登录",
    "sign_out": "已退出登录，请重新登录",
    "sign_out_everywhere": "该账号已在所有浏览器退出登录，请重新登录",
    "sign_in": "此浏览器已重新登录，请刷新页面",
    "other_sessions": "该账号同时登录的浏览器过多，最久未用的登录已结束，请重新登录",
    "password": "该账号的密码已更改，请用新密码重新登录",
    "administrator": "管理员已结束该账号的登录，请重新登录",
    "account_closed": "该账号已停用，请联系系统管理员",
    "unknown": "登录已结束，请重新登录",
}


class SessionEnded(Unauthenticated):
    """The session that the browser's cookie names is over; `ended_by` says why.  Without a cookie nobody was signed in."""

    code, title = "session_ended", "登录已结束"

    def __init__(self, ended_by: str) -> None:
        super().__init__(WORDS[ended_by])
        self.ended_by = ended_by
