"""After how many days of failed revisits an order is closed."""

from __future__ import annotations

from typing import Final

from services.dispatch.rulesets.policy import Figure

FAILED_REVISIT_DAYS: Final = Figure(2, "", "A32")
