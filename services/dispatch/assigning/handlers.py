"""The dispatch desk: give an order to a unit."""

from __future__ import annotations

from datetime import datetime

from services.dispatch.assigning.model import Assigned, AssignmentOrder
from services.dispatch.assigning.rules import assigning_move, cause_of, check_assignment, is_confirmed
from services.dispatch.assigning.tables import AssignmentRecord
from services.dispatch.directory.errors import UnitNotListed, UnitUnknown
from services.dispatch.directory.rules import check_unit_ready
from services.dispatch.directory.store import readiness_of, unit_with_caseworkers
from services.dispatch.orders.model import Case
from services.dispatch.orders.rules import after
from services.dispatch.orders.store import case_for_update
from services.dispatch.orders.tables import CaseRecord
from services.dispatch.recommending.store import accepted_returns
from services.dispatch.rulesets.policy import CIRCULAR_2022, RuleSet
from services.dispatch.rulesets.store import rules_at
from shared.access import Scope
from shared.contracts.dispatch import OrderAssigned
from shared.contracts.places import ASSIGNMENT
from shared.deps import check_version
from shared.following import parts
from shared.work import Work


async def assign_order(
    work: Work, order_id: str, scope: Scope, order: AssignmentOrder, *, version: int | None = None
) -> Assigned:
    """Assign or reassign the order; the number of the assignment, and whether the unit had returned the order (S2.1a-c, S2.2.1h, S3.1a, S3.1h)."""
    record = await case_for_update(work, order_id, scope)
    check_version(record.version, version)
    case = record.as_case()
    status = after(case.status, assigning_move(case))
    determined_at = order.determined_at or work.now
    check_assignment(
        case,
        unit=order.unit,
        roles=work.person.roles,
        determined_at=determined_at,
        reason=order.reason,
        decision=order.decision,
        rules=await _rules_of(work, case),
        now=work.now,
    )
    await _check_unit(work, order.unit)

    before = {"status": record.status, "unit": record.unit}
    cause = cause_of(case, assigned_before=record.assignment > 0)
    record.no_return = is_confirmed(case, order.unit, order.decision)
    record.status, record.unit, record.assignment = status, order.unit, record.assignment + 1
    record.first_unit = record.first_unit or order.unit
    record.assigned_at = work.now
    record.first_assigned_at = record.first_assigned_at or work.now
    record.accepted_at = record.promised_at = record.reply_id = None
    record.return_rejected = False
    record.begin_turn(work.now)
    record.demand_changes = []
    await parts.take_over(work, _link(work, record, order, cause=cause, determined_at=determined_at))
    work.audit(
        "order.assigned" if cause != "reassigned" else "order.reassigned",
        order_id,
        before=before,
        after={"status": record.status, "unit": order.unit, "basis": order.basis, "cause": cause},
        reason=f"assignment:{record.assignment}" if order.reason or order.decision else None,
    )
    return Assigned(record.assignment, await _returned_before(work, order_id, case, order.unit))


async def _returned_before(work: Work, order_id: str, case: Case, unit: str) -> bool:
    # Not read for the many orders that this unit never asked to return.
    if unit not in case.returned_by:
        return False
    return any(each.unit == unit for each in await accepted_returns(work, order_id))


async def _rules_of(work: Work, case: Case) -> RuleSet:
    """The order's own rule set (X3); not read while nobody has returned the order, when no number of it decides."""
    return await rules_at(work.session, case.received_at) if case.returns else CIRCULAR_2022


async def _check_unit(work: Work, code: str) -> None:
    try:
        unit, caseworkers = await unit_with_caseworkers(work.session, code)
    except UnitUnknown as unknown:
        raise UnitNotListed(code) from unknown
    check_unit_ready(code, readiness_of(unit, caseworkers))


def _link(
    work: Work, record: CaseRecord, order: AssignmentOrder, *, cause: str, determined_at: datetime
) -> OrderAssigned:
    """Write the next link of the chain of responsibility and emit it."""
    assert record.first_unit is not None

    def place(part: str) -> str:
        return ASSIGNMENT.at(order_id=record.order_id, number=record.assignment, part=part)

    work.session.add(
        AssignmentRecord(
            order_id=record.order_id,
            number=record.assignment,
            unit=order.unit,
            cause=cause,
            basis=order.basis,
            grounds=work.sealer.seal(order.grounds, place("grounds")),
            recommended=record.recommended,
            followed=record.recommended[:1] == [order.unit],
            decision=work.sealer.seal_if_any(order.decision, place("decision")),
            reason=work.sealer.seal_if_any(order.reason, place("reason")),
            no_return=record.no_return,
            determined_at=determined_at,
            assigned_at=work.now,
            assigned_by=work.person.account,
        )
    )
    event = OrderAssigned.model_validate(
        {
            "order_id": record.order_id,
            "assignment": record.assignment,
            "unit": order.unit,
            "first_unit": record.first_unit,
            "cause": cause,
            "basis": order.basis,
            "no_return": record.no_return,
            "determined_at": determined_at,
            "assigned_at": record.assigned_at,
            "assigned_by": work.person.account,
        }
    )
    work.emit(event)
    return event
