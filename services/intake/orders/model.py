"""How far an order is, and which of its fields are stored where."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from services.intake.channels.model import UpstreamOrder


class State(StrEnum):
    """How far an order is, as the upstream side needs to know it; the lifecycle itself belongs to dispatch."""

    RECEIVED = "received"
    ASSIGNED = "assigned"
    APPROVED = "approved"
    FED_BACK = "fed_back"
    CLOSED = "closed"
    CANCELLED = "cancelled"


FIELDS: Final = UpstreamOrder._fields
CALLER_COLUMNS: Final[Mapping[str, str]] = {
    "caller_name": "name",
    "caller_phone": "phone",
    "contact_phone": "contact_phone",
    "id_number": "id_number",
    "email": "email",
    "address": "address",
}
"""Fields of the order that are sealed in columns of their own -> the column."""
PRIVATE_FIELDS: Final = (
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
DETAIL_FIELDS: Final = tuple(
    name
    for name in FIELDS
    if name not in ("title", "content", *CALLER_COLUMNS, *PRIVATE_FIELDS, "upstream_no", "category", "is_test")
)
"""Fields that name nobody and are kept in clear."""
