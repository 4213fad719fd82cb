"""The pre-check of a reply: what it finds, and which findings stop an approval. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from services.review.checks.errors import BlockingFindings
from services.review.checks.model import Element, Finding, Reply, Severity, Submission
from services.review.checks.policy import ELEMENTS, FORBIDDEN, SHORTEST_FINDINGS
from shared.personal.numbers import is_phone

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
    if at > submission.submitted_at:
        yield _contact_at(at, "contact_after_submission", "联系时间晚于答复提交时间")
    if submission.received_at is not None and at < submission.received_at:
        yield _contact_at(at, "contact_before_order", "联系时间早于工单接收时间")


def _contact_at(at: datetime, code: str, message: str) -> Finding:
    return Finding(code, Severity.BLOCKING, Element.CONTACT_AT, at.isoformat(), message)


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
