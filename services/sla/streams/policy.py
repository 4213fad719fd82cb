"""How long a pass for a stream may wait for its use."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

PASS_LIFE: Final = timedelta(seconds=30)
"""From its issue to its one use: a pass stands in an address, and addresses are written down on the way."""
