"""What is refused of clocks."""

from __future__ import annotations

from shared.errors import BusinessError, NotFound


class ClockUnknown(NotFound):
    """No such clock, or another unit's (S4.2a)."""

    code = "clock_not_found"

    def __init__(self, clock_id: str) -> None:
        super().__init__("时限", clock_id)


class OrderHasNoClocks(NotFound):
    """No clock of this order, or the order belongs to another unit (S4.2a)."""

    code = "order_clocks_not_found"

    def __init__(self, order_id: str) -> None:
        super().__init__("工单时限", order_id)


class NotRunning(BusinessError):
    """The clock has ended already."""

    code, clause = "clock_not_running", "S1.1.4a"

    def __init__(self, state: str) -> None:
        super().__init__("该时限已经结束，请刷新查看")
        self.state = state
