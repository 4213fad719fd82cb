"""What a recommendation looks at, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from services.dispatch.directory.model import Profile
from shared.contracts.dispatch import Basis


class Demand(NamedTuple):
    """What the caller asks for."""

    title: str
    content: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The duty catalogue as recommendations read it: the units, and how much each keyword tells of whose an order is."""

    units: tuple[Profile, ...]
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Experience:
    """How many orders of this category a unit has closed to the caller's satisfaction, and the last of them."""

    unit: str
    solved: int
    last_order_id: str


@dataclass(frozen=True, slots=True)
class AcceptedReturn:
    """A return of the order that the centre accepted: who gave it back, and whom it proposed (S2.2.1g)."""

    unit: str
    suggested_unit: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a unit is recommended: a line of the catalogue, its territory, similar orders, or what a return says of it."""

    kind: str
    text: str
    order_id: str | None = None
    """The last of the similar orders."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recommended unit with its basis and evidence (S2.1a)."""

    unit: str
    name: str
    basis: Basis
    score: float
    evidence: tuple[Evidence, ...]
