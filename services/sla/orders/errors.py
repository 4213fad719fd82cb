"""What is refused of orders."""

from __future__ import annotations

from shared.errors import NotFound


class OrderNotReceived(NotFound):
    """An event of an order whose receipt never reached us: it waits for an operator (R26)."""

    code = "order_not_received"

    def __init__(self, order_id: str) -> None:
        super().__init__("已接收工单", order_id)
