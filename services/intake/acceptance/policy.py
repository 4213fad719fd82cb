"""Which dates an order may have, and how many orders wait and are written together."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

BEFORE_CALL: Final = timedelta(days=1)
"""How far before the call an order may say that it was accepted, filed or sent: a call may be written down late."""
FARTHEST_DEADLINE: Final = timedelta(days=731)
"""A deadline more than two years ahead is a placeholder or a mistake."""
WAITING_ORDERS: Final = 1000
"""Orders that may wait for the writer; at about a thousand a second nobody waits longer than a second (R6)."""
WRITER_SECONDS: Final = 5.0
"""How long a request waits for the writer of a process that is just starting."""
BATCH: Final = 256
"""Orders in one transaction: more gain nothing (measured), and a bad one delays fewer others."""
WRITERS: Final = 3
"""Connections that write orders: while one waits for the disk, the next collects what arrives; a fourth gains nothing."""
OUTBOX_CEILING: Final = 200_000
"""Events that may wait for the bus before new orders are refused: about an hour without the bus (R6)."""
COUNT_SECONDS: Final = 1.0
"""How often a writer counts them."""
