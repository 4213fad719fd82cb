"""What is refused to those who ask for figures, and why."""

from __future__ import annotations

from shared.errors import Incomplete, NotFound


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
