"""What a rebuild reads, and how it ended."""

from __future__ import annotations

from typing import Literal

Source = Literal["bus", "facts"]
"""Every event from the beginning of the bus, or the facts that are stored."""

RebuildState = Literal["running", "equal", "different", "swapped", "failed"]
"""How a rebuild stands, or how it ended."""
