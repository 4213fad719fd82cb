"""In which sequence urgent orders stand in lists: a gas leak above a cold radiator above a question (S1.3.1a, S1.3.1b)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

QUEUE: Final[Mapping[str, int]] = MappingProxyType({"safety": 0, "livelihood": 1, "policy": 2})
"""Urgent class -> its place; the lowest comes first."""
ORDINARY: Final = 3
"""The place of an order that is not urgent."""


def queue_of(urgent: Collection[str]) -> int:
    """The place of an order with these urgent classes: that of its most urgent one."""
    return min((QUEUE[one] for one in urgent), default=ORDINARY)
