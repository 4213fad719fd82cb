"""More working days: asked for by the unit with the caller's consent, granted or refused by the centre (S1.3.2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, cast
from uuid import UUID

from services.sla.chain_plans.handlers import chain_rung_of, observed_hours
from services.sla.chain_plans.rules import needs_chain
from services.sla.clocks.handlers import move_to
from services.sla.clocks.rules import warn_left
from services.sla.clocks.store import running_clocks
from services.sla.clocks.tables import ClockRecord
from services.sla.counting.model import Span
from services.sla.counting.rules import CHAIN, quiet_of, quietened_rungs, workday_moments
from services.sla.extensions import rules, store
from services.sla.extensions.errors import NothingToExtend
from services.sla.extensions.model import Asked, Consent, ExtensionRequest, ExtensionState
from services.sla.extensions.tables import ExtensionRecord
from services.sla.orders.store import order_for_update, rules_for
from services.sla.orders.tables import OrderRecord
from services.sla.rulesets.policy import RuleSet
from shared.access import Scope
from shared.calendar import local_text
from shared.contracts.places import CONSENT, EXTENSION
from shared.contracts.sla import ExtensionGranted, ExtensionRefused, ExtensionRequested
from shared.deps import check_version
from shared.identity import Role
from shared.work import Work


async def request_extension(work: Work, order_id: str, scope: Scope, request: ExtensionRequest) -> ExtensionRecord:
    """Ask for more working days; the record says `declined` when the caller did not consent (S1.3.2a-e)."""
    order = await order_for_update(work, order_id)
    scope.check(order.unit, "工单", order_id)
    rule_set = await rules_for(work, order)
    if order.unit is None or order.assigned_at is None:
        raise NothingToExtend
    may_override = work.person.has(Role.CENTRE_HEAD)
    rules.check_extension(
        request, now=work.now, assigned_at=order.assigned_at, may_override=may_override, rules=rule_set
    )
    consent = cast("Consent", request.consent)
    rules.check_consent_stands(consent, await store.last_refusal(work.session, order_id))
    clock = await _running_final(work, order)
    rules.check_asking(
        clock.due_at if clock else None,
        await store.used_extensions(work.session, order_id),
        reached=True,
        rules=rule_set,
        now=work.now,
    )
    assert clock is not None, "without one there is nothing to extend"
    record = _record(work, order, clock, request, rule_set)
    work.session.add(record)
    if consent.agreed:
        _tell_request(work, record)
    else:
        record.state, record.decided_at, record.decided_by = ExtensionState.DECLINED, work.now, work.person.account
        _tell_refusal(work, record, "caller")
    work.audit(
        f"extension.{record.state}",
        order_id,
        after={"extension": str(record.id), "workdays": record.workdays, "overridden": record.overridden},
        reason=record.reason_code,
    )
    return record


async def decide_extension(
    work: Work, extension_id: UUID, *, grant: bool, reason: str, expected: int | None
) -> ExtensionRecord:
    """Grant or refuse: granted days count from the current due moment, the original one is kept (A10, S1.3.2e)."""
    order_id = await store.order_of_extension(work.session, extension_id)
    order = await order_for_update(work, order_id)
    record = await store.extension_for_update(work.session, extension_id)
    check_version(record.version, expected)
    running = {clock.id for clock in await running_clocks(work, order_id)}
    rules.check_deciding(
        asked_by(record, running), grant=grant, account=work.person.account, head=work.person.has(Role.CENTRE_HEAD)
    )
    if grant:
        await _grant(work, order, record, reason)
    else:
        record.state = ExtensionState.REFUSED
        _tell_refusal(work, record, "centre")
    record.decided_at, record.decided_by = work.now, work.person.account
    record.decision_reason = work.sealer.seal(
        reason, EXTENSION.at(order_id=order_id, extension_id=record.id, part="decision_reason")
    )
    work.audit(
        f"extension.{record.state}",
        order_id,
        before={"extension": str(record.id), "due_at": local_text(record.was_due_at)},
        after={"due_at": None if record.due_at is None else local_text(record.due_at)},
        reason=f"extension:{record.id}",
    )
    return record


def asked_by(record: ExtensionRecord, running: Collection[UUID]) -> Asked:
    """What a decision on the request depends on; `running` are the clocks that still run."""
    return Asked(record.state, record.overridden, record.requested_by, record.clock_id in running)


async def _grant(work: Work, order: OrderRecord, record: ExtensionRecord, reason: str) -> None:
    rule_set = await rules_for(work, order)
    observed = await observed_hours(work, rule_set) if needs_chain(order.scheme) else {}
    clocks = {clock.id: clock for clock in await running_clocks(work, order.order_id)}
    clock = clocks[record.clock_id]
    record.was_due_at = clock.due_at
    for one in clocks.values():
        if one.id == clock.id or one.kind == "district_final":
            _extend(work, order, one, record.workdays, reason, rule_set, observed)
    record.state, record.due_at = ExtensionState.GRANTED, clock.due_at
    work.emit(
        ExtensionGranted(
            order_id=order.order_id,
            extension_id=str(record.id),
            clock_id=str(clock.id),
            unit=record.unit,
            workdays=record.workdays,
            original_due_at=clock.original_due_at,
            was_due_at=record.was_due_at,
            due_at=clock.due_at,
            granted_by=work.person.account,
            granted_at=work.now,
        )
    )


def _extend(
    work: Work,
    order: OrderRecord,
    clock: ClockRecord,
    workdays: int,
    reason: str,
    rule_set: RuleSet,
    observed: Mapping[str, Sequence[float]],
) -> None:
    clock.extended_workdays += workdays
    left = warn_left(clock.kind, order.scheme, rule_set)
    due, rungs = workday_moments(
        clock.started_at, clock.amount, work.calendar, warn_left=left, extended=clock.extended_workdays
    )
    if any(rung["name"] == CHAIN for rung in clock.rungs):
        chain = chain_rung_of(clock, order, observed, rule_set, work.calendar, due_at=due.at)
        rungs = tuple(sorted([*rungs, chain], key=lambda rung: rung.at))
    keeps = quiet_of(clock.span, rule_set, urgent=order.urgent, safety=order.safety)
    quiet = quietened_rungs(rungs, clock.started_at, due.at, rule_set, work.calendar, keeps)
    # Units read it too: they are told in which role somebody decided, and not who; the request has the person.
    by = "中心负责人" if work.person.has(Role.CENTRE_HEAD) else "派单员"
    granted = f"经{by}批准延期 {workdays} 个工作日"
    move_to(work, clock, due, quiet, "extension", granted, words=reason)


async def _running_final(work: Work, order: OrderRecord) -> ClockRecord | None:
    clocks = await running_clocks(work, order.order_id)
    finals = [c for c in clocks if c.kind == "final" and c.unit == order.unit and c.span is Span.WORKDAYS]
    return finals[-1] if finals else None


def _record(
    work: Work, order: OrderRecord, clock: ClockRecord, request: ExtensionRequest, rule_set: RuleSet
) -> ExtensionRecord:
    extension_id = work.ids()
    consent = cast("Consent", request.consent)
    words = {"person": consent.person, "phone": consent.phone, "evidence": consent.evidence}

    def sealed(said: str | None, part: str) -> str | None:
        return work.sealer.seal_if_any(
            said, EXTENSION.at(order_id=order.order_id, extension_id=extension_id, part=part)
        )

    return ExtensionRecord(
        id=extension_id,
        order_id=order.order_id,
        clock_id=clock.id,
        unit=order.unit,
        state=ExtensionState.REQUESTED,
        reason_code=request.reason_code,
        citation=sealed(request.citation, "citation"),
        explanation=sealed(request.explanation, "explanation"),
        workdays=request.workdays,
        overridden=request.workdays > rule_set.extension_most.count,
        override_reason=sealed(request.override_reason, "override_reason"),
        consented_at=consent.agreed_at,
        agreed=consent.agreed,
        consent=work.sealer.seal_json(words, CONSENT.at(order_id=order.order_id, extension_id=extension_id)),
        requested_at=work.now,
        requested_by=work.person.account,
        was_due_at=clock.due_at,
    )


def _tell_request(work: Work, record: ExtensionRecord) -> None:
    work.emit(
        ExtensionRequested(
            order_id=record.order_id,
            extension_id=str(record.id),
            clock_id=str(record.clock_id),
            unit=record.unit,
            reason_code=record.reason_code,
            workdays=record.workdays,
            due_at=record.was_due_at,
            overridden=record.overridden,
            requested_at=work.now,
        )
    )


def _tell_refusal(work: Work, record: ExtensionRecord, cause: Literal["centre", "caller"]) -> None:
    work.emit(
        ExtensionRefused(
            order_id=record.order_id,
            extension_id=str(record.id),
            clock_id=str(record.clock_id),
            unit=record.unit,
            cause=cause,
            refused_by=work.person.account,
            refused_at=work.now,
        )
    )
