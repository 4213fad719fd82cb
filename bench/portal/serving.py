"""How long the platform takes for the page of an order: all that the page asks for, asked for at once."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final

import httpx

from bench.portal.platform import Platform

TIMES: Final = 300


@dataclass
class Served:
    """Milliseconds."""

    whole: list[float] = field(default_factory=list)
    """Until the last answer of a page."""
    single: dict[str, list[float]] = field(default_factory=dict)
    """By the address, with the order left out, until its own answer."""


async def order_pages(platform: Platform, asked: list[str], shown: str, orders: list[str]) -> Served:
    """The page of one order after the other, as one person opens them; `asked` are the addresses for the order `shown`."""
    served = Served()
    headers = {"authorization": f"Bearer {await platform.token('paidan')}"}
    async with httpx.AsyncClient(base_url=platform.address, trust_env=False, timeout=30, headers=headers) as http:

        async def one(path: str, order_id: str, *, counted: bool) -> None:
            began = time.perf_counter()
            answer = await http.get(path.replace(shown, order_id))
            assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:200]}"
            if counted:
                name = path.replace(shown, "ID").partition("?")[0]
                served.single.setdefault(name, []).append((time.perf_counter() - began) * 1000)

        for nth in range(-len(asked), TIMES):
            order_id = orders[nth % len(orders)]
            began = time.perf_counter()
            await asyncio.gather(*(one(path, order_id, counted=nth >= 0) for path in asked))
            if nth >= 0:
                served.whole.append((time.perf_counter() - began) * 1000)
    return served
