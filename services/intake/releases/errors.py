"""Why a quarantined request is not released."""

from __future__ import annotations

from shared.errors import Incomplete


class ChannelNeeded(Incomplete):
    """A request of an unknown channel cannot be released before a person names the channel (S1.1.1a)."""

    code, clause = "channel_needed", "S1.1.1a"

    def __init__(self, channel: str) -> None:
        super().__init__("该请求的渠道不在七个渠道之内，请指明按哪个渠道受理")
        self.channel = channel
