"""Where somebody lives, as people write it: with and without leading parts, building, unit and room in any notation (X2).

Regular expressions for plain text (`letters.plain`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from shared.personal.letters import HAN, letters_of, plain, spaced, whole_word
from shared.personal.places import CITY, DISTRICT, KNOWN_PLACES, PROVINCE

_NO_ESTATES: Final = frozenset(
    ["小区", "社区", "花园", "家园", "公寓", "新村", "新城", "大厦", "广场", "城市", "国际", "宿舍"]
)
# Of 龙口大街88号, any 大街88号 would be left.
_KNOWN_PLACES: Final = f"(?:{KNOWN_PLACES})+(?![路街道山河湾港巷镇乡村苑城]|大[街道]|{'|'.join(sorted(_NO_ESTATES))})"
_REGIONS: Final = tuple(re.compile(part) for part in (PROVINCE, CITY, DISTRICT, _KNOWN_PLACES))
# Street or town, and community or village; 古镇小区 and 张家村路 are an estate and a road.
_LOCALITIES: Final = tuple(
    re.compile(f"{HAN}{part}(?!路|街|大街|小区|委)")
    for part in ("{1,6}?(?:街道(?:办事处)?|镇|乡)", "{1,8}?(?:社区(?:居委会)?|村(?:委会)?)")
)
_FEWEST_HAN: Final = 3
_SHORTEST_ESTATE: Final = 2
# What an estate or a village is; people leave it out, or add it.
_KINDS: Final = "小区|社区|花园|村"
_KIND: Final = re.compile(f"(?:{_KINDS})$")
_LONGEST_ENDING: Final = 6
_LONGEST_WHOLE: Final = 3
"""A name of so few characters has no region before it."""

# The numbers at the end of an address.  Letters are numbers, too: A座1201.
_DIGITS: Final = "零〇一二三四五六七八九"
_FORMAL: Final = dict(zip("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千", strict=True))
"""Numerals that nobody can forge, and what they stand for."""
_EITHER: Final = {usual: f"[{usual}{formal}]" for formal, usual in _FORMAL.items()} | {"零": "[零〇]"}
_NUMERALS: Final = f"{_DIGITS}十百千{''.join(_FORMAL)}"
_BETWEEN: Final = "号楼栋幢座单元门室户层房院期区组弄第东西中"
_SEPARATORS: Final = rf"[{_BETWEEN}\W_]"
_NUMBER: Final = re.compile(rf"([a-z]?[0-9]{{1,4}}[a-z]?|[a-z]|[{_NUMERALS}]{{1,7}})([楼层])?")
_ONE: Final = rf"(?:[a-z]?[0-9]{{1,4}}[a-z]?|[a-z]|[{_NUMERALS}]{{1,7}})"
_TAIL: Final = re.compile(rf"第?{_ONE}(?:{_SEPARATORS}+{_ONE})*{_SEPARATORS}*$")
# 7号楼2单元401, 7#2-401, 7栋 2单元 4楼401
_FLOOR: Final = rf"(?:[0-9]{{1,2}}|[{_NUMERALS}]{{1,3}})[楼层]"
_GAP: Final = rf"{_SEPARATORS}{{1,8}}(?:{_FLOOR}{_SEPARATORS}{{0,4}})?"
_BEFORE: Final = r"[\W_第的里内院]{0,4}"
_STARTS: Final = rf"(?<![0-9a-z{_NUMERALS}])"
_ENDS: Final = rf"(?![0-9])(?!(?<=[{_NUMERALS}])[{_NUMERALS}])"
_AFTER: Final = f"{_ENDS}[室户号房]?"
# The roads before an estate: 桐林路118号海韵花园.
_ROADS: Final = re.compile(rf"(?:{HAN}{{1,8}}?(?:大街|大道|路|街|巷|胡同)(?:[\W_]?{_ONE}(?:[号弄]院?)?)?)+")
_HOUSE: Final = "(?:号楼?|[楼栋幢座室户弄组#])"
_PARTS_OF_A_HOME: Final = 3
"""Building, unit and room."""
_ROOM: Final = re.compile(rf"(?:[0-9]{{3,4}}|[{_NUMERALS}]{{3,7}}){_SEPARATORS}*$")


def rests_of(home: str) -> list[str]:
    """An address from full to short, its leading parts dropped one after another; none that says too little.

    None at all where it names no more than a district.
    """
    rests = [_bare(home)]
    for region in _REGIONS:
        rests.append(_dropped(region, rests[-1]))
    if not rests[-1]:
        return []
    # What looks like a region may belong to the address: in 烟台市黄海城市花园 there is no city 黄海城市.
    for locality in _LOCALITIES:
        rests.append(_dropped(locality, rests[-1]))
    # What is left behind a village may be the numbers of any house: 3号楼2单元.
    named = [rest for rest in rests[1:] if _han(_split(rest)[0]) >= _SHORTEST_ESTATE]
    return [rest for rest in dict.fromkeys([rests[0], *named]) if _han(rest) >= _FEWEST_HAN]


def sources_of_address(home: str) -> Iterable[str]:
    """Regular expressions that find an address in each of its forms."""
    for rest in rests_of(home):
        yield whole_word(letters_of(rest))
    names, numbers = _names_and_numbers(home)
    if names and len(numbers) > 1:
        # Behind a region that is not known to be one.
        names += _endings(names[-1])
    yield from _behind(names, numbers, _KINDS)
    tail = _split(_bare(home))[1]
    numbers = _numbers(tail)
    if len(numbers) >= _PARTS_OF_A_HOME:
        yield rf"(?<![-.]){_STARTS}{_joined(numbers[-_PARTS_OF_A_HOME:])}{_AFTER}"
    if len(numbers) > 1 and _ROOM.search(tail):
        building = numbers[-min(len(numbers), _PARTS_OF_A_HOME)]
        yield rf"(?<![-.]){_STARTS}{building}(?:[号栋幢座楼#-]|号楼){_SEPARATORS}{{0,2}}{numbers[-1]}{_AFTER}"


def sources_of_house(home: str) -> Iterable[str]:
    """Regular expressions that find the estate with the numbers of building, unit and room behind it, and no other estate."""
    names, numbers = _names_and_numbers(home)
    kind = next((found[0] for name in names if (found := _KIND.search(name))), _KINDS)
    return _behind(names, numbers, kind)


def _behind(names: Sequence[str], numbers: Sequence[str], kinds: str) -> Iterable[str]:
    if names and numbers:
        named = "|".join(spaced(letters_of(name)) for name in names)
        yield rf"(?:{named})(?:{kinds})?{_BEFORE}{_house(numbers)}"


def _names_and_numbers(home: str) -> tuple[list[str], list[str]]:
    """What an estate may be called, from full to short, and regular expressions for the numbers behind its name."""
    for rest in reversed(rests_of(home)):
        name, tail = _split(rest)
        numbers = _numbers(tail)
        if numbers and _is_estate(name):
            estate = _dropped(_ROADS, name)
            names = [name, estate] if _is_estate(estate) else [name]
            names += [bare for bare in (_KIND.sub("", one) for one in names) if _is_estate(bare)]
            return sorted(set(names), key=len, reverse=True), numbers
    return [], []


def _is_estate(name: str) -> bool:
    return _han(name) >= _SHORTEST_ESTATE and name not in _NO_ESTATES


def _endings(name: str) -> list[str]:
    """石家庄裕华枫叶苑 from 庄裕华枫叶苑 to 叶苑."""
    if len(name) <= _LONGEST_WHOLE:
        return []
    lengths = range(min(_LONGEST_ENDING, len(name) - 1), _SHORTEST_ESTATE - 1, -1)
    return [name[-length:] for length in lengths if _is_estate(name[-length:]) and name[-length:].isalpha()]


def _bare(home: str) -> str:
    """An address without what stands in brackets, separators only between numbers: 7-2-401."""
    bare = re.sub(r"(?<=\w)[(（][^()（）]*[)）]", "", plain(home))
    return re.sub(rf"(?:(?<={HAN})|^)[\W_]+|[\W_]+(?={HAN}|$)", "", bare)


def _dropped(part: re.Pattern[str], rest: str) -> str:
    found = part.match(rest)
    return rest if found is None else rest[found.end() :]


def _han(text: str) -> int:
    return len(re.findall(HAN, text))


def _split(address: str) -> tuple[str, str]:
    """The name of the road or the estate, and the numbers behind it."""
    found = _TAIL.search(address)
    return (address, "") if found is None else (address[: found.start()], found.group())


def _numbers(tail: str) -> list[str]:
    """Regular expressions for the numbers of a house; the floor is left out, the number of the room says it."""
    found = list(_NUMBER.finditer(tail))
    return [_number(match[1]) for match in found if match[2] is None or (match is found[0] and match[2] == "楼")]


def _house(numbers: Sequence[str]) -> str:
    """A number alone needs its 号; before that of the room, building or unit may be missing, and what precedes them.

    Building and unit without the room are many people's, and often the place of the incident.
    """
    if len(numbers) == 1:
        return f"{numbers[0]}{_HOUSE}"
    if len(numbers) < _PARTS_OF_A_HOME:
        return f"{_joined(numbers)}{_AFTER}"
    building, unit, room = numbers[-_PARTS_OF_A_HOME:]
    before = "".join(f"(?:{number}{_GAP})?" for number in numbers[:-_PARTS_OF_A_HOME])
    return f"{before}(?:{building}{_GAP}(?:{unit}{_GAP})?|{unit}{_GAP}){room}{_AFTER}"


def _joined(numbers: Sequence[str]) -> str:
    return _GAP.join(numbers)


def _number(written: str) -> str:
    """A regular expression for a number in Arabic or Chinese digits: 401, 四零一, 四百零一."""
    if re.search("[a-z]", written):
        return written
    value = int(written) if written.isascii() else _value("".join(_FORMAL.get(one, one) for one in written))
    digits = "".join(_DIGITS[int(digit) + 1] if digit != "0" else "零" for digit in str(value))
    chinese = "|".join(
        dict.fromkeys("".join(_EITHER.get(one, one) for one in way) for way in (_in_words(value), digits))
    )
    return rf"(?:0{{0,2}}{value}|{chinese})"


def _value(chinese: str) -> int:
    """四百零一 and 四零一 as 401."""
    digits = {digit: max(0, place - 1) for place, digit in enumerate(_DIGITS)}
    units = {"十": 10, "百": 100, "千": 1000}
    if not any(unit in chinese for unit in units):
        return int("".join(str(digits[digit]) for digit in chinese))
    total, digit = 0, 0
    for character in chinese:
        if character in units:
            total, digit = total + (digit or 1) * units[character], 0
        else:
            digit = digits[character]
    return total + digit


def _in_words(value: int) -> str:
    """401 as 四百零一, 12 as 十二."""
    words = ""
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // unit % 10
        if digit:
            words += _DIGITS[digit + 1] + name
        elif words and value % unit and not words.endswith("零"):
            words += "零"
    return re.sub("^一十", "十", words) or "零"
