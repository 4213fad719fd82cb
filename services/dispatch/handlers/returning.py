"""Returns: the unit asks with its four parts, the centre decides."""

from __future__ import annotations

from services.dispatch.errors import SuggestedUnitUnfit
from services.dispatch.handlers.sealed import return_context, seal_words
from services.dispatch.model import Move, ReturnRequest, Status
from services.dispatch.rules.lifecycle import accepted_return, after
from services.dispatch.rules.materials import check_size
from services.dispatch.rules.returns import check_return, check_return_decision
from services.dispatch.store import cases, units
from services.dispatch.store.rulesets import rules_at
from services.dispatch.tables import ReturnRecord
from shared.contracts.dispatch import ReturnAccepted, ReturnRejected, ReturnRequested
from shared.errors import Conflict
from shared.identity import Scope
from shared.work import Work


async def request_return(work: Work, order_id: str, scope: Scope, request: ReturnRequest) -> str:
    """Ask the centre to take the order back; the request's id (S2.2.1f-h).  No clock pauses meanwhile (S2.2.1i)."""
    record = await cases.case_for_update(work.session, order_id, scope)
    before = record.status
    status = after(Status(before), Move.REQUEST_RETURN)
    rules = await rules_at(work.session, record.received_at)
    check_return(record.as_case(), request, rules=rules, now=work.now, calendar=work.calendar)
    check_size(request.materials)
    assert record.unit is not None
    assert request.suggested_unit is not None
    if request.suggested_unit == record.unit or not await units.is_active_unit(work.session, request.suggested_unit):
        raise SuggestedUnitUnfit(request.suggested_unit)

    record.status, record.returned_by = status, [*record.returned_by, record.unit]
    return_id = str(work.ids())

    def sealed(words: str | None, part: str) -> str | None:
        return seal_words(work.sealer, words, return_context(order_id, return_id, part))

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
    cases.attach(
        work.session,
        request.materials,
        ids=[str(work.ids()) for _ in request.materials],
        order_id=order_id,
        purpose="return",
        owner_id=return_id,
        at=work.now,
        by=work.person.account,
    )
    work.emit(
        ReturnRequested(
            order_id=order_id, unit=record.unit, suggested_unit=request.suggested_unit, requested_at=work.now
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
    record = await cases.case_for_update(work.session, order_id, scope)
    if version is not None and version != record.version:
        raise Conflict
    before = record.status
    move = Move.REJECT_RETURN
    if accepted:
        move = accepted_return(record.returns + 1, await rules_at(work.session, record.received_at))
    status = after(Status(before), move)
    check_return_decision(accepted=accepted, reason=reason)
    request = await cases.open_return(work.session, order_id)
    unit = request.unit

    sealed = seal_words(work.sealer, reason, return_context(order_id, request.id, "decision_reason"))
    request.decision, request.decision_reason = ("accept" if accepted else "reject"), sealed
    request.decided_at, request.decided_by = work.now, work.person.account
    record.status = status
    if accepted:
        record.returns, record.unit, record.promised_at = record.returns + 1, None, None
        work.emit(
            ReturnAccepted(
                order_id=order_id,
                unit=unit,
                returns=record.returns,
                decided_by=work.person.account,
                decided_at=work.now,
            )
        )
    else:
        record.no_return = True
        work.emit(
            ReturnRejected(
                order_id=order_id,
                unit=unit,
                reason="",
                return_id=request.id,
                sealed_reason=sealed,
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
