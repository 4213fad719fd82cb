"""Which open point of the circular decides a number, and how far a number may go at all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from types import MappingProxyType
from typing import Final

# Where the circular is open, the default reading; shown beside the number, so that an office can confirm or change it.
READINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "final": "A04 clock.unit_start=ASSIGNED",
        "final_enterprise": "A07",
        "first_reply": "A07",
        "caller_reply": "A08 urgent.reply_hours=24",
        "return_window": "A14 return.window_wd=1",
        "returns_to_panel": "A21 returns.escalate_at=2",
        "first_contact": "A12",
        "first_contact_warn": "A12 contact.warn_hours=2",
        "same_day_dispatch": "A11 dispatch.*",
        "determined_dispatch": "A11 dispatch.*",
        "progress_note": "A13",
        "consult": "A24",
        "consult_panel": "A24",
        "plan": "A16 plan.max_days=90",
        "extension_most": "A09 extension.max_wd=10",
        "extension_times": "A10 extension.max_times=1",
        "redos_before_supervision": "A25 supervise.*",
        "concentration_top": "A25 supervise.*",
        "concentration_weeks": "A25 supervise.*",
    }
)

# The least and the most of each measure. What lies outside is a slip of the pen, not a policy: the longest term of any
# known regulation is 37 working days (15 + 15 + 7), the longest plan 90 days.
WORKDAYS_BOUNDS: Final = (1, 60)
DAYS_BOUNDS: Final = (1, 366)
HOURS_BOUNDS: Final = (1, 240)
COUNT_BOUNDS: Final = (0, 1_000)
# A year's working days: what the head of the centre may ask for beyond the cap of an extension ends somewhere too.
LONGEST_EXTENSION: Final = 250
# Numbers that are bounded closer than their measure: without a return there is nothing for the panel to settle, and who
# waits for an eleventh one has abolished it.
OWN_BOUNDS: Final[Mapping[str, tuple[int, int]]] = MappingProxyType({"returns_to_panel": (1, 10)})

# Pairs of which the first may not be longer than the second.
NOT_LONGER: Final = (("first_reply", "final_enterprise"), ("return_window", "final"), ("final", "final_enterprise"))

# A same-day rule is for people at work: what it names lies after their day has begun, and a warning leaves them an hour.
LATEST_WARNING: Final = time(23)
# Quiet hours are a night. Longer ones are its ends exchanged (07:00 to 22:00), and no warning would be read in time.
MOST_QUIET: Final = timedelta(hours=14)
