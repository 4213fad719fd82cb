"""The running figures, kept up to date by the events of other services."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from services.analytics.facts import store as facts
from services.analytics.facts.rules import fact_of
from services.analytics.figures import rules, store
from services.analytics.figures.model import FigureKey
from shared.contracts.dispatch import UnitChanged
from shared.outbox import Envelope
from shared.work import Work


async def project(work: Work, envelopes: Sequence[Envelope]) -> None:
    """Add to the figures what these events change; an event whose fact is stored already changes nothing.

    Orders are locked first, by their ids, and figures last, by their keys.  Two replicas may have events of the same
    order (its breaches come on another topic) or figures of the same day; locking in one sequence, they never deadlock.
    """
    units = {event.code: event for envelope in envelopes if isinstance(event := envelope.event, UnitChanged)}
    if units:
        await store.write_units(work.session, units)
    told = [
        (envelope.id, fact)
        for envelope in envelopes
        if envelope.event is not None and (fact := fact_of(envelope.event)) is not None
    ]
    if not told:
        return
    order_ids = {fact.order_id for _, fact in told}
    await facts.lock_orders(work.session, order_ids)
    # Written before they are read: writing waits for a rebuild that locks the table, and a later rebuild waits for us.
    fresh = await facts.add_facts(work.session, told)
    change: Counter[FigureKey] = Counter()
    for known in (await facts.facts_of(work.session, order_ids)).values():
        before = rules.figures_of([fact for event_id, fact in known if event_id not in fresh])
        after = rules.figures_of([fact for _, fact in known])
        for key, count in rules.difference(before, after).items():
            change[key] += count
    await store.add_figures(work.session, {key: count for key, count in change.items() if count})
