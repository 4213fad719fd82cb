"""Why a reply is not sent again."""

from __future__ import annotations

from shared.errors import BusinessError


class DeliveryNotWaiting(BusinessError):
    """Only a delivery that has not been acknowledged can be sent again."""

    code, clause = "delivery_not_waiting", "S2.3b"

    def __init__(self, state: str) -> None:
        super().__init__("该反馈已送达或正在发送，无需重发，请刷新列表")
        self.state = state
