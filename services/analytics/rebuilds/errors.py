"""What a rebuild refuses, and why."""

from __future__ import annotations

from shared.errors import BusinessError, Unavailable


class RebuildRunning(BusinessError):
    """Only one rebuild at a time."""

    code = "rebuild_running"

    def __init__(self) -> None:
        super().__init__("另一次重算正在进行，请待其完成后再试")


class BusIncomplete(BusinessError):
    """The event bus no longer holds events that the figures contain: a swap would lose them."""

    code = "bus_incomplete"

    def __init__(self, missing: int) -> None:
        super().__init__("事件总线上已缺少部分历史事件，不能以其替换现有统计；请改以已保存的事实重算")
        self.missing = missing


class BusAway(Unavailable):
    """The event bus does not answer, or its events could not be read to their end in time."""

    code = "bus_away"

    def __init__(self) -> None:
        super().__init__("事件总线暂不可用或读取超时，请稍后重试；也可改以已保存的事实重算", retry_after=30)
