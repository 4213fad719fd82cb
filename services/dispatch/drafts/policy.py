"""How much and how long drafts are kept; the circular does not say."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

LARGEST_BYTES: Final = 512 * 1024
"""Of one draft as UTF-8: 100,000 Chinese characters are 300,000 bytes."""
MOST_DRAFTS: Final = 200
"""Of one person."""
KEPT_FOR: Final = timedelta(days=30)
"""After its last change; what was sent, the portal removes at once."""
