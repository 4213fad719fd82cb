"""What is refused of units."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from shared.errors import BusinessError, Incomplete, NotListed

_PARTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "active": "启用状态",
        "first_responsible": "第一责任人",
        "deputy": "分管领导",
        "office": "责任科室",
        "caseworkers": "在岗经办人",
    }
)


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


class UnitNotReady(BusinessError):
    """The unit lacks one of its four responsible people, or is closed: nothing can be assigned to it."""

    code, clause = "unit_not_ready", "S4.1a"

    def __init__(self, unit: str, missing: tuple[str, ...]) -> None:
        super().__init__(
            f"该单位尚不具备承办条件，请先完善：{'、'.join(_PARTS[part] for part in missing)}；或改选其他单位"
        )
        self.unit, self.missing = unit, missing
