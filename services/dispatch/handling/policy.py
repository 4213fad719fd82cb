"""The numbers of contacts and of promised contacts."""

from __future__ import annotations

from typing import Final

from services.dispatch.rulesets.policy import Figure

FAILED_ATTEMPTS_THAT_COUNT: Final = Figure(2, "S2.2.1b")

# Minutes.  Whoever did not hear the telephone at nine does not hear it ten seconds later either, nor on another number: two
# calls in one minute are one attempt.
FAILED_ATTEMPTS_APART: Final = Figure(10, "S2.2.1b", "A39")

# How far ahead a next contact may be promised. The circular gives no figure: thirteen working days are the longest that an
# order is with a unit at all, three and ten of extension, or the thirteen of the enterprise platform. A longer promise
# would satisfy the rule of the same day (不过夜) while the caller learns nothing.
PROMISE_WORKDAYS: Final = Figure(13, "S2.2.1d")
