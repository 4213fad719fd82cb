"""Who reads what people wrote about an order; it may name its caller (X2)."""

from __future__ import annotations

from typing import Final

from shared.identity import UNIT, Person, Role

# Those who handle, review or answer for the order: the same to whom dispatch shows the words of its desk.
_READERS: Final = (Role.DISPATCHER, Role.REVIEWER, Role.REVISITOR, Role.CENTRE_HEAD, *UNIT)
BY_HAND: Final = (Role.CENTRE_HEAD, Role.OFFICE)
"""Who starts and stops clocks by hand, and reads why."""


def reads_words(person: Person) -> bool:
    """Whether the person reads the words of extensions and of those who granted them."""
    return person.has(*_READERS)
