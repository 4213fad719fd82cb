"""What the text of an order suggests: urgency, suspicion that it is out of scope, and the street."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.intake.channels.model import UpstreamOrder
from services.intake.first_look.model import Flags
from services.intake.first_look.policy import DISTRICT, OTHER_DISTRICTS, OUT_OF_SCOPE, STREETS, URGENT
from shared.contracts.intake import Urgency


def _any_of(kinds: Mapping[Any, Sequence[str]]) -> re.Pattern[str]:
    """All their words as one pattern: most texts hold none of them, and one search shows it."""
    return re.compile("|".join(re.escape(word) for words in kinds.values() for word in words))


_ANY_URGENT: Final = _any_of(URGENT)
_ANY_OUT_OF_SCOPE: Final = _any_of(OUT_OF_SCOPE)


def flags_of(order: UpstreamOrder) -> Flags:
    """Urgency (S1.3.1a), suspicion that it is out of scope with its class (S2.2.2a), and the street."""
    text = f"{order.title}\n{order.content}"
    return Flags(urgent=urgency_of(text), out_of_scope=scope_suspicion(text), street=street_of(order))


def urgency_of(text: str) -> tuple[Urgency, ...]:
    """The urgent classes whose words occur in the text (S1.3.1a)."""
    if not _ANY_URGENT.search(text):
        return ()
    return tuple(kind for kind, words in URGENT.items() if any(word in text for word in words))


def scope_suspicion(text: str) -> str | None:
    """The first class of matters outside the hotline's scope that the text mentions; it never refuses (S2.2.2a)."""
    if not _ANY_OUT_OF_SCOPE.search(text):
        return None
    return next((kind for kind, words in OUT_OF_SCOPE.items() if any(word in text for word in words)), None)


def street_of(order: UpstreamOrder) -> str | None:
    """The street of 莱山区 where it happened: as the platform says, else by the address, else unknown."""
    if order.street in STREETS:
        return order.street
    place = "".join(part for part in (order.area, order.street, order.community, order.spot, order.address) if part)
    if not place or (DISTRICT not in place and any(other in place for other in OTHER_DISTRICTS)):
        return None
    full = next((street for street in STREETS if street in place), None)
    # 莱山 alone is the district's name and 滨海路 a road of three districts: the short form must say 办, 镇 or 社区.
    return full or next(
        (
            street
            for street in STREETS
            for tail in ("办事处", "街办", "镇")
            if f"{street.removesuffix('街道')}{tail}" in place
        ),
        None,
    )
