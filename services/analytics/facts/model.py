"""A fact: one event as far as figures need it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What a fact says."""

    RECEIVED = "received"
    ASSIGNED = "assigned"
    RETURNED = "returned"
    APPROVED = "approved"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"  # approved, and never fed back
    FED_BACK = "fed_back"
    REVISITED = "revisited"
    REVISIT_INVALID = "revisit_invalid"
    CLOSED = "closed"
    REOPENED = "reopened"
    OVERDUE = "overdue"
    FIRST_REPLY_OVERDUE = "first_reply_overdue"
    EXCUSED = "excused"  # a breach was excused
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One event as far as figures need it.

    `at` is the moment that decides the day: the deadline for OVERDUE, FIRST_REPLY_OVERDUE and EXCUSED, the moment of
    the event for all others.  `weight` is 0 for the receipt of a test order, which counts for nothing, and 1 otherwise.
    `clock` names the clock whose deadline it was, `reply` the reply that was approved, rejected or not sent.
    """

    order_id: str
    kind: Kind
    at: datetime
    unit: str | None = None
    weight: int = 1
    disposition: str | None = None
    solved: str | None = None
    satisfied: str | None = None
    clock: str | None = None
    reply: str | None = None
