"""The place of each sealed text: in another place the text does not open (X2).

All places are defined here, because several services open what one of them sealed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Place:
    """A kind of sealed text; `at(order_id=..., ...)` is the place of one."""

    pattern: str

    def at(self, **ids: object) -> str:
        """The place of one text; KeyError when an id of the pattern is missing."""
        return self.pattern.format_map(ids)


# Sealed by intake.
DEMAND: Final = Place("order:{order_id}:demand")
CALLER: Final = Place("order:{order_id}:caller:{column}")
KNOWN_BY: Final = Place("order:{order_id}:known_by")
REVISIT: Final = Place("order:{order_id}:revisit:{number}")
UNKNOWN: Final = Place("order:{order_id}:unknown:{webhook_id}")
QUARANTINED: Final = Place("quarantine:{quarantine_id}:body")

# Sealed by dispatch.
ASSIGNMENT: Final = Place("order:{order_id}:assignment:{number}:{part}")
ATTACHMENT: Final = Place("order:{order_id}:attachment:{attachment_id}:name")
CONTACT: Final = Place("order:{order_id}:contact:{contact_id}")
NOTE: Final = Place("order:{order_id}:note:{note_id}")
RETURN: Final = Place("order:{order_id}:return:{return_id}:{part}")
REPLY: Final = Place("order:{order_id}:reply:{reply_id}")
GROUNDS: Final = Place("order:{order_id}:grounds:{reply_id}")
DRAFT: Final = Place("order:{order_id}:draft:{account}:{form}")

# Sealed by review.
OPINION: Final = Place("order:{order_id}:opinion:{reply_id}")
FINDINGS: Final = Place("order:{order_id}:findings:{reply_id}")
LEADER: Final = Place("order:{order_id}:leader:{reply_id}")
OVERRIDE: Final = Place("order:{order_id}:override:{reply_id}")

# Sealed by sla.
CONSENT: Final = Place("order:{order_id}:extension:{extension_id}")
EXTENSION: Final = Place("order:{order_id}:extension:{extension_id}:{part}")
CLOCK: Final = Place("order:{order_id}:clock:{clock_id}:{part}")
CLOCK_CHANGE: Final = Place("order:{order_id}:clock_change:{change_id}")

# Sealed by the kernel of each service.
ANSWER: Final = Place("idempotency:{account}:{key}")
