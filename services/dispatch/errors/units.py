"""What is refused of the units themselves."""

from __future__ import annotations

from shared.errors import BusinessError, Incomplete, NotListed


class UnitUnknown(NotListed):
    """No unit has this code."""

    code = "unit_not_found"

    def __init__(self, unit: str) -> None:
        super().__init__("承办单位", unit)


class UnitNotListed(Incomplete):
    """The request names a unit that there is not."""

    code = "unit_not_listed"

    def __init__(self, unit: str) -> None:
        super().__init__("没有该编码的承办单位，请从单位列表中选择")
        self.unit = unit


class UnitExists(BusinessError):
    """The code is taken."""

    code = "unit_exists"

    def __init__(self, unit: str) -> None:
        super().__init__("该单位编码已存在，请改用修改操作")
        self.unit = unit
