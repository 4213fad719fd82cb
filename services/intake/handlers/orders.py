"""What people do with the upstream copy: overrule its flags, look at a caller's identity."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson

from services.intake.errors import RevealRefused, TooManyReveals
from services.intake.handlers.sealing import caller_context, demand_context
from services.intake.model import CALLER
from services.intake.policy import limits
from services.intake.store import orders
from services.intake.store.orders import StoredOrder
from services.intake.tables import Caller
from shared.contracts.intake import OrderUpdated, Urgency
from shared.errors import Conflict
from shared.identity import Scope
from shared.personal.sealing import Sealer
from shared.work import Work

_OVER = frozenset({"closed", "cancelled"})


def demand_of(found: StoredOrder, sealer: Sealer) -> dict[str, str]:
    """Title and content in clear, for those who may see the order."""
    return demand_text(found.record.order_id, found.version.demand, sealer)


def demand_text(order_id: str, sealed: str, sealer: Sealer) -> dict[str, str]:
    """Title and content in clear."""
    opened: dict[str, str] = orjson.loads(sealer.open(sealed, demand_context(order_id)))
    return opened


def caller_of(caller: Caller | None, sealer: Sealer) -> dict[str, str | None]:
    """The caller's columns in clear: to be masked, or to be revealed."""
    if caller is None:
        return dict.fromkeys(CALLER.values())
    return {
        column: None
        if (sealed := getattr(caller, column)) is None
        else sealer.open(sealed, caller_context(caller.order_id, column))
        for column in CALLER.values()
    }


async def overrule_flags(
    work: Work,
    order_id: str,
    *,
    urgent: Sequence[Urgency],
    out_of_scope: str | None,
    reason: str,
    expected: int | None,
) -> int:
    """A person corrects what the rules saw (S1.3.1a, S2.2.2a); the row's new revision."""
    record = await orders.order_for_update(work.session, order_id)
    if expected is not None and expected != record.revision:
        raise Conflict
    before = {"urgent": record.urgent, "out_of_scope": record.out_of_scope, "flagged_by": record.flagged_by}
    record.urgent, record.out_of_scope = list(dict.fromkeys(urgent)), out_of_scope
    record.flagged_by = work.person.account
    version = await orders.present_version(work.session, record)
    work.emit(
        OrderUpdated(
            order_id=order_id,
            version=record.version,
            changed=("urgent", "out_of_scope"),
            category=record.category,
            urgent=tuple(dict.fromkeys(urgent)),
            out_of_scope=out_of_scope,
            street=record.street,
            demand=version.demand,
            updated_at=work.now,
            upstream_due_at=record.upstream_due_at,
        )
    )
    after = {"urgent": record.urgent, "out_of_scope": out_of_scope, "flagged_by": record.flagged_by}
    work.audit("order.flags_overruled", order_id, before=before, after=after, reason=reason)
    await work.session.flush()
    return record.revision


async def reveal_caller(work: Work, scope: Scope, order_id: str, purpose: str) -> dict[str, Any]:
    """The caller's identity in clear, written down with its purpose (X2, R45).

    A unit sees it only while it holds the order, and never when the caller asked to stay unknown.
    """
    found = await orders.order_of(work.session, scope, order_id)
    if not scope.everything:
        if found.record.confidential:
            raise RevealRefused("confidential")
        if found.record.state in _OVER:
            raise RevealRefused("over")
    seen = await orders.reveals_since(work.session, work.person.account, work.now - timedelta(hours=1))
    if seen >= limits.REVEALS_PER_HOUR:
        raise TooManyReveals(limits.REVEALS_PER_HOUR)
    await orders.note_reveal(
        work.session,
        id=str(work.ids()),
        account=work.person.account,
        order_id=order_id,
        purpose=purpose,
        at=work.now,
    )
    work.audit("caller.revealed", order_id, reason=purpose)
    caller = found.caller
    private: dict[str, Any] = {}
    if caller is not None and caller.private is not None:
        private = orjson.loads(work.sealer.open(caller.private, caller_context(order_id, "private")))
    return {**caller_of(caller, work.sealer), "more": private}
