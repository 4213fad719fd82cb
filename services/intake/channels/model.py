"""A channel, the order in our field names, and what a request is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from shared.contracts.fields import FIELD_TITLES
from shared.contracts.intake import Level, ReplyScheme, Subject

Spelling = Literal["local", "iso", "millis"]
"""How a platform writes moments: `2026-11-23 09:00:00` in local time, ISO 8601 with offset, or milliseconds since 1970."""
ChannelCode = Literal[
    "national_inspection",
    "national_portal",
    "national_message",
    "province_12345",
    "city_12345",
    "city_enterprise",
    "province_enterprise",
]


_WORDS: Final = frozenset(
    {"true", "y", "yes", "ok", "success", "succeed", "succeeded", "成功", "操作成功", "处理成功", "接收成功"}
)
_ZEROS: Final = frozenset({"0", "00", "000", "0000", "00000", "000000"})
_CODES: Final = _WORDS | _ZEROS | {"200", "201", "202"}
_STATES: Final = _CODES | {"1", "accepted", "received"}

USUAL_SUCCESS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        **dict.fromkeys(("code", "resultcode", "retcode", "returncode", "respcode", "statuscode", "ret"), _CODES),
        **dict.fromkeys(("errcode", "errorcode"), _ZEROS | {"ok", "success"}),
        **dict.fromkeys(("success", "issuccess", "ok"), _WORDS | {"1"}),
        **dict.fromkeys(("status", "state", "result"), _STATES),
    }
)
"""How platforms usually answer; `1` is a success in `status` and not in `code`, as most of them use it.

Names are written without capitals, `_` and `-`: `resultcode` is resultCode and result_code as well.
"""


@dataclass(frozen=True, slots=True)
class Channel:
    """An upstream platform: the level and kind of its orders, and its field names for ours."""

    code: str
    title: str
    level: Level
    subject: Subject
    scheme: ReplyScheme
    spelling: Spelling
    order: Mapping[str, str]
    """Its field name -> ours, for orders.  Where it numbers the revisions of an order, one of them is our `revision`."""
    required: tuple[str, ...]
    """Our names of the fields that every order of this platform must have."""
    feedback: Mapping[str, str]
    """Our field name -> its, for the reply that is sent to it."""
    example: Mapping[str, Any]
    """A whole order as this platform writes it: shown in the API document and pushed by the simulated upstream."""
    notices: Mapping[str, str] = field(default_factory=dict)
    """Its field name -> ours, for cancellations, urges, revisits and redos."""
    success: Mapping[str, frozenset[str]] = field(default_factory=lambda: USUAL_SUCCESS)
    """Fields of its answers to our feedback that say whether it took it, with the values that say yes (lower case).

    A channel that has its own is read by these alone; the fields that tell an error are read for every channel.
    """

    @property
    def numbers_revisions(self) -> bool:
        """Whether it says with each change of an order which revision that is; the others send them in sequence."""
        return "revision" in self.order.values()

    def theirs(self, ours: str) -> str:
        """Its name for one of our order fields; ours when it has none."""
        return next((name for name, canonical in self.order.items() if canonical == ours), ours)


class UpstreamOrder(NamedTuple):
    """One order in our field names; all but four fields are optional.  Every moment has its offset.

    A tuple, because one is made for every order on the hot path, and a frozen dataclass is slower to make.
    """

    upstream_no: str
    title: str
    content: str
    category: str
    old_no: str | None = None
    duplicate_of: str | None = None
    revision: int | None = None
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


TITLES: Final[Mapping[str, str]] = {
    **FIELD_TITLES,
    "reason": "原因",
    "happened_at": "时间",
    "connected": "是否接通",
    "solved": "是否解决",
    "satisfied": "是否满意",
    "opinion": "回访意见",
}
"""The field names in Chinese, of orders and notices: used in messages about a field that is missing or wrong."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a request is answered: 201 a new order, 200 done or known, 422 not understood.

    `replayed` when the very same request was answered before.
    """

    status: int
    order_id: str | None
    version: int | None = None
    replayed: bool = False
    quarantine_id: str | None = None
    not_applied: str | None = None
    """A stable code where nothing was done, because what is known is newer: `older_revision`."""
    unknown: tuple[str, ...] = ()
    """The names of the fields of the request that we do not know, whose values are kept: a misspelt one is noticed."""
