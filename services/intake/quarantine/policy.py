"""How many unsigned requests are kept."""

from __future__ import annotations

from typing import Final

UNVERIFIED_PER_SOURCE: Final = 20
"""Unsigned requests of one address that are kept until somebody decides on them."""
UNVERIFIED_TOTAL: Final = 500
"""The same for all addresses together: without a key nobody can fill the disk."""
UNVERIFIED_BYTES: Final = 64 * 1024
"""A larger unsigned request is answered, and not kept."""
