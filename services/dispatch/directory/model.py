"""Units and their duties, as the rules look at them."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.dispatch import Basis, Group


@dataclass(frozen=True, slots=True)
class Duty:
    """One line of a unit's duty catalogue: what it answers for, by duty, by territory or by industry (S2.1a)."""

    text: str
    kind: Basis
    keywords: tuple[str, ...] = ()
    streets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """A unit as the recommendation sees it."""

    code: str
    name: str
    group: Group
    duties: tuple[Duty, ...]


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a unit still lacks before orders may be assigned to it (S4.1a)."""

    active: bool
    first_responsible: str
    deputy: str
    office: str
    caseworkers: int
