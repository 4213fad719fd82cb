"""The event bus as a log table in PostgreSQL: the embedded default, and enough for a small district.

Gapless offsets per partition (R54), consumer groups by leases under the database's own clock, readers woken by NOTIFY
with a poll each second below it.
"""

from shared.bus.postgres.bus import PostgresBus

__all__ = ["PostgresBus"]
