"""The topics and their partition counts, which never change: another count would break the order of keys (R15)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

#: Every event about an order, keyed by order id, so that a cause is read before its effect, whichever service sent it.
ORDERS: Final = "orders"
#: Breaches of deadlines, beside `orders`, for operators and their own tools.
SLA_BREACHES: Final = "sla-breaches"
#: Events of the whole organisation: calendar, rule sets, units. One partition, so all are read in one order.
DIRECTORY: Final = "directory"
#: Events that a reader could not apply, with their reason.
DEAD_LETTERS: Final = "dead-letters"

#: Topics from which nothing is deleted for its age: a service that joins late learns from them what has held for years.
KEPT: Final = frozenset({DIRECTORY})

PARTITIONS: Final[Mapping[str, int]] = MappingProxyType({ORDERS: 12, SLA_BREACHES: 12, DIRECTORY: 1, DEAD_LETTERS: 12})
