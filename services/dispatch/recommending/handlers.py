"""Recommend units for an order."""

from __future__ import annotations

from services.dispatch.recommending import store
from services.dispatch.recommending.model import Demand
from services.dispatch.recommending.rules import recommend
from shared.work import Work


async def recommend_units(work: Work, order_id: str, demand: Demand, *, category: str, street: str | None) -> list[str]:
    """The units that the order might belong to, best first; kept with their basis and evidence (S2.1a)."""
    candidates = recommend(
        demand,
        category=category,
        street=street,
        catalogue=await work.once(store.weighed_catalogue),
        experience=await work.once(store.ExperienceWith(category)),
    )
    await store.put_recommendation(work, order_id, candidates)
    return [candidate.unit for candidate in candidates]
