"""The topics of the platform and their partition counts, which are fixed for life: changing one breaks key order (R15)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

#: Every fact about an order, keyed by order id: cause before effect across the services.
ORDERS: Final = "orders"
#: Breaches of deadlines, beside `orders`, for operators and their own tools.
SLA_BREACHES: Final = "sla-breaches"
#: Facts of the whole organisation: calendar, rule sets, units. One partition, hence one order.
DIRECTORY: Final = "directory"
#: Events that a reader could not apply, with their reason.
DEAD_LETTERS: Final = "dead-letters"

#: Topics from which nothing is deleted for its age: who joins late learns from them what stands since years.
KEPT: Final = frozenset({DIRECTORY})

PARTITIONS: Final[Mapping[str, int]] = MappingProxyType({ORDERS: 12, SLA_BREACHES: 12, DIRECTORY: 1, DEAD_LETTERS: 12})
