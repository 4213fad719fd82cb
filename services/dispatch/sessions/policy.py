"""How long a browser's login lasts; the circular does not say."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

TOKEN_LIFE: Final = timedelta(minutes=1)
"""So long a change of roles, a sign-out or a disabled account may take to have its effect in all services."""
IDLE_LIMIT: Final = timedelta(hours=2)
"""A session that is not refreshed for so long ends."""
LONGEST: Final = timedelta(hours=12)
"""A session ends so long after its beginning, however it is used: within a working day with its overtime."""
MOST_OPEN: Final = 20
"""Sessions of one account at once; a further one ends the one that was used longest ago."""
KEPT_AFTER: Final = timedelta(days=1)
"""Rows are kept so long after LONGEST, so that a browser that comes back learns why its session ended."""
