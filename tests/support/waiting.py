"""The one place where tests wait."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, overload

Answer = TypeVar("Answer")


class NeverHappened(AssertionError):
    """The condition did not hold before its deadline."""


@overload
async def eventually(
    condition: Callable[..., Awaitable[Answer]], *, within: float = 30.0, every: float = 0.01
) -> Answer: ...


@overload
async def eventually(condition: Callable[..., Answer], *, within: float = 30.0, every: float = 0.01) -> Answer: ...


async def eventually(condition: Callable[[], Any], *, within: float = 30.0, every: float = 0.01) -> Any:
    """The first true answer of `condition` (plain or async), asked every `every` seconds for `within` seconds.

    An AssertionError inside the condition counts as "not yet", so that it may assert; the last one is shown.
    """
    deadline = time.monotonic() + within
    last: object = None
    while True:
        try:
            answer = condition()
            if inspect.isawaitable(answer):
                answer = await answer
        except AssertionError as error:
            last = error
        else:
            if answer:
                return answer
            last = answer
        if time.monotonic() >= deadline:
            raise NeverHappened(f"not within {within} s; last answer: {last!r}")
        # A condition has no event to wait for: this pause between two questions is what the ban on sleeping leaves.
        await asyncio.sleep(every)


def until(condition: Callable[[], Answer], *, within: float = 30.0, every: float = 0.05) -> Answer:
    """`eventually` for a test without a loop; the loop of a browser may run in its thread, so it waits in another."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(lambda: asyncio.run(eventually(condition, within=within, every=every))).result()
