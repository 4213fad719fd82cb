"""What the API shows of replies on their way to the platforms."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from services.intake.feedback.model import AckedBy, DeliveryState


class DeliveryLine(BaseModel):
    """A reply on its way to its platform."""

    id: str
    order_id: str
    reply_id: str
    channel: str
    round: int
    unit: str
    disposition: str
    state: DeliveryState
    attempts: int
    created_at: datetime
    next_at: datetime | None
    acked_at: datetime | None
    acked_by: AckedBy | None


class AttemptView(BaseModel):
    """One attempt; `ended_at` empty when it is not known how it ended."""

    number: int
    started_at: datetime
    ended_at: datetime | None
    status: int | None = Field(description="平台回答的 HTTP 状态码")
    outcome: str | None = Field(
        description="acked 已确认 / not_acknowledged 回答了 2xx 但不能视为确认 / status_<状态码> / timeout / unreachable / "
        "no_address / unreadable"
    )
    reason: str | None = Field(
        description="not_acknowledged 的原因：not_json / not_an_object / too_long / encoded / says_failure:<字段>=<值>"
    )
    words: str | None = Field(description="以上两项的中文说明")


class DeliveryDetail(DeliveryLine):
    """A delivery with its attempts."""

    history: list[AttemptView]
