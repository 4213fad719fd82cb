"""A person overrules what the first look found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from services.intake.orders.handlers import known_words
from services.intake.orders.store import caller_of_order, order_for_update, present_version
from shared.contracts.intake import OrderUpdated, Urgency
from shared.contracts.places import KNOWN_BY
from shared.deps import check_version
from shared.work import Work


async def overrule_flags(
    work: Work,
    order_id: str,
    *,
    urgent: Sequence[Urgency],
    out_of_scope: str | None,
    reason: str,
    expected: int | None,
) -> int:
    """A person decides the flags (S1.3.1a, S2.2.2a); the row's new revision.

    The decision holds for every later version of the order, until a person decides anew: what the rules find then is
    shown beside it and changes nothing.
    """
    record = await order_for_update(work, order_id)
    check_version(record.revision, expected)
    before = {"urgent": record.urgent, "out_of_scope": record.out_of_scope, "flagged_by": record.flagged_by}
    record.urgent, record.out_of_scope = list(dict.fromkeys(urgent)), out_of_scope
    record.flagged_by, record.flags_version = work.person.account, record.flags_version + 1
    version = await present_version(work.session, record)
    known_by = None
    if record.confidential:
        words = known_words(await caller_of_order(work.session, order_id), version, work.sealer)
        known_by = work.sealer.seal_json(words, KNOWN_BY.at(order_id=order_id))
    work.emit(
        OrderUpdated(
            order_id=order_id,
            version=record.version,
            changed=("urgent", "out_of_scope"),
            category=record.category,
            urgent=tuple(dict.fromkeys(urgent)),
            out_of_scope=out_of_scope,
            flags_version=record.flags_version,
            urgent_found=cast("tuple[Urgency, ...]", tuple(record.urgent_found)),
            street=record.street,
            confidential=record.confidential,
            known_by=known_by,
            demand=version.demand,
            updated_at=work.now,
            upstream_due_at=record.upstream_due_at,
        )
    )
    after = {"urgent": record.urgent, "out_of_scope": out_of_scope, "flagged_by": record.flagged_by}
    work.audit("order.flags_overruled", order_id, before=before, after=after, reason=reason)
    await work.session.flush()
    return record.revision
