"""What is refused when the centre gives an order to a unit."""

from __future__ import annotations

from datetime import datetime

from shared.errors import BusinessError, Forbidden, Incomplete


class PanelDecisionNeeded(BusinessError):
    """After so many accepted returns only the panel's decision gives the order to a unit."""

    code, clause = "panel_decision_needed", "S3.1h"

    def __init__(self, returns: int) -> None:
        super().__init__(f"该工单已回退 {returns} 次，须经分析研判小组研判，请由中心负责人填写研判决定后交办")
        self.returns = returns


class DecisionNotYours(Forbidden):
    """Only the head of the centre enters a decision of the panel."""

    code, clause = "decision_not_yours", "S3.1h"

    def __init__(self) -> None:
        super().__init__("研判决定须由中心负责人填写")


class ReassignReasonMissing(Incomplete):
    """The centre may move an order to another unit, but says why."""

    code, clause = "reassign_reason_missing", "S2.2.1h"

    def __init__(self) -> None:
        super().__init__("改派须填写理由")
        self.missing = ("reason",)


class SameUnit(BusinessError):
    """The order is with this unit already."""

    code = "same_unit"

    def __init__(self, unit: str) -> None:
        super().__init__("该工单已由该单位承办，无需改派")
        self.unit = unit


class DeterminedOutside(Incomplete):
    """The unit is determined after the receipt and not in the future."""

    code, clause = "determined_outside", "S2.1b"

    def __init__(self, received_at: datetime) -> None:
        super().__init__("确定承办单位的时间应在接收之后、当前时间之前")
        self.received_at = received_at
