"""When a draft may be replaced, and its next version."""

from __future__ import annotations

from datetime import datetime


def may_replace(stored: int | None, expected: int | None, *, whatever: bool) -> bool:
    """Whether whoever read version `expected` may write over version `stored`; None is no draft."""
    return whatever or stored == expected


def next_version(stored: int | None, *, now: datetime) -> int:
    """The moment in milliseconds, so that a draft which was removed and began anew has no version of before."""
    moment = int(now.timestamp() * 1000)
    return moment if stored is None else max(moment, stored + 1)
