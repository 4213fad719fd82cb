"""One order on its way into the database, and the answer that its request waits for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from services.intake.model import Channel, UpstreamOrder
from services.intake.store.acceptance import NewOrder
from shared.errors import BusinessError


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to an order: 201 new, 200 known or changed; `replayed` when the very request was answered before."""

    status: int
    order_id: str | None
    version: int | None
    replayed: bool = False
    quarantine_id: str | None = None


Answer = Accepted | BusinessError


@dataclass(slots=True)
class Submission:
    """One order on its way into the database."""

    channel: Channel
    order: UpstreamOrder
    row: NewOrder
    correlation: str
    answer: asyncio.Future[Accepted]
    keys: tuple[tuple[str, str], tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        """What no two orders of one batch may share: the platform's number, and the request's id (trap c)."""
        self.keys = (("no:" + self.row.platform, self.row.platform_no), (self.row.platform, self.row.webhook_id))

    @property
    def number(self) -> tuple[str, str]:
        """Platform and its number of the order."""
        return self.row.platform, self.row.platform_no

    @property
    def request(self) -> tuple[str, str]:
        """Channel and webhook-id of the request."""
        return self.row.platform, self.row.webhook_id

    def settle(self, answer: Answer) -> None:
        """Let the request go on, unless its client is gone."""
        if self.answer.done():
            return
        if isinstance(answer, BusinessError):
            self.answer.set_exception(answer)
        else:
            self.answer.set_result(answer)
