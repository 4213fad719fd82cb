"""Which decision a round allows, who may take it, and what the machine notices in a reply. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from services.review.errors import BlockingFindings, ChainIncomplete, OwnReply, WrongStep
from services.review.model import Element, Finding, Move, Reply, Severity, State, Submission
from services.review.policy import ELEMENTS, FORBIDDEN, ORDINARY_SCHEME, PHONE, SHORTEST_FINDINGS

MOVES: Final[dict[tuple[State, Move], State]] = {
    (State.LEADER_REVIEW, Move.LEADER_APPROVE): State.CENTRE_REVIEW,  # S2.2.3c
    (State.LEADER_REVIEW, Move.LEADER_REJECT): State.LEADER_REJECTED,  # S2.2.3c
    (State.CENTRE_REVIEW, Move.APPROVE): State.APPROVED,  # S2.3b
    (State.CENTRE_REVIEW, Move.REJECT): State.REJECTED,  # S2.3c
    (State.LEADER_REVIEW, Move.VOID): State.VOID,
    (State.CENTRE_REVIEW, Move.VOID): State.VOID,
}

OPEN_STATES: Final = frozenset(state for state, _ in MOVES)
"""The states that somebody still has to decide upon."""

_SENTENCE: Final = re.compile(r"[^。！？；!?;\n]+[。！？；!?;]?")
_SHORTEST_NUMBER: Final = 7
_NUMBER: Final = re.compile(r"(?<![\d-])(?!\d{4}-\d\d-\d\d(?!\d))\d[\d-]{5,18}\d(?!\d)")


def after(state: State, move: Move) -> State:
    """The state that the move leads to; WrongStep when it is not allowed here."""
    try:
        return MOVES[state, move]
    except KeyError:
        raise WrongStep(state.value, move.value) from None


def check_reviewer(account: str, handlers: frozenset[str]) -> None:
    """Refuse whoever submitted, handled or released the reply (S2.3a)."""
    if account in handlers:
        raise OwnReply


def check_chain(scheme: str | None) -> None:
    """Refuse a reply whose channel demands a document chain; an unknown channel counts as one (S1.1.1b)."""
    if scheme != ORDINARY_SCHEME:
        raise ChainIncomplete(scheme)


def check_findings(findings: tuple[Finding, ...], override_reason: str | None) -> bool:
    """Refuse blocking findings without a reason; whether the reason was needed (S2.3a)."""
    blocking = tuple(finding.code for finding in findings if finding.severity is Severity.BLOCKING)
    if blocking and not override_reason:
        raise BlockingFindings(blocking)
    return bool(blocking)


def moves_of(state: State, *, head: bool, reviewer: bool, own: bool, scheme: str | None) -> tuple[Move, ...]:
    """What a person may do now: `head` leads the unit, `reviewer` reviews for the centre, `own` handled the order."""
    allowed = []
    for at, move in MOVES:
        if at is not state or move is Move.VOID:
            continue
        if move in {Move.LEADER_APPROVE, Move.LEADER_REJECT}:
            may = head
        else:
            may = reviewer and not own and (move is Move.REJECT or scheme == ORDINARY_SCHEME)
        if may:
            allowed.append(move)
    return tuple(allowed)


def faults_of(reply: Reply, submission: Submission) -> tuple[Finding, ...]:
    """What the machine notices, blocking first; each finding quotes its sentence (S2.2.3b, S2.3a)."""
    found = [
        *_missing(reply),
        *_forbidden(reply),
        *_phone(reply),
        *_moments(reply, submission),
        *_thin(reply, submission),
    ]
    return tuple(sorted(found, key=lambda finding: finding.severity is not Severity.BLOCKING))


def _missing(reply: Reply) -> Iterator[Finding]:
    for element, name in ELEMENTS.items():
        if not getattr(reply, element.value):
            yield Finding("element_missing", Severity.BLOCKING, element, "", f"缺少{name}")


def _forbidden(reply: Reply) -> Iterator[Finding]:
    for element, text in ((Element.FINDINGS, reply.findings), (Element.REMARKS, reply.remarks)):
        for sentence in _SENTENCE.findall(text):
            # Spaces between the characters would hide a word from a plain search.
            packed = re.sub(r"\s+", "", sentence)
            for word in FORBIDDEN:
                if word in packed:
                    yield Finding(
                        "forbidden_word", Severity.BLOCKING, element, sentence.strip(), f"含有不规范用语“{word}”"
                    )


def _phone(reply: Reply) -> Iterator[Finding]:
    number = re.sub(r"\s+", "", reply.contact_phone)
    if number and not PHONE.fullmatch(number):
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


def _thin(reply: Reply, submission: Submission) -> Iterator[Finding]:
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


def masked(text: str) -> str:
    """`text` with the middle of every number that may be a phone or an identity number struck out."""

    def strike(match: re.Match[str]) -> str:
        number = match.group()
        if sum(character.isdigit() for character in number) < _SHORTEST_NUMBER:
            return number
        return number[:3] + "*" * (len(number) - 5) + number[-2:]

    return _NUMBER.sub(strike, text)
