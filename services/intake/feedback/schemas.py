"""What the API shows of replies on their way to the platforms."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from services.intake.feedback.model import DeliveryState


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


class AttemptView(BaseModel):
    """One attempt; `ended_at` empty when it is not known how it ended."""

    number: int
    started_at: datetime
    ended_at: datetime | None
    status: int | None
    outcome: str | None


class DeliveryDetail(DeliveryLine):
    """A delivery with its attempts."""

    history: list[AttemptView]
