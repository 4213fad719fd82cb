"""What intake speaks of: a channel, the canonical order, and the smaller requests of a platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

from shared.contracts.intake import Level, ReplyScheme, Subject, Urgency

_GONE: Final = 410
Spelling = Literal["local", "iso", "millis"]
"""How a platform writes moments: `2026-11-23 09:00:00` of Yantai, ISO 8601 with offset, or milliseconds since 1970."""
ChannelCode = Literal[
    "national_inspection",
    "national_portal",
    "national_message",
    "province_12345",
    "city_12345",
    "city_enterprise",
    "province_enterprise",
]
Solved = Literal["solved", "mostly_solved", "unsolved"]
Satisfied = Literal["satisfied", "mostly_satisfied", "unsatisfied"]
State = Literal["received", "assigned", "approved", "fed_back", "closed", "cancelled"]
"""How far an order is, as the upstream side needs to know it; the lifecycle itself belongs to dispatch."""


@dataclass(frozen=True, slots=True)
class Channel:
    """An upstream platform: what its orders are, and which of its words mean which of ours."""

    code: str
    title: str
    level: Level
    subject: Subject
    scheme: ReplyScheme
    spelling: Spelling
    order: Mapping[str, str]
    """Its field name -> ours, for orders."""
    required: tuple[str, ...]
    """Our names of the fields without which an order of this platform makes no sense."""
    feedback: Mapping[str, str]
    """Our field name -> its, for the reply that it is handed."""
    example: Mapping[str, Any]
    """A whole order as this platform writes it: shown in the API document and pushed by the simulated upstream."""
    notices: Mapping[str, str] = field(default_factory=dict)
    """Its field name -> ours, for cancellations, urges, revisits and redos."""

    def theirs(self, ours: str) -> str:
        """Its name for one of our order fields; ours when it has none."""
        return next((name for name, canonical in self.order.items() if canonical == ours), ours)


class UpstreamOrder(NamedTuple):
    """One order as any platform may tell it; all but four fields are optional.  Moments are aware and in UTC.

    A tuple, because every order makes one on the hot path and a frozen class sets its fields one by one.
    """

    upstream_no: str
    title: str
    content: str
    category: str
    old_no: str | None = None
    duplicate_of: str | None = None
    revision: str | None = None
    is_test: bool = False
    way: str | None = None
    caller_name: str | None = None
    gender: str | None = None
    caller_phone: str | None = None
    contact_phone: str | None = None
    email: str | None = None
    id_type: str | None = None
    id_number: str | None = None
    caller_region: str | None = None
    subject: Subject | None = None
    enterprise_name: str | None = None
    credit_code: str | None = None
    caller_label: str | None = None
    repeat_caller: bool | None = None
    confidential: bool = False
    anonymous: bool = False
    public: bool | None = None
    kind: str | None = None
    original_letter: str | None = None
    category_code: str | None = None
    tags: tuple[str, ...] = ()
    urgency: str | None = None
    against: str | None = None
    against_phone: str | None = None
    attachments: tuple[dict[str, str], ...] = ()
    recording_id: str | None = None
    area: str | None = None
    street: str | None = None
    community: str | None = None
    spot: str | None = None
    address: str | None = None
    longitude: float | None = None
    latitude: float | None = None
    called_at: datetime | None = None
    accepted_at: datetime | None = None
    filed_at: datetime | None = None
    sent_at: datetime | None = None
    due_at: datetime | None = None
    time_limit: int | None = None
    time_unit: str | None = None
    advice: str | None = None

    @property
    def hidden(self) -> bool:
        """Whether the caller asked not to be known to units (X2)."""
        return self.confidential or self.anonymous


NAMES: Final = UpstreamOrder._fields
DEMAND: Final = ("title", "content")
CALLER: Final[Mapping[str, str]] = {
    "caller_name": "name",
    "caller_phone": "phone",
    "contact_phone": "contact_phone",
    "id_number": "id_number",
    "email": "email",
    "address": "address",
}
"""Fields of the order that are sealed in columns of their own -> the column."""
PRIVATE: Final = (
    "gender",
    "caller_label",
    "against",
    "against_phone",
    "original_letter",
    "advice",
    "attachments",
    "spot",
    "longitude",
    "latitude",
)
"""Fields that may name a person and are sealed together."""
DETAILS: Final = tuple(
    name for name in NAMES if name not in (*DEMAND, *CALLER, *PRIVATE, "upstream_no", "category", "is_test")
)
"""Fields that name nobody and are kept as they are."""


@dataclass(frozen=True, slots=True)
class Flags:
    """What the rules saw in an order's text."""

    urgent: tuple[Urgency, ...]
    out_of_scope: str | None
    street: str | None


@dataclass(frozen=True, slots=True)
class RevisitResult:
    """What came of the platform's call to the person; solved and satisfied are None when nobody answered (A32)."""

    valid: bool
    solved: Solved | None
    satisfied: Satisfied | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt to hand a reply over ended: the status of the answer, or a stable word for why there was none."""

    word: str
    status: int | None = None
    retry_after: timedelta | None = None

    @property
    def acked(self) -> bool:
        """Only 2xx is an acknowledgement (R37)."""
        return self.word == "acked"

    @property
    def gone(self) -> bool:
        """410: the platform will never take it."""
        return self.status == _GONE
