"""Whether more time may be asked for (S1.3.2)."""

from __future__ import annotations

from datetime import datetime

from services.sla.extensions.errors import (
    CitationMissing,
    ConsentBeforeRefusal,
    ConsentIncomplete,
    ConsentOfAnotherTime,
    ConsentRequired,
    ExplanationMissing,
    ExtensionCap,
    ExtensionTooLate,
    ExtensionUsed,
    ExtensionWithoutDays,
    OverrideNeedsReason,
)
from services.sla.extensions.model import Consent, ExtensionRequest
from services.sla.rulesets.policy import LONGEST_EXTENSION, RuleSet


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


def check_times(granted_or_open: int, rules: RuleSet) -> None:
    """Once by default (A10)."""
    if granted_or_open >= rules.extension_times.count:
        raise ExtensionUsed(rules.extension_times.count)
