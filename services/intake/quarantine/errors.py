"""Why a request is not kept, or not decided on again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from shared.errors import BusinessError, Incomplete


class UnknownChannelNotKept(Incomplete):
    """An unsigned request to an unknown channel, beyond a limit: `bound` and `limit` say which (S1.1.1a)."""

    code, clause = "unknown_channel_not_kept", "S1.1.1a"

    def __init__(
        self, channel: str, channels: Sequence[str], bound: Literal["bytes", "source", "total"], limit: int
    ) -> None:
        reached = {
            "bytes": f"未以渠道密钥签名的请求超过 {limit // 1024} KB 不予保存",
            "source": f"同一来源待处理的未签名请求已达 {limit} 件",
            "total": f"各来源待处理的未签名请求合计已达 {limit} 件",
        }
        super().__init__(
            f"渠道代码不在七个渠道之内；{reached[bound]}，该请求未保存，请核对推送地址，并以本渠道密钥签名后重新发送"
        )
        self.channel, self.channels, self.bound, self.limit = channel, list(channels), bound, limit


class NothingToRelease(BusinessError):
    """The quarantined request was decided already."""

    code = "quarantine_decided"

    def __init__(self, state: str) -> None:
        super().__init__("该请求已处理，不能再次放行或丢弃，请刷新列表")
        self.state = state
