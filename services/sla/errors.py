"""What sla refuses."""

from __future__ import annotations

from shared.errors import NotFound


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
