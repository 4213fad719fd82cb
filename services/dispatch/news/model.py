"""What changed for somebody, and whom it concerns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from services.dispatch.timeline.model import Topic


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a topic concerns, by roles (`shared.identity.Role`)."""

    of_unit: frozenset[str] = frozenset()
    """In the unit whose matter it is."""
    of_centre: frozenset[str] = frozenset()
    """Of the whole district."""
    of_nobody: frozenset[str] = frozenset()
    """Of the centre, while it is no unit's matter."""


class News(NamedTuple):
    """An entry of a timeline that has a topic."""

    position: int
    order_id: str
    at: datetime
    kind: str
    topic: str
    unit: str | None
    actor: str
    actor_role: str
    actor_unit: str | None
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Interest:
    """What concerns one person."""

    account: str
    unit: str | None
    own: frozenset[Topic]
    """Topics of the matters of the person's unit."""
    everywhere: frozenset[Topic]
    unassigned: frozenset[Topic]
    """Topics of what is no unit's matter."""
