"""Searching for orders (X2, R44)."""

from __future__ import annotations

from services.intake.orders.handlers import demand_of, sight_of
from services.intake.orders.rules import plain_words
from services.intake.orders.store import StoredOrder
from services.intake.searching import store
from services.intake.searching.model import Search
from shared.access import Scope, Sight
from shared.lists import Listed
from shared.work import Work


async def search_orders(
    work: Work, scope: Scope, search: Search, *, cursor: str | None, limit: int
) -> Listed[tuple[StoredOrder, str, Sight]]:
    """The orders that fit, each with its title and how this person sees it; a page may have fewer than `limit`.

    Words are compared with the title as the person sees it: a search tells nothing that the title would not.  A look-up
    by a telephone number is audited, by the number's hash.
    """
    page = await store.orders_found(work.session, work.sealer, scope, search, cursor=cursor, limit=limit)
    found = []
    for one in page.rows:
        title, sight = demand_of(one, work.sealer)["title"], sight_of(one, scope, work.sealer)
        seen = plain_words(sight.shows(title) or "")
        if all(word in seen for word in search.words):
            found.append((one, title, sight))
    if search.phone is not None:
        looked_up = f"phone:{work.sealer.search_print('phone', search.phone):x}"
        work.audit("caller.looked_up", looked_up, after={"orders": [one.record.order_id for one, _, _ in found]})
    return Listed(found, page.next)
