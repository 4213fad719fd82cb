"""`python -m bench.portal [ORDERS]`: the figures of the portal, with their limits; ORDERS is 100,000 by default."""

from __future__ import annotations

import asyncio
import sys
from typing import Final

from bench.portal import browser, lists, serving
from bench.portal.platform import load, running
from bench.report import Table, median, percentile, spread
from tools.chromium.finding import NoChromium

ORDERS: Final = 100_000
_SCRIPT_KB: Final = 120
_DESK_MS: Final = 2_500
_NEXT_MS: Final = 150
_SHOWN_MS: Final = 800
_CHANGED_MS: Final = 60
_PAGE_MS: Final = 100


async def main(orders: int) -> int:
    """Print both tables; 1 when a figure is over its limit."""
    over = 0
    table = Table("Portal", ("what", "measured", "limit", "of the limit"))

    def add(what: str, figure: float, limit: float | None, words: str) -> None:
        nonlocal over
        over += limit is not None and figure > limit
        table.add(what, words, limit, None if limit is None else figure / limit)

    table.notes.append(f"{load()}.")
    async with browser.browser() as opened:
        of_lists = await lists.measured(opened)
        async with running() as platform:
            for page, weight in (await browser.first_load(opened, platform)).items():
                add(f"script of the first load, {page}, kB compressed", weight, _SCRIPT_KB, f"{weight:.0f}")
            signing = await browser.signing_in(opened, platform)
            add("the sign-in page at 6x CPU and 2 Mbit/s, ms", 0, None, spread(signing["sign-in page"]))
            add("sign-in to a usable desk, the same, ms", median(signing["desk"]), _DESK_MS, spread(signing["desk"]))
            steps = await browser.going_on(opened, platform)
            add("J to the next order at 4x CPU, ms", median(steps), _NEXT_MS, spread(steps))
            known = await platform.fill(orders)
            some = [order["order_id"] for order in await platform.listed(limit=200)]
            asked = await browser.asked_by_an_order(opened, platform, some[0])
            served = await serving.order_pages(platform, asked, some[0], some)
            p95 = percentile(served.whole, 0.95)
            add(f"page of an order at {known:,} orders, server, p95, ms", p95, _PAGE_MS, f"{p95:.0f}")
            for path, single in served.single.items():
                add(f"of it {path}", 0, None, f"{percentile(single, 0.95):.0f}")
    table.notes.append(
        f"Medians of {browser.ROUNDS} browsers with nothing kept (and the range); {len(steps)} presses of J;"
    )
    table.notes.append(
        f"{serving.TIMES} pages of orders one after the other, each with its {len(asked)} requests at once."
    )
    table.show()

    beside = Table(
        f"{lists.ROWS:,} rows at 4x CPU",
        ("list", "first render ms", "limit", "to ours", "one row changed ms", "limit", "to ours"),
    )
    ours = {what: median(figures) for what, figures in of_lists["ours"].items()}
    for name, figures in of_lists.items():
        limits = (_SHOWN_MS, _CHANGED_MS) if name == "ours" else (None, None)
        shown, changed = median(figures["shown"]), median(figures["changed"])
        beside.add(
            name, spread(figures["shown"]), limits[0], shown / ours["shown"],
            spread(figures["changed"]), limits[1], changed / ours["changed"],
        )  # fmt: skip
    over += (ours["shown"] > _SHOWN_MS) + (ours["changed"] > _CHANGED_MS)
    beside.show()
    return 1 if over else 0


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main(int(sys.argv[1]) if sys.argv[1:] else ORDERS)))
    except NoChromium as fault:
        print(f"THE PORTAL IS NOT MEASURED: {fault}", file=sys.stderr)
        sys.exit(1)
