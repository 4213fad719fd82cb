"""A reply, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from shared.contracts.dispatch import Disposition, Satisfaction
from shared.files.stored import StoredFile


class ReplyState(StrEnum):
    """What became of a reply."""

    SUBMITTED = "submitted"
    LEADER_APPROVED = "leader_approved"
    LEADER_REJECTED = "leader_rejected"
    APPROVED = "approved"
    REJECTED = "rejected"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Reply:
    """A unit's reply: the five elements of the template (S2.2.3b), and what its disposition demands (S2.2.2b-e)."""

    disposition: Disposition
    contact_person: str | None
    contact_at: datetime | None
    contact_phone: str | None
    findings: str | None
    satisfaction: Satisfaction | None
    remarks: str | None
    statement: str | None
    legal_basis: str | None
    site_record: str | None
    plan_on: date | None
    demand_version: int | None
    """The version of the order that the caseworker had before him; None when the client does not say."""
    evidence: tuple[StoredFile, ...]
