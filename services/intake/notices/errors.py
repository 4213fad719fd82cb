"""Why a notice of a platform is refused."""

from __future__ import annotations

from services.intake.channels.errors import NotUnderstood
from shared.errors import BusinessError


class OrderOver(BusinessError):
    """The order was taken back, or its answer has reached the platform: such a notice is not accepted any more."""

    code = "order_over"

    def __init__(self, state: str) -> None:
        super().__init__("工单已撤销或已反馈办结，不再接受此操作，请核对工单编号")
        self.state = state


class NotYetAnswered(BusinessError):
    """No reply of the order was ever approved: there is nothing yet to ask the caller about (A34)."""

    code, clause = "not_yet_answered", "S2.3b"

    def __init__(self) -> None:
        super().__init__("该工单尚无审核通过的答复，回访结果未登记；请在收到本平台的反馈后回访，再推送回访结果")


class UnknownOrder(NotUnderstood):
    """The notice is about an order that the platform never sent."""

    def __init__(self) -> None:
        super().__init__("unknown_order", "找不到该工单编号对应的工单，请核对编号，或先推送该工单")


class HappenedBeforeCall(NotUnderstood):
    """The notice is dated before the call of its order."""

    def __init__(self, field: str) -> None:
        said = "时间：不能早于该工单的来电时间"
        fault = {"field": field, "code": "before_call", "message": f"{said}，请核对"}
        super().__init__("invalid", f"{said}，请核对工单编号与时间后重新发送", [fault])
