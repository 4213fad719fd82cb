"""A caller's identity as those see it who may not read it (X2)."""

from __future__ import annotations

import re
from typing import Final

_MOBILE_DIGITS: Final = 11
_SHORTEST_ID: Final = 15


def masked_phone(phone: str | None) -> str | None:
    """138****8000; short numbers keep their last two digits."""
    if not phone:
        return None
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= _MOBILE_DIGITS else f"****{phone[-2:]}"


def masked_name(name: str | None) -> str | None:
    """张**: the family name and nothing else."""
    return f"{name[0]}**" if name else None


def masked_id_number(number: str | None) -> str | None:
    """The first six and the last four: district and check digits."""
    if not number:
        return None
    return f"{number[:6]}********{number[-4:]}" if len(number) >= _SHORTEST_ID else "********"


def masked_email(email: str | None) -> str | None:
    """The first letter and the domain."""
    return f"{email[0]}***@{email.rpartition('@')[2]}" if email else None


def masked_address(address: str | None) -> str | None:
    """The part before the first digit: district and road, without house and flat."""
    if not address:
        return None
    cut = re.search(r"[0-9０-９]", address)
    return f"{address[: cut.start()]}***" if cut else f"{address[:6]}***"
