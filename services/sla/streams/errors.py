"""Why a browser's stream is refused."""

from __future__ import annotations

from shared.errors import Unauthenticated


class StreamPassRefused(Unauthenticated):
    """The pass is unknown, used, too old or for another stream; or the login that asked for it has ended."""

    code = "stream_pass_refused"

    def __init__(self) -> None:
        super().__init__("事件流凭证无效、已使用或已过期，请重新申请后再连接")
