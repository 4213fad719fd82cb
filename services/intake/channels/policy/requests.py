"""What every request of a platform is held to."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

SIGNATURE_WINDOW: Final = timedelta(minutes=5)
"""Standard Webhooks: a request dated further off is refused as a replay (R34)."""
SIGNATURES_READ: Final = 8
"""Signatures of one header that are tried: two keys are live at most, so more of them are no key rotation."""
FAST_CLOCK: Final = timedelta(minutes=10)
"""How far in the future a moment that has passed may be dated: twice the signature window, less than any time zone."""
