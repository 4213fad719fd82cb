"""How many unsigned requests are kept, and how many of one cause are listed and released together."""

from __future__ import annotations

from typing import Final

UNVERIFIED_PER_SOURCE: Final = 20
"""Unsigned requests of one address that are kept until somebody decides on them."""
UNVERIFIED_TOTAL: Final = 500
"""The same for all addresses together: without a key nobody can fill the disk."""
UNVERIFIED_BYTES: Final = 64 * 1024
"""A larger unsigned request is answered, and not kept."""
CAUSE_FAULTS: Final = 10
"""Faults that a cause names; two requests with more of them are of one cause when these are the same."""
CAUSE_FIELD: Final = 80
GROUPS_LISTED: Final = 200
"""Causes that one listing shows, those with the most requests first."""
RELEASED_TOGETHER: Final = 100
"""Requests that one command releases; it says how many are left."""
