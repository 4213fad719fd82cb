"""An order on its way into the database."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class NewOrder(NamedTuple):
    """One order as it would be stored if it is new: the columns of the statement that stores it, in their sequence.

    Personal data is sealed.  `at` is now; an order that was released from quarantine was received earlier.  `first_at` is
    when the earliest copy of it arrived that still waits in quarantine: its clocks run from there (A04).
    """

    order_id: str
    platform: str
    platform_no: str
    level: str
    subject: str
    scheme: str
    platform_revision: int | None
    fingerprint: str
    category: str
    street: str | None
    urgent: str
    out_of_scope: str | None
    confidential: bool
    is_test: bool
    at: datetime
    received_at: datetime
    released_at: datetime | None
    upstream_due_at: datetime | None
    demand: str
    details: str
    name: str | None
    phone: str | None
    contact_phone: str | None
    id_number: str | None
    email: str | None
    address: str | None
    private: str | None
    prints: str
    unknown: str | None
    webhook_id: str
    body_hash: bytes
    number_print: str
    first_at: datetime

    @property
    def known_at(self) -> datetime | None:
        """When an order that had waited in quarantine became known; None where it was understood at once."""
        return self.released_at or (self.at if self.first_at < self.received_at else None)

    @property
    def number(self) -> tuple[str, str]:
        """Platform and its number of the order."""
        return self.platform, self.platform_no

    @property
    def request(self) -> tuple[str, str]:
        """Channel and webhook-id of the request."""
        return self.platform, self.webhook_id

    @property
    def keys(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """What no two orders of one batch may share, because one statement inserts them all: number and request id."""
        return ("no:" + self.platform, self.platform_no), self.request
