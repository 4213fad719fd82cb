"""Telephone and identity numbers in texts: their forms, and how they are removed or masked (X2).

No other module has a regular expression for such a number.
"""

from __future__ import annotations

import re
from typing import Final

HIDDEN: Final = "［已隐去］"
"""What a log has in place of personal data."""

PHONE_FORM: Final = r"^[0-9+\-() ]{3,32}$"
"""What a platform may send as a telephone number: the characters only."""

_PHONE: Final = re.compile(
    r"1[3-9]\d{9}|0\d{2,3}-?[2-9]\d{6,7}(-\d{1,6})?|[2-9]\d{6,7}|12345|12\d{3}|[48]00-?\d{3}-?\d{4}"
)
# Landline and mobile numbers, identity numbers: longest first, so that an 18-digit one is not cut in two.
_CERTAIN: Final = re.compile(
    r"(?<![0-9A-Za-z-])(?:\d{17}[\dXx]|\d{15}|(?:\+?(?:00)?86[ -]?)?1\d{2}[ -]?\d{4}[ -]?\d{4}|0\d{2,3}[ -]?\d{7,8})"
    r"(?![0-9A-Za-z-])"
)
# Any run of digits that may be the number of a person, except a date (2026-11-23).
_POSSIBLE: Final = re.compile(r"(?<![\d-])(?!\d{4}-\d\d-\d\d(?!\d))\d[\d-]{5,18}\d(?!\d)")
_FEWEST_DIGITS: Final = 7


def is_phone(text: str) -> bool:
    """Whether it may be dialled: a mobile, a landline with or without its area, a short service number (S2.2.3b)."""
    return _PHONE.fullmatch(re.sub(r"\s+", "", text)) is not None


def without_numbers(text: str) -> str:
    """`text` with every telephone and identity number replaced, for logs (R45)."""
    return _CERTAIN.sub(HIDDEN, text)


def masked_numbers(text: str) -> str:
    """`text` with the middle digits of every possible telephone or identity number replaced by asterisks, for readers."""

    def strike(match: re.Match[str]) -> str:
        number = match.group()
        if sum(character.isdigit() for character in number) < _FEWEST_DIGITS:
            return number
        return number[:3] + "*" * (len(number) - 5) + number[-2:]

    return _POSSIBLE.sub(strike, text)
