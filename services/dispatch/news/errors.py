"""Why a stream of news is refused."""

from __future__ import annotations

from shared.errors import BusinessError


class TooManyStreams(BusinessError):
    """The person has as many streams open as anybody may have."""

    code, status = "too_many_streams", 429

    def __init__(self, limit: int) -> None:
        super().__init__(f"本账号打开的动态事件流已达 {limit} 个，请关闭不用的页面或程序后重新连接")
        self.limit = limit
