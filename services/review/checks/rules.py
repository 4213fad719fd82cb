"""The pre-check of a reply: what it finds, and which findings stop an approval. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from services.review.checks.errors import BlockingFindings
from services.review.checks.model import (
    Contact,
    DemandChange,
    Element,
    Finding,
    Reply,
    Severity,
    Submission,
)
from services.review.checks.policy import DEMAND_CHANGED, ELEMENTS, FORBIDDEN, SHORTEST_FINDINGS, STATED
from shared.calendar import as_written
from shared.contracts.fields import FIELD_TITLES
from shared.personal.numbers import is_phone, same_phone

_SENTENCE: Final = re.compile(r"[^。！？；!?;\n]+[。！？；!?;]?")


def check_findings(findings: tuple[Finding, ...], override_reason: str | None) -> bool:
    """Refuse blocking findings without a reason; whether the reason was needed (S2.3a)."""
    blocking = tuple(finding.code for finding in findings if finding.severity is Severity.BLOCKING)
    if blocking and not override_reason:
        raise BlockingFindings(blocking)
    return bool(blocking)


def faults_of(reply: Reply, submission: Submission) -> tuple[Finding, ...]:
    """The findings of the pre-check, blocking first; each quotes its sentence (S2.2.3b, S2.3a)."""
    found = [
        *_missing(reply),
        *_forbidden(reply),
        *_phone(reply),
        *_moments(reply, submission),
        *_contacts(reply, submission.contacts),
        *demand_findings(submission.changes),
        *_advice(reply, submission),
    ]
    return tuple(sorted(found, key=lambda finding: finding.severity is not Severity.BLOCKING))


def _missing(reply: Reply) -> Iterator[Finding]:
    for element, name in ELEMENTS.items():
        if not getattr(reply, element.value):
            yield Finding("element_missing", Severity.BLOCKING, element, "", f"缺少{name}")


def _forbidden(reply: Reply) -> Iterator[Finding]:
    for element, text in ((Element.FINDINGS, reply.findings), (Element.REMARKS, reply.remarks)):
        for sentence in _SENTENCE.findall(text):
            # A space between two characters would hide a forbidden word from a plain search.
            without_spaces = re.sub(r"\s+", "", sentence)
            for word in FORBIDDEN:
                if word in without_spaces:
                    yield Finding(
                        "forbidden_word", Severity.BLOCKING, element, sentence.strip(), f"含有不规范用语“{word}”"
                    )


def _phone(reply: Reply) -> Iterator[Finding]:
    if reply.contact_phone and not is_phone(reply.contact_phone):
        yield Finding(
            "phone_unlikely",
            Severity.BLOCKING,
            Element.CONTACT_PHONE,
            reply.contact_phone,
            "联系电话不像有效的电话号码",
        )


def _moments(reply: Reply, submission: Submission) -> Iterator[Finding]:
    at = reply.contact_at
    if at is None:
        return
    if at > as_written(submission.submitted_at, at):
        yield _contact_at(at, "contact_after_submission", "联系时间晚于答复提交时间")
    if submission.received_at is not None and at < as_written(submission.received_at, at):
        yield _contact_at(at, "contact_before_order", "联系时间早于工单接收时间")


def _contact_at(at: datetime, code: str, message: str) -> Finding:
    return Finding(code, Severity.BLOCKING, Element.CONTACT_AT, at.isoformat(), message)


def _contacts(reply: Reply, contacts: tuple[Contact, ...]) -> Iterator[Finding]:
    """What the reply says of the contact with the caller, against what the unit has on record (S2.2.3a, S2.2.3b)."""
    if reply.satisfaction in STATED and not any(contact.reached for contact in contacts):
        message = "没有接通来电人的联系记录，不能写明来电人的满意度，请核实；未接通的应为“未表态”"
        yield Finding("satisfaction_unfounded", Severity.BLOCKING, Element.SATISFACTION, "", message)
    matching = [_matches(reply, contact) for contact in contacts]
    said = {
        Element.CONTACT_PERSON: reply.contact_person,
        Element.CONTACT_AT: "" if reply.contact_at is None else reply.contact_at.isoformat(),
        Element.CONTACT_PHONE: reply.contact_phone,
    }
    unrecorded = [element for element, text in said.items() if text and not any(element in one for one in matching)]
    for element in unrecorded:
        message = f"{ELEMENTS[element]}与本次承办以来的每一条联系记录都不一致，请核对联系记录"
        yield Finding("contact_unrecorded", Severity.BLOCKING, element, said[element], message)
    if all(said.values()) and not unrecorded and not any(one == said.keys() for one in matching):
        message = "联系人、联系时间、联系电话不属于同一条联系记录，请核对"
        yield Finding("contact_mixed", Severity.ADVICE, Element.CONTACT_AT, said[Element.CONTACT_AT], message)


def _matches(reply: Reply, contact: Contact) -> frozenset[Element]:
    """In which elements the reply says what this record says; a person is not on record where nobody was reached."""
    matches = {
        Element.CONTACT_PERSON: contact.person is None or _same_person(reply.contact_person, contact.person),
        # People write down the minute.
        Element.CONTACT_AT: reply.contact_at is not None
        and reply.contact_at.replace(second=0, microsecond=0) == contact.contacted_at.replace(second=0, microsecond=0),
        Element.CONTACT_PHONE: contact.phone is not None and same_phone(reply.contact_phone, contact.phone),
    }
    return frozenset(element for element, same in matches.items() if same)


def _same_person(one: str, other: str) -> bool:
    """Whether both name one person: a reply may add the office, as in 住建局 于科长."""
    shorter, longer = sorted((re.sub(r"\s+", "", one), re.sub(r"\s+", "", other)), key=len)
    return bool(shorter) and shorter in longer


def demand_findings(changes: tuple[DemandChange, ...]) -> tuple[Finding, ...]:
    """That the upstream changed the demand after the version that the reply answers; nothing without a change (S1.1.4c)."""
    if not changes:
        return ()
    message = f"{_changed(changes)}，请核对答复是否仍然适用"
    return (Finding(DEMAND_CHANGED, Severity.BLOCKING, Element.DEMAND, "", message),)


def outdated_opinion(changes: tuple[DemandChange, ...]) -> str:
    """Why the platform gives back a reply that was approved without these changes in view (S1.1.4c, S2.3a).

    They came before the approval, or after it and before the reply was sent: the words hold for both.
    """
    return (
        f"{_changed(changes)}，审核通过时依据的是变更前的内容，本答复没有反馈上级；请核对变更内容，按新版本重新提交答复"
    )


def _changed(changes: tuple[DemandChange, ...]) -> str:
    fields = "、".join(dict.fromkeys(FIELD_TITLES.get(name, name) for change in changes for name in change.fields))
    return f"上级平台在答复之后变更了工单（第 {changes[-1].version} 版：{fields}）"


def with_demand(findings: tuple[Finding, ...], changes: tuple[DemandChange, ...]) -> tuple[Finding, ...]:
    """The findings of a reply after the upstream changed the demand while it was under review (S2.3a)."""
    return (*demand_findings(changes), *(finding for finding in findings if finding.code != DEMAND_CHANGED))


def changes_after(version: int, changes: Iterable[DemandChange]) -> tuple[DemandChange, ...]:
    """The changes that a reply to this version does not answer, the first first."""
    return tuple(sorted((one for one in changes if one.version > version), key=lambda change: change.version))


def _advice(reply: Reply, submission: Submission) -> Iterator[Finding]:
    if reply.findings and len(reply.findings) < SHORTEST_FINDINGS:
        message = f"问题落实情况不足 {SHORTEST_FINDINGS} 字，请核实是否说清办理过程和结果"
        yield Finding("findings_short", Severity.ADVICE, Element.FINDINGS, reply.findings, message)
    if submission.unchanged:
        sentence = next(iter(_SENTENCE.findall(reply.findings)), "").strip()
        yield Finding(
            "unchanged", Severity.ADVICE, Element.FINDINGS, sentence, "问题落实情况与上一轮被退回的内容完全相同"
        )
    if reply.satisfaction == "not_stated":
        yield Finding(
            "satisfaction_not_stated", Severity.ADVICE, Element.SATISFACTION, "", "来电人未表明满意度，请核实是否已征询"
        )
