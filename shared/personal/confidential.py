"""Who called, and where he lives, struck out of the texts of a confidential order (X2).

One function for every service: what a platform, a unit or the centre wrote may name the caller or give a number, and
somebody who may not know the caller reads none of it.  Too much struck out is a text that is harder to read; too little
is a caller who is known.

Where the caller lives is struck out; where it happened is not, because the unit has to go there.  So an address that is also
the place of the incident stays in the texts.
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
"""The fields of an order by which its caller is known, beside the one that says where he lives."""

_HOME: Final = "caller_region"
"""Where the caller lives: some platforms write his whole address into it."""
_INCIDENT: Final = ("area", "street", "community", "spot", "address")
"""Where it happened, from the district down to the house; with some platforms joined in the last one."""
_HOME_MARK: Final = "住址："
"""Stands before an address among the words by which a caller is known, so that it is not taken for a name."""

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
_SHORTEST_GIVEN_NAME: Final = 2
"""A given name of one character is in too many other words."""
# 小张, 老张, 阿张, 姓张的; but 小区 is not somebody whose family name is 区, and 小于60 is not one whose name is 于.
_FAMILIAR: Final = "[小老阿姓]"
_NO_NAMES: Final = (
    "小区|小时|小路|小车|小学|小高层|小康|小麦|小米|小商|小雪|小花|小牛|小苗|小石|小水|小白菜|小黄车|小马路|小龙虾|小金额"
    "|老年|老师|老路|老区|老城|老车|小于[^\\w\\n]{0,2}[0-9零一二三四五六七八九十百千两]"
)
# What people write between the characters of a name or the digits of a number, so that no machine reads it, included.
_GAP: Final = r"(?:[^\w\n]|_){0,3}"
# A given name alone is short enough to stand across the end of one sentence and the beginning of the next.
_BLANKS: Final = r"[ ·•・._*-]{0,2}"
_HAN: Final = "[\u3400-\u9fff]"
# Province, city and district; 小区, 社区, 园区 and the like are no districts.
_REGIONS: Final = tuple(
    re.compile(f"(?:{_HAN}{part})?")
    for part in (
        "{2,8}?(?:省|自治区)",
        "{2,4}?(?:市|自治州|地区|盟)",
        "{1,5}?(?:县|旗|市|(?<![小社园街景校厂片院库矿林舍活属业宅])区)",
    )
)
_FEWEST_HAN_OF_ADDRESS: Final = 3
_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?")
_FEWEST_KNOWN_DIGITS: Final = 4
_SEVERAL: Final = re.compile(r"[,;/|\n，；、]")


def known_by(*sources: Mapping[str, Any] | Iterable[str] | None) -> tuple[str, ...]:
    """The words by which a caller is known: of fields (by our names, in clear) and of what was known before; sorted.

    His address is one of them, unless the fields name the same place as that of the incident.
    """
    found: set[str] = set()
    places: list[str] = []
    for source in sources:
        if isinstance(source, Mapping):
            values = [source.get(name) for name in IDENTIFYING]
            home = str(source.get(_HOME) or "").strip()
            found |= {_HOME_MARK + home} if _address(home) else set()
            where = [_letters(str(source.get(name) or "")) for name in _INCIDENT]
            places += ["".join(where), *where]
        else:
            values = list(source or ())
        found.update(str(value).strip() for value in values if value)
    homes = {word for word in found if word.startswith(_HOME_MARK)}
    stay = {home for home in homes if any(_address(home.removeprefix(_HOME_MARK)) in place for place in places)}
    return tuple(sorted(found - stay - {""}))


def without_caller(text: str, known: Collection[str]) -> str:
    """`text` without the caller's names and address, and without any telephone number, identity number or e-mail address.

    `known` are the words by which the caller is known, as `known_by` makes them.  A name is also found with gaps between
    its characters, as the family name before a form of address or behind 小, 老 and the like, and as the given name alone
    if that has two characters or more; a number also in full-width or Chinese digits; an address where it is written in
    full, with or without province, city and district.  Days, moments and the place of the incident stay.
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
        if words.startswith(_HOME_MARK):
            sources.update(_sources_of_address(words.removeprefix(_HOME_MARK)))
            continue
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
        given = letters[len(surname) :]
        yield rf"{_spaced(surname)}{_GAP}(?:{_FORMS_OF_ADDRESS})"
        yield rf"(?!{_NO_NAMES}){_FAMILIAR}{_BLANKS}{_spaced(surname)}"
        # 张先生 in the field of the name: 先生 is everybody.
        if len(given) >= _SHORTEST_GIVEN_NAME and not re.fullmatch(_FORMS_OF_ADDRESS, "".join(given)):
            yield _spaced(given, _BLANKS)


def _sources_of_address(home: str) -> Iterable[str]:
    """Regular expressions that find an address in full, with its province, city and district or without them."""
    for letters in {_letters(home), _address(home)}:
        yield rf"(?<![A-Za-z0-9]){_spaced(letters)}(?![A-Za-z0-9])"


def _address(home: str) -> str:
    """The letters of an address without its province, city and district; empty where it says no more than these."""
    rests = [_letters(home)]
    for region in _REGIONS:
        found = region.match(rests[-1])
        rests.append(rests[-1] if found is None else rests[-1][found.end() :])
    if not rests[-1]:
        return ""
    # What looks like a region may belong to the address: in 烟台市黄海城市花园 there is no city 黄海城市.
    return next((rest for rest in reversed(rests) if len(re.findall(_HAN, rest)) >= _FEWEST_HAN_OF_ADDRESS), "")


def _letters(text: str) -> str:
    return "".join(letter for letter in map(_plain, text) if letter.isalnum())


def _spaced(letters: Iterable[str], gap: str = _GAP) -> str:
    return gap.join(re.escape(letter) for letter in letters)
