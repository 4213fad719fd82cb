"""The seven channels; each platform's words stand in a module of its own, beside the channels that speak them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from services.intake.channels.model import Channel
from services.intake.channels.policy.city import CITY_12345, CITY_ENTERPRISE
from services.intake.channels.policy.national import NATIONAL
from services.intake.channels.policy.province import PROVINCE_12345, PROVINCE_ENTERPRISE

_ALL: Final = (*NATIONAL, PROVINCE_12345, CITY_12345, CITY_ENTERPRISE, PROVINCE_ENTERPRISE)

CHANNELS: Final[Mapping[str, Channel]] = MappingProxyType({channel.code: channel for channel in _ALL})
"""The seven channels by code; whatever is none of them goes to the quarantine, never silently to the city (S1.1.1a)."""
