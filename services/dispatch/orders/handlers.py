"""The events of intake while an order is open: received, changed, urged.

An event that comes too late for the order as it is (a decision on an earlier reply, an acknowledgement of an earlier
cycle, anything about an ended order) changes nothing and is audited as `event.passed_by`: its sender could
not know yet.  An event that contradicts the table of moves for the reply that counts now is refused and parked for an
operator: then one of the two services is wrong.
"""

from __future__ import annotations

from services.dispatch.orders import store
from services.dispatch.orders.model import NEVER, Status
from services.dispatch.orders.tables import CaseRecord
from services.dispatch.recommending.handlers import recommend_units
from services.dispatch.recommending.model import AcceptedReturn
from shared.access import EVERYTHING
from shared.contracts.base import OrderEvent
from shared.contracts.fields import demand_fields
from shared.contracts.intake import OrderReceived, OrderUpdated, OrderUrged
from shared.urgency import queue_of
from shared.work import Work


async def open_case(work: Work, event: OrderReceived) -> None:
    """Put a received order on the dispatch desk, with the units it might belong to (S2.1a)."""
    if await work.locked(CaseRecord, event.order_id) is not None:
        return
    record = CaseRecord(
        order_id=event.order_id,
        platform=event.platform,
        platform_no=event.platform_no,
        level=event.level,
        subject=event.subject,
        scheme=event.scheme,
        category=event.category,
        urgent=list(event.urgent),
        queue=queue_of(event.urgent),
        out_of_scope=event.out_of_scope,
        flags_version=1,
        urgent_found=list(event.urgent),
        street=event.street,
        confidential=event.confidential,
        demand=event.demand,
        demand_version=1,
        demand_changes=[],
        recommended=[],
        received_at=event.received_at,
        pressing_at=NEVER,
        upstream_due_at=event.upstream_due_at,
        is_test=event.is_test,
        status=Status.TRIAGE,
        assignment=0,
        no_return=False,
        return_rejected=False,
        returned_by=[],
        answered_by=[],
        returns=0,
        turn=0,
        attempts=0,
        failed_attempts=0,
        counted_contacts=0,
        round=0,
        redos=0,
        revisits=0,
        failed_revisit_days=[],
        urges=0,
    )
    await recommend(work, record)
    work.add(record)
    work.audit("order.opened", event.order_id, after={"status": Status.TRIAGE, "recommended": record.recommended})


async def refresh_case(work: Work, event: OrderUpdated) -> None:
    """Store what the upstream changed and what a person decided of the flags (S1.1.4c, S1.3.1a, S2.2.2a).

    Content and flags have a version each. The flags follow whatever the state of the order, also after its end; units are
    recommended again while none has the order.
    """
    record = await store.case_for_update(work, event.order_id, EVERYTHING)
    if event.flags_version > record.flags_version:
        _follow_flags(work, record, event)
    if event.version >= record.demand_version:
        record.urgent_found = list(event.urgent_found)
    if event.version <= record.demand_version:
        return
    record.demand_version, record.demand = event.version, event.demand
    record.changed_at = event.updated_at
    fields = list(demand_fields(event.changed))
    if fields:  # the unit is shown what changed until it answers (S1.1.4c, S2.3a)
        change = {"version": event.version, "fields": fields, "at": event.updated_at.isoformat()}
        record.demand_changes = [*record.demand_changes, change]
    record.category, record.street = event.category, event.street
    record.confidential = event.confidential
    record.upstream_due_at = event.upstream_due_at
    if record.status in {Status.TRIAGE, Status.CONSULT}:
        await recommend(work, record)
    work.audit("order.refreshed", event.order_id, after={"version": event.version, "changed": list(event.changed)})


def _follow_flags(work: Work, record: CaseRecord, event: OrderUpdated) -> None:
    before = {"urgent": record.urgent, "out_of_scope": record.out_of_scope}
    record.flags_version = event.flags_version
    record.urgent, record.queue = list(event.urgent), queue_of(event.urgent)
    record.out_of_scope = event.out_of_scope
    after = {"urgent": record.urgent, "out_of_scope": record.out_of_scope}
    if after != before:
        work.audit("order.flagged", event.order_id, before=before, after=after)


async def mark_urged(work: Work, event: OrderUrged) -> None:
    """The upstream urged the order: count it and show it."""
    record = await store.case_for_update(work, event.order_id, EVERYTHING)
    record.urges, record.urged_at = record.urges + 1, event.urged_at
    work.audit("order.urged", event.order_id, after={"urges": record.urges})


def audit_passed_by(work: Work, record: CaseRecord, event: OrderEvent) -> None:
    """Audit that an event came too late for the order as it is, and changed nothing."""
    with work.by_itself():
        work.audit("event.passed_by", record.order_id, after={"status": record.status, "event": event.type})


async def recommend(work: Work, record: CaseRecord, *, accepted: AcceptedReturn | None = None) -> None:
    """Recommend units for the order as it is now, knowing the return that was just accepted (S2.1a)."""
    record.recommended = await recommend_units(
        work,
        record.order_id,
        record.open_demand(work.sealer),
        category=record.category,
        street=record.street,
        accepted=accepted,
    )
