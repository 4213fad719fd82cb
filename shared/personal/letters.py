"""How names and addresses are compared with texts: width, case and script of a character, and gaps between characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from opencc import OpenCC

HAN: Final = "[\u3400-\u9fff]"
# What people write between the characters of a name or the digits of a number, so that no machine reads it, included.
GAP: Final = r"(?:[^\w\n]|_){0,3}"
# Where what is searched for is so short that it may stand across the end of one sentence and the beginning of the next.
BLANKS: Final = r"[ ·•・._*-]{0,2}"

_SIMPLIFIED: Final = OpenCC("t2s")


class _Plain(dict[int, str]):
    """What each character counts as, worked out when it is first seen."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        compatible = unicodedata.normalize("NFKC", character)
        plain = _SIMPLIFIED.convert(compatible if len(compatible) == 1 else character).lower()
        self[code] = plain if len(plain) == 1 else character
        return self[code]


_PLAIN: Final = _Plain()


def plain(text: str) -> str:
    """`text` in lower case, full-width characters as plain and traditional ones as simplified, each in its place."""
    return text.translate(_PLAIN)


def letters_of(text: str) -> str:
    """The letters and digits of `text`, plain."""
    return "".join(letter for letter in plain(text) if letter.isalnum())


def is_han(text: str) -> bool:
    """Whether it is written in Chinese characters and nothing else."""
    return re.fullmatch(f"{HAN}+", text) is not None


def spaced(letters: Iterable[str], gap: str = GAP) -> str:
    """A regular expression for these letters with gaps between them."""
    return gap.join(re.escape(letter) for letter in letters)


def whole_word(letters: Iterable[str], gap: str = GAP) -> str:
    """The same, but not inside of another Latin word or number."""
    return rf"(?<![a-z0-9]){spaced(letters, gap)}(?![a-z0-9])"
