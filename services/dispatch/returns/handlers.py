"""Returns: the unit asks with its four parts, the centre decides."""

from __future__ import annotations

from services.dispatch.directory.store import is_active_unit
from services.dispatch.materials.store import attach
from services.dispatch.orders.handlers import recommend
from services.dispatch.orders.model import Move
from services.dispatch.orders.rules import after
from services.dispatch.orders.store import case_for_update
from services.dispatch.recommending.model import AcceptedReturn
from services.dispatch.returns import store
from services.dispatch.returns.errors import SuggestedUnitUnfit
from services.dispatch.returns.model import ReturnRequest
from services.dispatch.returns.rules import accepted_return, check_return, check_return_decision
from services.dispatch.returns.tables import ReturnRecord
from services.dispatch.rulesets.store import rules_at
from shared.access import Scope
from shared.contracts.dispatch import ReturnAccepted, ReturnRejected, ReturnRequested
from shared.contracts.places import RETURN
from shared.deps import check_version
from shared.following import parts
from shared.identity import Role
from shared.work import Work


async def request_return(work: Work, order_id: str, scope: Scope, request: ReturnRequest) -> str:
    """Ask the centre to take the order back; the request's id (S2.2.1f-h).  No deadline pauses meanwhile (S2.2.1i)."""
    record = await case_for_update(work, order_id, scope)
    before = record.status
    status = after(before, Move.REQUEST_RETURN)
    rules = await rules_at(work.session, record.received_at)
    check_return(record.as_case(), request, rules=rules, now=work.now, calendar=work.calendar)
    assert record.unit is not None
    assert request.suggested_unit is not None
    if request.suggested_unit == record.unit or not await is_active_unit(work.session, request.suggested_unit):
        raise SuggestedUnitUnfit(request.suggested_unit)

    record.status, record.returned_by = status, [*record.returned_by, record.unit]
    return_id = str(work.ids())

    def sealed(words: str | None, part: str) -> str | None:
        return work.sealer.seal_if_any(words, RETURN.at(order_id=order_id, return_id=return_id, part=part))

    work.session.add(
        ReturnRecord(
            id=return_id,
            order_id=order_id,
            assignment=record.assignment,
            unit=record.unit,
            reason=sealed(request.reason, "reason"),
            policy_basis=sealed(request.policy_basis, "policy_basis"),
            suggested_unit=request.suggested_unit,
            requested_at=work.now,
            requested_by=work.person.account,
        )
    )
    attach(work, request.materials, order_id=order_id, purpose="return", owner_id=return_id, unit=record.unit)
    work.emit(
        ReturnRequested(
            order_id=order_id,
            unit=record.unit,
            suggested_unit=request.suggested_unit,
            requested_at=work.now,
            return_id=return_id,
        )
    )
    work.audit(
        "return.requested",
        order_id,
        before={"status": before},
        after={"status": status, "return_id": return_id, "suggested_unit": request.suggested_unit},
    )
    return return_id


async def decide_return(
    work: Work, order_id: str, scope: Scope, *, accepted: bool, reason: str | None, version: int | None = None
) -> None:
    """Take the order back from the unit, or leave it there for good (S2.2.1i, S3.1d, S3.1h)."""
    record = await case_for_update(work, order_id, scope)
    check_version(record.version, version)
    before = record.status
    move = Move.REJECT_RETURN
    if accepted:
        move = accepted_return(record.returns + 1, await rules_at(work.session, record.received_at))
    status = after(before, move)
    check_return_decision(accepted=accepted, reason=reason)
    request = await store.open_return(work.session, order_id)
    unit = request.unit

    place = RETURN.at(order_id=order_id, return_id=request.id, part="decision_reason")
    sealed = work.sealer.seal_if_any(reason, place)
    request.decision, request.decision_reason = ("accept" if accepted else "reject"), sealed
    request.decided_at, request.decided_by = work.now, work.person.account
    request.decided_as = Role.CENTRE_HEAD if work.person.has(Role.CENTRE_HEAD) else Role.DISPATCHER
    record.status = status
    if accepted:
        record.returns, record.unit, record.promised_at = record.returns + 1, None, None
        await recommend(work, record, accepted=AcceptedReturn(unit, request.suggested_unit))
        event = ReturnAccepted(
            order_id=order_id,
            unit=unit,
            returns=record.returns,
            decided_by=work.person.account,
            decided_at=work.now,
            return_id=request.id,
        )
        await parts.give_back(work, event)
        work.emit(event)
    else:
        record.no_return = record.return_rejected = True
        work.emit(
            ReturnRejected(
                order_id=order_id,
                return_id=request.id,
                unit=unit,
                reason=sealed,
                decided_by=work.person.account,
                decided_at=work.now,
            )
        )
    work.audit(
        "return.accepted" if accepted else "return.rejected",
        order_id,
        before={"status": before, "unit": unit},
        after={"status": status, "unit": record.unit, "returns": record.returns, "no_return": record.no_return},
        reason=f"return:{request.id}" if reason else None,
    )
