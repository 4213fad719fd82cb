"""Telephone and identity numbers in texts: their forms, and how they are removed or masked (X2).

No other module has a regular expression for such a number.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

HIDDEN: Final = "［已隐去］"
"""What a log has in place of personal data."""

PHONE_FORM: Final = r"^[+\-() ]*([0-9][+\-() ]*){3,32}$"
"""What may be written as a telephone number: at least three digits, and what is written between them."""
LONGEST_PHONE: Final = 32

_PHONE: Final = re.compile(
    r"1[3-9]\d{9}|0\d{2,3}-?[2-9]\d{6,7}(-\d{1,6})?|[2-9]\d{6,7}|12345|12\d{3}|[48]00-?\d{3}-?\d{4}"
)
# For logs: what is certainly a mobile, a landline or an identity number, however it is spaced; the numbers of orders stay.
# Longest first, so that an 18-digit one is not cut in two.
_CERTAIN: Final = re.compile(
    r"(?<![0-9A-Za-z-])(?:\d{6}[ .-]?\d{8}[ .-]?\d{3}[\dXx]|\d{15}|(?:\+?(?:00)?86[ .-]?)?1\d{2}[ .-]?\d{4}[ .-]?\d{4}"
    r"|[(（]?0\d{2,3}[)）]?[ .-]?\d{7,8})(?![0-9A-Za-z-])"
)
# For readers: any digits that may be such a number, with single separators between them; a day (2026-11-23) is none.
_POSSIBLE: Final = re.compile(r"(?<![\d-])(?!\d{4}-\d\d-\d\d(?!\d))\d(?:[ .()（）-]{0,2}\d){6,19}(?!\d)")
_FEWEST_DIGITS: Final = 7
_LOCAL: Final = (7, 8)
"""Digits of a landline without its area's code."""
_WITH_AREA: Final = 12
_MOBILE_OF_86: Final = re.compile(r"(?:00)?86(1\d{10})")
_LANDLINE_OF_86: Final = re.compile(r"(?:00)?860?([1-9]\d{8,10})")
_EXTENSION: Final = re.compile(r"\s*(?:转|分机|内线|ext|x|#|,).*$", re.IGNORECASE | re.DOTALL)
_SHORT_EXTENSION: Final = re.compile(r"(.*?)\s*-\s*\d{1,6}\s*", re.DOTALL)
_WHOLE_LANDLINE: Final = re.compile(r"0\d{9,11}")
_WHOLE_LOCAL: Final = re.compile(r"\s*[2-9]\d{6,7}")
# For texts that may tell nothing of a caller: also in Chinese digits and with any gap that is no punctuation of a sentence.
_DIGIT: Final = r"[0-9零〇○一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖]"
_GAP: Final = r"(?:[^\w\n，。；：、！？:;!?,\"']|_){0,3}"
_ANY_NUMBER: Final = re.compile(rf"{_DIGIT}(?:{_GAP}{_DIGIT}){{6,}}[xX]?")
_LAST_DIGITS: Final = re.compile(
    rf"(?:尾号|[后末][四4]位)(?:数|数字)?[^\w\n]{{0,3}}[是为]?[^\w\n]{{0,3}}({_DIGIT}{{3,}})"
)
# Somebody else's masking still tells half of it: 138****1234, 0535-***1234.
_MASKED: Final = re.compile(r"(?<![0-9A-Za-z])\d{3,6}[ -]?(?:[*×xX•●#][ -]?){2,12}\d{2,4}[xX]?(?!\d)")
_DAY: Final = re.compile(r"(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])(?:\s+[0-2]?\d)?")


def is_phone(text: str) -> bool:
    """Whether it may be dialled: a mobile, a landline with or without its area, a short service number (S2.2.3b)."""
    return _PHONE.fullmatch(re.sub(r"\s+", "", text)) is not None


def same_phone(one: str, other: str) -> bool:
    """Whether two writings are of one number, however spaced, with or without 86, the area's code and an extension."""
    shorter, longer = sorted((plain_phone(_trunk(one)), plain_phone(_trunk(other))), key=len)
    if shorter == longer:
        return bool(shorter) or one == other
    return len(shorter) in _LOCAL and longer.startswith("0") and longer.endswith(shorter) and len(longer) <= _WITH_AREA


def plain_phone(text: str) -> str:
    """The digits of a telephone number without 86, so that writings of one number are equal; the area's code stays.

    Full-width digits count as plain ones.  Abroad the area's code loses its 0: it gets it back.
    """
    compatible = unicodedata.normalize("NFKC", text)
    digits = "".join(character for character in compatible if character.isdecimal() and character.isascii())
    if (mobile := _MOBILE_OF_86.fullmatch(digits)) is not None:
        return mobile[1]
    return f"0{landline[1]}" if (landline := _LANDLINE_OF_86.fullmatch(digits)) is not None else digits


def _trunk(text: str) -> str:
    """The number without the extension behind it: 0535-6890000转1, 0535-6890000 ext. 1, 0535-6890000-801."""
    trunk = _EXTENSION.sub("", unicodedata.normalize("NFKC", text))
    found = _SHORT_EXTENSION.fullmatch(trunk)
    # A hyphen also stands between the groups of a number: it parts an extension off only behind a whole landline.
    if found is not None and (_WHOLE_LANDLINE.fullmatch(plain_phone(found[1])) or _WHOLE_LOCAL.fullmatch(found[1])):
        return found[1]
    return trunk


def without_numbers(text: str) -> str:
    """`text` with every telephone and identity number replaced, for logs (R45)."""
    return _CERTAIN.sub(HIDDEN, text)


def masked_numbers(text: str) -> str:
    """`text` with the middle of everything that may be a telephone or identity number struck out, for readers."""

    def strike(match: re.Match[str]) -> str:
        number = match.group()
        if sum(character.isdigit() for character in number) < _FEWEST_DIGITS:
            return number
        return number[:3] + "*" * (len(number) - 5) + number[-2:]

    return _POSSIBLE.sub(strike, text)


def spans_of_numbers(text: str) -> list[tuple[int, int]]:
    """Where `text` may give a telephone or identity number, also a masked one, or the last digits of one; a day is none."""
    numbers = [match.span() for match in _ANY_NUMBER.finditer(text) if not _DAY.fullmatch(match.group())]
    numbers += [match.span() for match in _MASKED.finditer(text)]
    return numbers + [match.span(1) for match in _LAST_DIGITS.finditer(text)]
