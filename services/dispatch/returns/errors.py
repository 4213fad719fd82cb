"""What is refused when a unit asks to give an order back, and when the centre decides on it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from shared.calendar import local_text
from shared.errors import BusinessError, Incomplete

_PARTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "reason": "回退原因",
        "policy_basis": "政策依据",
        "suggested_unit": "建议承办单位",
        "materials": "相关材料",
    }
)


class ReturnForbidden(BusinessError):
    """The centre confirmed the unit: the order cannot be returned any more."""

    code, clause = "no_return", "S3.1d"

    def __init__(self) -> None:
        super().__init__("该工单经研判确认由本单位承办，不得回退，请按答复程序办理")


class ReturnedBefore(BusinessError):
    """A unit asks once per order (A20)."""

    code, clause = "returned_before", "S3.1b"

    def __init__(self, unit: str) -> None:
        super().__init__("本单位已申请回退过该工单，不得再次回退，请按答复程序办理")
        self.unit = unit


class AnsweredBefore(BusinessError):
    """A unit that has answered the order has taken it on: it handles a redo to the end."""

    code, clause = "answered_before", "S3.1b"

    def __init__(self, unit: str) -> None:
        super().__init__("本单位已对该工单作出答复，须一办到底，不得回退；请继续办理并重新答复")
        self.unit = unit


class ReturnWindowClosed(BusinessError):
    """The working days after the assignment in which a unit may ask are over."""

    code, clause = "return_window_closed", "S2.2.1f"

    def __init__(self, closed_at: datetime, workdays: int) -> None:
        super().__init__(
            f"回退时限（{workdays} 个工作日）已于 {local_text(closed_at)} 截止，不得回退，请按答复程序办理"
        )
        self.closed_at, self.workdays = closed_at, workdays


class ReturnIncomplete(Incomplete):
    """One of the four parts of a return is missing."""

    code, clause = "return_incomplete", "S2.2.1g"

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(f"回退材料不完整，请补充：{'、'.join(_PARTS[part] for part in missing)}")
        self.missing = missing


class SuggestedUnitUnfit(Incomplete):
    """The proposed unit is unknown, closed, or the one that asks."""

    code, clause = "suggested_unit_unfit", "S2.2.1g"

    def __init__(self, unit: str) -> None:
        super().__init__("建议承办单位应为本单位以外、已启用的单位，请重新选择")
        self.unit = unit


class RejectionReasonMissing(Incomplete):
    """The centre says why it leaves the order with the unit."""

    code, clause = "rejection_reason_missing", "S2.2.1i"

    def __init__(self) -> None:
        super().__init__("驳回回退须填写理由")
        self.missing = ("reason",)
