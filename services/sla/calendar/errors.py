"""What is refused of the calendar."""

from __future__ import annotations

from shared.errors import BusinessError, NotListed


class CalendarVersionUnknown(NotListed):
    """No calendar version of this name."""

    code = "calendar_version_not_found"

    def __init__(self, version: str) -> None:
        super().__init__("日历版本", version)


class CalendarUnchanged(BusinessError):
    """What was sent is equal to the calendar in force."""

    code, clause = "calendar_unchanged", "S1.1.4a"

    def __init__(self, version: str) -> None:
        super().__init__("所提交的内容与现行日历一致，无需更新")
        self.version = version


class CalendarYearExists(BusinessError):
    """The year is in the calendar already, and the import would replace the whole of it."""

    code, clause = "calendar_year_exists", "S1.1.4a"

    def __init__(self, year: int, source_notice: str) -> None:
        super().__init__(
            f"{year} 年的放假安排已在日历中（{source_notice[:60]}），导入将替换全年；只调整个别日期的，请用单日调整；"
            "确需替换全年的，请确认后重新提交"
        )
        self.year, self.source_notice, self.confirm = year, source_notice, "confirm_replace"


class CalendarMovedOn(BusinessError):
    """The preview was made on a version that is no longer in force."""

    code, clause = "calendar_moved_on", "S1.1.4a"

    def __init__(self, base: str, version: str) -> None:
        super().__init__("预览之后日历已被更新，请重新预览后再提交")
        self.base, self.version = base, version
