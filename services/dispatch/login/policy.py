"""When failed logins lock an account name; the circular does not say."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

LOCK_AFTER: Final = 5
LOCK_FOR: Final = timedelta(minutes=15)
