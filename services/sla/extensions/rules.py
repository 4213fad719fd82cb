"""Whether more time may be asked for (S1.3.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from services.sla.extensions.errors import (
    CitationMissing,
    ClockEnded,
    ConsentBeforeRefusal,
    ConsentIncomplete,
    ConsentOfAnotherTime,
    ConsentRequired,
    ExplanationMissing,
    ExtensionCap,
    ExtensionDecided,
    ExtensionTooLate,
    ExtensionUsed,
    ExtensionWithoutDays,
    NothingToExtend,
    NotTheLead,
    OnlyHeadOverrides,
    OverrideNeedsReason,
    OwnExtension,
)
from services.sla.extensions.model import (
    Asked,
    ClosedMove,
    Consent,
    ExtensionRequest,
    ExtensionState,
    Move,
    Moves,
    Used,
)
from services.sla.rulesets.policy import LONGEST_EXTENSION, RuleSet
from shared.errors import BusinessError


def check_extension(
    request: ExtensionRequest, *, now: datetime, assigned_at: datetime, may_override: bool, rules: RuleSet
) -> None:
    """Refuse a request that is incomplete, without the caller's consent, or over the cap (S1.3.2a, S1.3.2b, S1.3.2d)."""
    if request.reason_code == "legal" and not request.citation:
        raise CitationMissing
    if request.reason_code == "complex" and not request.explanation:
        raise ExplanationMissing
    if request.lacking:
        raise ConsentIncomplete(request.lacking)
    consent = request.consent
    # The caller was asked while the unit had the order, and before it asked us.
    if consent is None:
        raise ConsentRequired
    before_order = consent.agreed_at < assigned_at.replace(second=0, microsecond=0)
    if before_order or consent.agreed_at > now:
        raise ConsentOfAnotherTime(before_order=before_order)
    _check_cap(request, may_override=may_override, most=rules.extension_most.count)


def _check_cap(request: ExtensionRequest, *, may_override: bool, most: int) -> None:
    if request.workdays < 1:
        raise ExtensionWithoutDays(request.workdays, most)
    if request.workdays <= most:
        return
    if not may_override or request.workdays > LONGEST_EXTENSION:
        raise ExtensionCap(request.workdays, most, LONGEST_EXTENSION)
    if not request.override_reason:
        raise OverrideNeedsReason(request.workdays, most)


def check_open_for_extension(due_at: datetime, now: datetime) -> None:
    """Only before the deadline (S1.3.2e): the due moment itself is still in time."""
    if now > due_at:
        raise ExtensionTooLate(due_at)


def check_consent_stands(consent: Consent, refused_at: datetime | None) -> None:
    """A consent holds against a refusal on record only when it was given later (S1.3.2b, S1.3.2c)."""
    if consent.agreed and refused_at is not None and consent.agreed_at <= refused_at:
        raise ConsentBeforeRefusal(refused_at)


def check_times(used: Used, rules: RuleSet) -> None:
    """Once by default (A10)."""
    if used.granted + used.waiting >= rules.extension_times.count:
        raise ExtensionUsed(rules.extension_times.count, waiting=used.waiting > 0)


def check_asking(due_at: datetime | None, used: Used, *, reached: bool, rules: RuleSet, now: datetime) -> None:
    """Refuse a request whatever it says: of another unit, without a deadline that runs, too late, or once too often.

    `due_at` is the deadline that would move, None when none runs; `reached` whether the person may ask for this order.
    """
    if not reached:
        raise NotTheLead
    if due_at is None:
        raise NothingToExtend
    check_open_for_extension(due_at, now)
    check_times(used, rules)


def check_deciding(asked: Asked, *, grant: bool, account: str, head: bool) -> None:
    """Refuse a second answer, and a grant over the cap, of one's own request, or of a deadline that has ended (S1.3.2d, S1.3.2e)."""
    if asked.state is not ExtensionState.REQUESTED:
        raise ExtensionDecided(asked.state)
    if not grant:
        return
    if asked.overridden and not head:
        raise OnlyHeadOverrides
    if asked.requested_by == account:
        raise OwnExtension
    if not asked.clock_runs:
        raise ClockEnded("ended")


def moves_by(checks: Mapping[Move, Callable[[], None]]) -> Moves:
    """Which of these moves their checks let pass, and why not the others."""
    can: list[Move] = []
    cannot: list[ClosedMove] = []
    for move, check in checks.items():
        try:
            check()
        except BusinessError as refusal:
            cannot.append(ClosedMove(move, refusal.code, refusal.message))
        else:
            can.append(move)
    return Moves(tuple(can), tuple(cannot))
