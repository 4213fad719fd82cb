"""Which steps a reply goes through after the unit, by the order's scheme (S2.2.3e, S2.2.3h)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

ENOUGH: Final = 5  # so many observations make a median worth more than the default

STEP_TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "centre": "区89000中心审核",
        "office": "区政府办公室审核",
        "deputy_leader": "区分管领导签批",
        "head_leader": "区主要领导签批",
        "seal": "加盖公章",
    }
)

# Which steps a reply goes through (S2.2.3e, S2.2.3h); an ordinary one only the centre's review.
CHAINS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "national_report": ("centre", "office", "deputy_leader", "head_leader", "seal"),
        "enterprise_fast": ("centre", "office", "deputy_leader", "seal"),
        "ordinary": ("centre",),
    }
)
