"""Who called, struck out of the texts of a confidential order (X2).

One function for every service: what a platform, a unit or the centre wrote may name the caller or give a number, and
somebody who may not know the caller reads none of it.  Too much struck out is a text that is harder to read; too little
is a caller who is known.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from shared.personal.numbers import HIDDEN, spans_of_numbers

IDENTIFYING: Final = (
    "caller_name",
    "caller_phone",
    "contact_phone",
    "id_number",
    "email",
    "enterprise_name",
    "credit_code",
)
"""The fields of an order by which its caller is known."""

_COMPOUND_SURNAMES: Final = frozenset(
    [
        "欧阳",
        "太史",
        "端木",
        "上官",
        "司马",
        "东方",
        "独孤",
        "南宫",
        "万俟",
        "闻人",
        "夏侯",
        "诸葛",
        "尉迟",
        "公羊",
        "赫连",
        "澹台",
        "皇甫",
        "宗政",
        "濮阳",
        "公冶",
        "太叔",
        "申屠",
        "公孙",
        "慕容",
        "仲孙",
        "钟离",
        "长孙",
        "宇文",
        "司徒",
        "鲜于",
        "司空",
        "闾丘",
        "子车",
        "亓官",
        "司寇",
        "巫马",
        "公西",
        "颛孙",
        "壤驷",
        "公良",
        "漆雕",
        "乐正",
        "宰父",
        "谷梁",
        "拓跋",
        "夹谷",
        "轩辕",
        "令狐",
        "段干",
        "百里",
        "呼延",
        "东郭",
        "南门",
        "羊舌",
        "微生",
        "梁丘",
        "左丘",
        "东门",
        "西门",
    ]
)
_FORMS_OF_ADDRESS: Final = (
    "先生|女士|小姐|同志|师傅|老师|大爷|大妈|大娘|大叔|大姐|大哥|阿姨|叔叔|老板|经理|总|某某|某|[×xX*]{1,3}"
)
_LONGEST_PERSONAL_NAME: Final = 4
# What people write between the characters of a name or the digits of a number, so that no machine reads it, included.
_GAP: Final = r"(?:[^\w\n]|_){0,3}"
_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?")
_FEWEST_KNOWN_DIGITS: Final = 4
_SEVERAL: Final = re.compile(r"[,;/|\n，；、]")


def known_by(*sources: Mapping[str, Any] | Iterable[str] | None) -> tuple[str, ...]:
    """The words by which a caller is known: of fields (by our names, in clear) and of what was known before; sorted."""
    found: set[str] = set()
    for source in sources:
        values = [source.get(name) for name in IDENTIFYING] if isinstance(source, Mapping) else source or ()
        found.update(str(value).strip() for value in values if value)
    return tuple(sorted(found - {""}))


def without_caller(text: str, known: Collection[str]) -> str:
    """`text` without the caller's names, and without any telephone number, identity number or e-mail address.

    `known` are the words by which the caller is known, as `known_by` makes them.  A name is also found with gaps between
    its characters, or as the family name before a form of address; a number also in full-width or Chinese digits.  Days
    and moments stay.
    """
    if _MOMENT.fullmatch(text):
        return text
    # Full-width letters and digits count as plain ones, character by character, so that positions stay.
    plain = "".join(_plain(character) for character in text)
    struck = [match.span() for pattern in _patterns(tuple(known)) for match in pattern.finditer(plain)]
    struck += [*spans_of_numbers(plain), *(match.span() for match in _EMAIL.finditer(plain))]
    parts, reached = [], 0
    for start, end in sorted(struck):
        if start >= reached:
            parts += [text[reached:start], HIDDEN]
        reached = max(reached, end)
    return "".join([*parts, text[reached:]])


def without_caller_in(value: Any, known: Collection[str]) -> Any:
    """The same for every text in a JSON value; names of fields stay."""
    if isinstance(value, str):
        return without_caller(value, known)
    if isinstance(value, Mapping):
        return {name: without_caller_in(one, known) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [without_caller_in(one, known) for one in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        written = str(value)
        return value if without_caller(written, known) == written else HIDDEN
    return value


def _plain(character: str) -> str:
    compatible = unicodedata.normalize("NFKC", character)
    return compatible if len(compatible) == 1 else character


@lru_cache(maxsize=256)
def _patterns(known: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    sources: set[str] = set()
    for words in known:
        for word in (words, *_SEVERAL.split(words)):
            sources.update(_sources(word.strip()))
    return tuple(re.compile(source, re.IGNORECASE) for source in sorted(sources, key=len, reverse=True))


def _sources(word: str) -> Iterable[str]:
    """Regular expressions that find one word by which the caller is known."""
    letters = [letter for letter in map(_plain, word) if letter.isalnum()]
    if not letters:
        return
    han = all("\u3400" <= letter <= "\u9fff" for letter in letters)
    if all(letter in "0123456789xX" for letter in letters):
        if len(letters) >= _FEWEST_KNOWN_DIGITS:
            yield rf"(?<!\d){_spaced(letters)}(?!\d)"
        return
    if len(letters) > 1:
        edge = "" if han else r"(?<![A-Za-z0-9]){}(?![A-Za-z0-9])"
        yield edge.format(_spaced(letters)) if edge else _spaced(letters)
    if han and len(letters) <= _LONGEST_PERSONAL_NAME:
        surname = letters[:2] if "".join(letters[:2]) in _COMPOUND_SURNAMES else letters[:1]
        yield rf"{_spaced(surname)}{_GAP}(?:{_FORMS_OF_ADDRESS})"


def _spaced(letters: Collection[str]) -> str:
    return _GAP.join(re.escape(letter) for letter in letters)
