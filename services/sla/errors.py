"""What sla refuses."""

from __future__ import annotations

from shared.errors import Incomplete, NotFound


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


class OrderNotReceived(NotFound):
    """An event of an order whose receipt never reached us: it waits for an operator (R26)."""

    code = "order_not_received"

    def __init__(self, order_id: str) -> None:
        super().__init__("已接收工单", order_id)


class BadPosition(Incomplete):
    """The cursor is none that we gave."""

    code = "bad_cursor"

    def __init__(self) -> None:
        super().__init__("翻页标记无效，请从第一页重新查询")
