"""What a platform cannot be told."""

from __future__ import annotations

from services.intake.endings.policy import UNKNOWN_ORDER
from shared.errors import BusinessError


class OrderNotSent(BusinessError):
    """This channel never sent an order with this number; another channel's is the same as none."""

    code, status = UNKNOWN_ORDER, 404

    def __init__(self) -> None:
        super().__init__("本渠道没有推送过该编号的工单，请核对编号，或先推送该工单")
