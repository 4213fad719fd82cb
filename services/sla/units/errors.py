"""What is refused of units."""

from __future__ import annotations

from shared.errors import BusinessError, Incomplete


class UnitNotListed(Incomplete):
    """The request names a unit that there is not, or whose event has not come yet (S4.1a)."""

    code, clause = "unit_not_listed", "S4.1a"

    def __init__(self, unit: str) -> None:
        super().__init__("没有该编码的承办单位，请从单位列表中选择；单位刚登记的，请稍候重试")
        self.unit = unit


class UnitInactive(BusinessError):
    """The unit is closed: nothing new is asked of it (S4.1a)."""

    code, clause = "unit_inactive", "S4.1a"

    def __init__(self, unit: str, name: str) -> None:
        super().__init__(f"{name}已停用，不能再启动该单位的时限，请改选其他单位")
        self.unit = unit
