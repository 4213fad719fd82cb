"""What a fault of the database means: wait and try again, the sender's content, or a bug (R25)."""

from __future__ import annotations

from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# Connection lost, serialization and deadlock, resources, locks, shutdown and start-up, the machine's disk.
_PASSES: Final = frozenset({"08", "40", "53", "55", "57", "58"})
# Timeouts of an idle or long transaction, and a server that is a standby just now.
_PASSES_TOO: Final = frozenset({"25P03", "25P04", "25006"})


def is_transient(fault: BaseException) -> bool:
    """Whether the same work may succeed later although nothing about it changes.

    What a value or a statement provokes each time is not: waiting for it would hold up everything behind it for ever.
    """
    if isinstance(fault, (PoolTimeout, OSError)):
        return True
    if not isinstance(fault, DBAPIError) or isinstance(fault, IntegrityError):
        return False
    if fault.connection_invalidated:
        return True
    state = sqlstate_of(fault)
    if state:
        return state[:2] in _PASSES or state in _PASSES_TOO
    # Without a word of the server the driver misses the connection, which was found above, or refuses our call.
    return not isinstance(getattr(fault.orig, "__cause__", None), asyncpg.InterfaceError)


def is_unstorable(fault: BaseException) -> bool:
    """Whether the content is to blame: a value that PostgreSQL, or the driver on the way there, cannot represent."""
    return isinstance(fault, DBAPIError) and sqlstate_of(fault).startswith("22")


def name_of(fault: BaseException) -> str:
    """The fault in one word without its text, which may quote a citizen."""
    if isinstance(fault, DBAPIError):
        return type(getattr(fault.orig, "__cause__", None) or fault.orig or fault).__name__
    return type(fault).__name__


def sqlstate_of(fault: DBAPIError) -> str:
    """The five characters of SQL, or nothing when the fault did not come from the server."""
    return str(getattr(fault.orig, "sqlstate", None) or "")
