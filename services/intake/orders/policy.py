"""How often a caller's identity may be read."""

from __future__ import annotations

from typing import Final

REVEALS_PER_HOUR: Final = 60
"""Identities that one account may look at in an hour (X2)."""
