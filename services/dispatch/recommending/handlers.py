"""Recommend units for an order."""

from __future__ import annotations

from services.dispatch.recommending import store
from services.dispatch.recommending.model import AcceptedReturn, Demand
from services.dispatch.recommending.rules import recommend
from shared.work import Work


async def recommend_units(
    work: Work,
    order_id: str,
    demand: Demand,
    *,
    category: str,
    street: str | None,
    accepted: AcceptedReturn | None = None,
) -> list[str]:
    """The units that the order might belong to, best first; kept with their basis and evidence (S2.1a).

    `accepted` is the return that takes the order back now; it is kept for every later recommendation of the order.
    """
    returned = await store.accepted_returns(work, order_id)
    if accepted is not None:
        returned = (*returned, accepted)
    candidates = recommend(
        demand,
        category=category,
        street=street,
        catalogue=await work.once(store.weighed_catalogue),
        experience=await work.once(store.ExperienceWith(category)),
        returned=returned,
    )
    await store.put_recommendation(work, order_id, candidates, returned)
    return [candidate.unit for candidate in candidates]
