"""The event bus as a log table in PostgreSQL: the embedded default, and enough for a small district.

Offsets without gaps per partition (R54), consumer groups by leases that the database's own clock ends, readers woken by
NOTIFY and, should one be missed, by a poll each second.
"""

from shared.bus.postgres.bus import PostgresBus

__all__ = ["PostgresBus"]
