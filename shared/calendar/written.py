"""Moments that people and platforms write, against those that the platform took to the microsecond; and how people read them."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from shared.calendar.model import SHANGHAI

_MILLISECOND = 1000


def as_written(moment: datetime, like: datetime) -> datetime:
    """`moment` cut to what is written in `like`: to the minute, the second, the millisecond or not at all.

    Who writes 09:00:07 for what happened right after an arrival at 09:00:07.384 did not write a moment before it.
    """
    if like.microsecond % _MILLISECOND:
        return moment
    if like.microsecond:
        return moment.replace(microsecond=moment.microsecond // _MILLISECOND * _MILLISECOND)
    return moment.replace(microsecond=0) if like.second else moment.replace(second=0, microsecond=0)


def local_text(moment: datetime) -> str:
    """A moment as people read it: in Asia/Shanghai, midnight as 24:00 of the day that ends."""
    local = moment.astimezone(SHANGHAI)
    if local.time() == time(0):
        return f"{local.date() - timedelta(days=1):%Y-%m-%d} 24:00"
    return f"{local:%Y-%m-%d %H:%M}"
