"""What the review of a reply depends on, with its clause."""

from __future__ import annotations

from typing import Final

ORDINARY_SCHEME: Final = "ordinary"
"""The only reply scheme that ends with the centre's approval; the others need their documents first (S1.1.1b)."""
