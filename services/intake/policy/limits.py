"""The numbers of intake, each with its reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

SIGNATURE_WINDOW: Final = timedelta(minutes=5)
"""Standard Webhooks: a request dated further off is refused as a replay (R34)."""
SIGNATURES_READ: Final = 8
"""More signatures in one header are nobody's rotation."""
FAST_CLOCK: Final = timedelta(minutes=10)
"""How far ahead a platform may date what has happened: twice what its signature may be off, and no time zone in it."""
BEFORE_CALL: Final = timedelta(days=1)
"""How far before the call an order may say that it was accepted, filed or sent: a call may be written down late."""
FARTHEST_DEADLINE: Final = timedelta(days=731)
"""A deadline more than two years ahead is a placeholder or a slip, and no clock should run to it."""
WAITING_ORDERS: Final = 1000
"""Orders that may wait for the writer; at some thousand a second nobody waits longer than a second (R6)."""
WRITER_SECONDS: Final = 5.0
"""How long a request waits for the writer of a process that is just starting."""
BATCH: Final = 256
"""Orders in one transaction: more gain nothing (measured), and a bad one spoils fewer."""
WRITERS: Final = 3
"""Connections that write orders: while one waits for the disk, the next gathers what arrives; a fourth gains nothing."""
OUTBOX_CEILING: Final = 200_000
"""Events that may wait for the bus before new orders are refused: about an hour of a bus that is away (R6)."""
LOOK_SECONDS: Final = 1.0
"""How often a writer counts them."""
UNVERIFIED_PER_SOURCE: Final = 20
"""Unsigned requests of one address that are kept until somebody decides on them."""
UNVERIFIED_TOTAL: Final = 500
"""The same for all addresses together: nobody can fill the disk without a key."""
UNVERIFIED_BYTES: Final = 64 * 1024
"""A larger unsigned request is answered, and not kept."""
REVEALS_PER_HOUR: Final = 60
"""Identities that one account may look at in an hour (X2)."""
FEEDBACK_SCHEDULE: Final = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Standard Webhooks: the wait before each attempt, 75.6 hours in all (P8)."""
FEEDBACK_JITTER: Final = 0.1
FEEDBACK_TIMEOUT_SECONDS: Final = 15.0
FEEDBACK_LEASE_SECONDS: Final = 45
"""Real seconds after which an attempt whose sender vanished is sent again under the same id: thrice the timeout."""
FEEDBACK_AT_ONCE: Final = 16
