"""The newest news, kept in memory for the open streams, and how many streams each person has open."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from services.dispatch.news import store
from services.dispatch.news.errors import TooManyStreams
from services.dispatch.news.model import News
from services.dispatch.news.policy import STREAMS_PER_PERSON
from shared import streams


class NewsTail(streams.Tail[News]):
    """The newest news of everybody."""

    def __init__(self, wake: asyncio.Event) -> None:
        super().__init__(wake, read_last=store.last_position, read_after=store.news_after)


class OpenStreams:
    """The streams of this process that are open, by account."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def open(self, account: str) -> Callable[[], None]:
        """Count one more; what is returned is called once at its end.  TooManyStreams."""
        if self._open[account] >= STREAMS_PER_PERSON:
            raise TooManyStreams(STREAMS_PER_PERSON)
        self._open[account] += 1

        def end() -> None:
            self._open[account] -= 1
            if not self._open[account]:
                del self._open[account]

        return end
