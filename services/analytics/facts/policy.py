"""Which breaches are facts, with their clauses."""

from __future__ import annotations

from typing import Final

from services.analytics.facts.model import Kind

OVERDUE_CLOCKS: Final = {"final": Kind.OVERDUE, "first_reply": Kind.FIRST_REPLY_OVERDUE}
"""The clocks whose breach is a fact: that of the order (S1.1.4b), and that of its first reply (S1.2.2c)."""
