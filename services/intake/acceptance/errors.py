"""When no further order is accepted."""

from __future__ import annotations

from shared.errors import Unavailable


class IntakeBusy(Unavailable):
    """More orders are waiting than can be written soon (R6)."""

    code = "intake_busy"

    def __init__(self, retry_after: int = 2) -> None:
        super().__init__("受理繁忙，请按 Retry-After 所示时间后以同一 webhook-id 重新发送", retry_after)
