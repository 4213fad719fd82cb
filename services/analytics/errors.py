"""What analytics refuses, and why."""

from __future__ import annotations

from shared.errors import BusinessError, Incomplete, NotFound, Unavailable


class BadWeek(Incomplete):
    """There is no such ISO week."""

    code, clause = "bad_week", "S3.2b"

    def __init__(self, week: str) -> None:
        super().__init__("周次有误，应为 2000 年至 2099 年之间的 ISO 周，如 2026-W48")
        self.week = week


class BadDay(Incomplete):
    """The day lies outside every figure."""

    code, clause = "bad_day", "S3.2a"

    def __init__(self, day: str) -> None:
        super().__init__("日期应在 2000 年至 2099 年之间，如 2026-11-23")
        self.day = day


class UnitNotShown(NotFound):
    """No figures of such a unit, or it is another unit's: the two look alike on purpose (S4.2a)."""

    def __init__(self, unit: str) -> None:
        super().__init__("单位", unit)
        self.message = "找不到该单位的统计，请核对单位编码；承办单位只能查看本单位的统计"


class RebuildRunning(BusinessError):
    """Only one rebuild at a time."""

    code = "rebuild_running"

    def __init__(self) -> None:
        super().__init__("另一次重算正在进行，请待其完成后再试")


class BusIncomplete(BusinessError):
    """The event bus no longer holds events that the figures contain: taking its word would lose them."""

    code = "bus_incomplete"

    def __init__(self, missing: int) -> None:
        super().__init__("事件总线上已缺少部分历史事件，不能以其替换现有统计；请改用 source=facts")
        self.missing = missing


class BusAway(Unavailable):
    """The event bus does not answer, or its events could not be read to their end in time."""

    code = "bus_away"

    def __init__(self) -> None:
        super().__init__("事件总线暂不可用或读取超时，请稍后重试；也可改用 source=facts", retry_after=30)
