"""What is refused of an order as such: the caller may not see it, or its state does not allow the move."""

from __future__ import annotations

from shared.errors import BusinessError, NotFound


class OrderUnknown(NotFound):
    """No such order, or another unit's (S4.2a)."""

    code = "order_not_found"

    def __init__(self, order_id: str) -> None:
        super().__init__("工单", order_id)


class IllegalMove(BusinessError):
    """This move is not allowed in the state of the order; `why` is a code, the message says what would make it possible."""

    code = "illegal_move"

    def __init__(self, status: str, move: str, *, why: str, reason: str) -> None:
        super().__init__(reason)
        self.order_status, self.move, self.why = status, move, why
