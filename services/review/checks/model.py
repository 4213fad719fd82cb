"""A reply as the pre-check reads it, and what the pre-check finds in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """Whether a finding stops the approval or only advises."""

    BLOCKING = "blocking"
    ADVICE = "advice"


class Element(StrEnum):
    """The five elements of a reply, the rest of it (S2.2.3b), and the demand that it answers."""

    CONTACT_PERSON = "contact_person"  # 何人
    CONTACT_AT = "contact_at"  # 何时
    CONTACT_PHONE = "contact_phone"  # 何电话号码
    FINDINGS = "findings"  # 问题落实情况
    SATISFACTION = "satisfaction"  # 来电人满意度
    REMARKS = "remarks"  # 备注
    DEMAND = "demand"  # 诉求: what the reply answers


@dataclass(frozen=True, slots=True)
class Reply:
    """The unit's reply, opened; what is missing is empty."""

    contact_person: str
    contact_at: datetime | None
    contact_phone: str
    findings: str
    satisfaction: str
    remarks: str

    @classmethod
    def of(cls, given: Any) -> Reply:
        """From the JSON object that was sealed; TypeError when it is no object."""
        if not isinstance(given, dict):
            raise TypeError("a reply is a JSON object")

        def text(name: str) -> str:
            value = given.get(name)
            return value.strip() if isinstance(value, str) else ""

        return cls(
            contact_person=text("contact_person"),
            contact_at=_moment(text("contact_at")),
            contact_phone=text("contact_phone"),
            findings=text("findings"),
            satisfaction=text("satisfaction"),
            remarks=text("remarks"),
        )


def _moment(text: str) -> datetime | None:
    """A moment with its offset; anything else counts as not given, for the pre-check to name."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact that the unit has on record in its present turn at the order (S2.2.1b)."""

    reached: bool
    """Whether the caller was spoken with; otherwise nobody answered, or the caller refused."""
    contacted_at: datetime
    person: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class DemandChange:
    """A version of the order's content that the upstream sent, and in which fields it differs from the one before."""

    version: int
    fields: tuple[str, ...]
    at: datetime

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> DemandChange:
        """From the JSON object that a change is stored as."""
        return cls(given["version"], tuple(given["fields"]), datetime.fromisoformat(given["at"]))


@dataclass(frozen=True, slots=True)
class Submission:
    """What is known of the submission without opening the reply."""

    submitted_at: datetime
    received_at: datetime | None
    """When the order was received; None when it is not known."""
    unchanged: bool
    """Whether 问题落实情况 is exactly the text of the round that was rejected before."""
    contacts: tuple[Contact, ...]
    changes: tuple[DemandChange, ...]
    """What the upstream has changed since the version that the reply answers."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem in a reply; `sentence` quotes the reply, empty when something is missing."""

    code: str
    severity: Severity
    element: Element
    sentence: str
    message: str

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Finding:
        """From the JSON object that a finding is stored as."""
        return cls(
            code=given["code"],
            severity=Severity(given["severity"]),
            element=Element(given["element"]),
            sentence=given["sentence"],
            message=given["message"],
        )
