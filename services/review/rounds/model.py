"""What review speaks of: a reply, its round, what the pre-check found in it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """Where a round stands; the last four are its end, and it is kept for ever (S2.3c)."""

    LEADER_REVIEW = "leader_review"  # 单位领导审阅
    CENTRE_REVIEW = "centre_review"  # 中心审核
    APPROVED = "approved"  # 审核通过
    REJECTED = "rejected"  # 中心退回
    LEADER_REJECTED = "leader_rejected"  # 单位领导退回
    VOID = "void"  # 作废: the order was cancelled, given to a unit anew, or replied to once more


class Move(StrEnum):
    """What can be done to a round."""

    LEADER_APPROVE = "leader-approval"
    LEADER_REJECT = "leader-rejection"
    APPROVE = "approval"
    REJECT = "rejection"
    VOID = "void"


class Severity(StrEnum):
    """Whether a finding stops the approval or only advises."""

    BLOCKING = "blocking"
    ADVICE = "advice"


class Element(StrEnum):
    """The five elements of a reply, and the rest of it (S2.2.3b)."""

    CONTACT_PERSON = "contact_person"  # 何人
    CONTACT_AT = "contact_at"  # 何时
    CONTACT_PHONE = "contact_phone"  # 何电话号码
    FINDINGS = "findings"  # 问题落实情况
    SATISFACTION = "satisfaction"  # 来电人满意度
    REMARKS = "remarks"  # 备注


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
    def parse(cls, text: str) -> Reply:
        """From the JSON that was sealed; ValueError or TypeError when it is no JSON object."""
        given = json.loads(text)
        if not isinstance(given, dict):
            raise TypeError("a reply is a JSON object")

        def word(name: str) -> str:
            value = given.get(name)
            return value.strip() if isinstance(value, str) else ""

        return cls(
            contact_person=word("contact_person"),
            contact_at=_moment(word("contact_at")),
            contact_phone=word("contact_phone"),
            findings=word("findings"),
            satisfaction=word("satisfaction"),
            remarks=word("remarks"),
        )


def _moment(text: str) -> datetime | None:
    """A moment with its offset; anything else counts as not given, for the pre-check to name."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


@dataclass(frozen=True, slots=True)
class Submission:
    """What is known of the submission without opening the reply."""

    submitted_at: datetime
    received_at: datetime | None
    """When the order came; None when it is not known."""
    unchanged: bool
    """Whether the findings are word for word those of the round that was rejected before."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the machine noticed; `sentence` quotes the reply, empty when something is missing."""

    code: str
    severity: Severity
    element: Element
    sentence: str
    message: str

    @staticmethod
    def render_all(findings: tuple[Finding, ...]) -> str:
        """Findings as the JSON that `parse_all` reads."""
        return json.dumps([asdict(finding) for finding in findings], ensure_ascii=False)

    @staticmethod
    def parse_all(text: str) -> tuple[Finding, ...]:
        """Findings from their JSON."""
        return tuple(
            Finding(
                code=given["code"],
                severity=Severity(given["severity"]),
                element=Element(given["element"]),
                sentence=given["sentence"],
                message=given["message"],
            )
            for given in json.loads(text)
        )
