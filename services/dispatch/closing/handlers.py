"""The end of an order: fed back, revisited and closed, handled once more, or cancelled by the upstream."""

from __future__ import annotations

from typing import Final

from services.dispatch.closing.model import Revisit
from services.dispatch.closing.policy import EXCLUSIONS
from services.dispatch.closing.rules import revisit_day, revisit_outcome
from services.dispatch.orders.handlers import audit_passed_by
from services.dispatch.orders.model import ENDED, Move, Status
from services.dispatch.orders.rules import MOVES, after
from services.dispatch.orders.store import case_for_update
from services.dispatch.orders.tables import CaseRecord
from services.dispatch.recommending.store import add_experience
from services.dispatch.replies.model import ReplyState
from services.dispatch.replies.store import judge_reply
from shared.access import EVERYTHING
from shared.contracts.dispatch import OrderClosed, OrderReopened
from shared.contracts.intake import OrderCancelled, OrderFedBack, OrderRedoRequested, OrderRevisited
from shared.work import Work

_UNDER_REVIEW: Final = frozenset({Status.LEADER_REVIEW, Status.CENTRE_REVIEW})


async def cancel_case(work: Work, event: OrderCancelled) -> None:
    """The upstream withdrew the order; after the feedback it is too late for that."""
    record = await case_for_update(work, event.order_id, EVERYTHING)
    status = record.status
    if (status, Move.CANCEL) not in MOVES:
        audit_passed_by(work, record, event)
        return
    await _void_reply_under_review(work, record)
    record.status, record.ended_at = after(status, Move.CANCEL), event.cancelled_at
    work.audit("order.cancelled", event.order_id, before={"status": status}, after={"status": record.status})


async def await_revisit(work: Work, event: OrderFedBack) -> None:
    """The upstream has the reply and will ask the caller; an approved exclusion is closed by that (S2.2.2b, S2.2.2c).

    An acknowledgement of an earlier cycle's reply changes nothing; one of this cycle is remembered in any state, because
    it ended the deadlines of the cycle.
    """
    record = await case_for_update(work, event.order_id, EVERYTHING)
    status = record.status
    if event.redos == record.redos and record.fed_back_at is None:
        record.fed_back_at = event.fed_back_at
    if event.redos != record.redos or record.reply_id != event.reply_id or status in ENDED | {Status.REVISIT}:
        audit_passed_by(work, record, event)
        return
    if status is Status.AWAITING_FEEDBACK and record.disposition in EXCLUSIONS:
        work.audit("order.fed_back", event.order_id, before={"status": status})
        with work.by_itself():  # the notice that proves the reply's arrival says nothing of an end
            await _close(work, record, solved=False)
        return
    record.status = after(status, Move.FEED_BACK)
    work.audit("order.fed_back", event.order_id, before={"status": status}, after={"status": record.status})


async def settle_revisit(work: Work, event: OrderRevisited) -> None:
    """Close the order, let the unit handle it once more, or wait for the next revisit (A31, A32).

    A result that moves nothing stays in the history of the order all the same.
    """
    record = await case_for_update(work, event.order_id, EVERYTHING)
    if event.revisit <= record.revisits:
        return
    record.revisits = event.revisit
    revisit = Revisit(event.valid, event.solved, event.satisfied, event.revisited_at)
    of_another = event.reply_id not in {None, record.reply_id}
    outcome = revisit_outcome(
        revisit,
        frozenset(record.failed_revisit_days),
        status=record.status,
        disposition=record.disposition,
        of_earlier_reply=event.of_earlier_reply or of_another or event.redos < record.redos,
    )
    result = {"revisit": event.revisit, "valid": event.valid, "solved": event.solved, "satisfied": event.satisfied}
    match outcome:
        case "noted":
            work.audit("order.revisit_noted", event.order_id, after={**result, "status": record.status})
        case "close":
            await _close(work, record, solved=event.valid and record.disposition not in EXCLUSIONS)
        case "failed":
            record.status = after(record.status, Move.REVISIT_IN_VAIN)
            record.failed_revisit_days = sorted({*record.failed_revisit_days, revisit_day(revisit)})
            work.audit("order.revisited_in_vain", event.order_id, after={"days": record.failed_revisit_days})
        case "unsolved" | "unsatisfied":
            await _reopen(work, record, outcome)


async def redo_order(work: Work, event: OrderRedoRequested) -> None:
    """The upstream demands that the order be handled once more (重办).

    A cycle that was reopened already is not reopened twice: what the upstream wants is being done.  The same holds while
    no unit has the order.
    """
    record = await case_for_update(work, event.order_id, EVERYTHING)
    if event.redos < record.redos or (record.status, Move.REOPEN) not in MOVES:
        work.audit("order.redo_noted", event.order_id, after={"status": record.status, "redos": record.redos})
        return
    await _reopen(work, record, "unsolved")


async def _void_reply_under_review(work: Work, record: CaseRecord) -> None:
    if record.status in _UNDER_REVIEW and record.reply_id is not None:
        await judge_reply(work, record.reply_id, ReplyState.VOID)


async def _close(work: Work, record: CaseRecord, *, solved: bool) -> None:
    assert record.unit is not None
    assert record.disposition is not None
    before = record.status
    record.status, record.ended_at = after(before, Move.CLOSE), work.now
    if solved:
        await add_experience(work, category=record.category, unit=record.unit, order_id=record.order_id)
    work.emit(
        OrderClosed.model_validate(
            {
                "order_id": record.order_id,
                "unit": record.unit,
                "disposition": record.disposition,
                "redos": record.redos,
                "closed_at": work.now,
                "fed_back_at": record.fed_back_at,
            }
        )
    )
    work.audit("order.closed", record.order_id, before={"status": before}, after={"status": record.status})


async def _reopen(work: Work, record: CaseRecord, reason: str) -> None:
    """The same unit handles it once more; it contacts the caller again before the next reply (S2.2.3a)."""
    assert record.unit is not None
    await _void_reply_under_review(work, record)
    before, fed_back_at = record.status, record.fed_back_at
    record.status, record.ended_at = after(before, Move.REOPEN), None
    record.redos, record.reply_id, record.fed_back_at = record.redos + 1, None, None
    record.begin_turn(work.now)
    record.failed_revisit_days, record.promised_at = [], None
    work.emit(
        OrderReopened.model_validate(
            {
                "order_id": record.order_id,
                "unit": record.unit,
                "redos": record.redos,
                "reason": reason,
                "reopened_at": work.now,
                "fed_back_at": fed_back_at,
            }
        )
    )
    work.audit(
        "order.reopened", record.order_id, before={"status": before}, after={"status": record.status}, reason=reason
    )
