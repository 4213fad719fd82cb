"""Why a quarantined request is not released."""

from __future__ import annotations

from shared.errors import BusinessError, Incomplete


class ChannelNeeded(Incomplete):
    """A request of an unknown channel cannot be released before a person names the channel (S1.1.1a)."""

    code, clause = "channel_needed", "S1.1.1a"

    def __init__(self, channel: str) -> None:
        super().__init__("该请求的渠道不在七个渠道之内，请指明按哪个渠道受理")
        self.channel = channel


class Overtaken(BusinessError):
    """The platform has sent newer content of the order, by its revision or later: a release would bring back the old."""

    code, clause = "overtaken", "S1.1.4c"

    def __init__(self) -> None:
        super().__init__("上级平台已推送过该工单更新的内容，放行不会改变工单；请核对后丢弃该请求")
