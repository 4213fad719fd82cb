"""The running figures: what a batch of events changes, in four statements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from services.analytics import rules, store
from services.analytics.model import Place
from shared.contracts.dispatch import UnitChanged
from shared.outbox import Envelope
from shared.work import Work


async def project(work: Work, envelopes: Sequence[Envelope]) -> None:
    """Add to the figures what these events change; an event that is there already changes nothing.

    Orders are locked first, in the order of their ids, and figures last, in the order of their places: two replicas
    that hold the same order (its deadlines come on another topic) or the same day wait for each other and never in a
    circle.
    """
    units = {event.code: event for envelope in envelopes if isinstance(event := envelope.event, UnitChanged)}
    if units:
        await store.keep_units(work.session, units)
    told = [
        (envelope.id, fact)
        for envelope in envelopes
        if envelope.event is not None and (fact := rules.fact_of(envelope.event)) is not None
    ]
    if not told:
        return
    order_ids = {fact.order_id for _, fact in told}
    await store.lock_orders(work.session, order_ids)
    # Written before it is read: from here on a rebuild that takes over waits for us, or we have waited for it.
    fresh = await store.add_facts(work.session, told)
    change: Counter[Place] = Counter()
    for facts in (await store.facts_of(work.session, order_ids)).values():
        before = rules.figures_of([fact for event_id, fact in facts if event_id not in fresh])
        after = rules.figures_of([fact for _, fact in facts])
        for place, count in rules.difference(before, after).items():
            change[place] += count
    await store.add_figures(work.session, {place: count for place, count in change.items() if count})
