"""The days that are off by law itself, whatever the year's notice arranges around them.

《全国年节及纪念日放假办法》(国务院令第270号), revised with effect from 1 January of 2008 (令第513号), 2014 (令第644号) and
2025 (令第795号). A statutory day on a Saturday or Sunday is replaced by another day, and two on one day count twice. So
the weekdays that a notice makes off, less the weekend days that it makes worked, are exactly the days of the law.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType
from typing import Final, NamedTuple

NEW_YEAR: Final = "元旦"
SPRING: Final = "春节"
QINGMING: Final = "清明节"
LABOUR: Final = "劳动节"
DRAGON_BOAT: Final = "端午节"
MID_AUTUMN: Final = "中秋节"
NATIONAL: Final = "国庆节"

# The names in notices, files and calendars; one name may combine two holidays.
_CALLED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        NEW_YEAR: ("元旦",),
        SPRING: ("春节",),
        QINGMING: ("清明",),
        LABOUR: ("劳动节", "五一"),
        DRAGON_BOAT: ("端午",),
        MID_AUTUMN: ("中秋",),
        NATIONAL: ("国庆", "十一"),
    }
)

# Year, first day of the first lunar month, 清明, fifth of the fifth month, fifteenth of the eighth month. From 2007 to 2026
# they are the days of the notices. A test compares all of them with the tables of the package `holidays` (0.109). The
# lunar days from 2031 on are those of the ICU library as well; 清明 was also computed from the sun's longitude: the one
# nearest to a midnight, that of 2071, begins eight minutes after it.
_MOVING: Final = """
2001 01-24 04-05 06-25 10-01
2002 02-12 04-05 06-15 09-21
2003 02-01 04-05 06-04 09-11
2004 01-22 04-04 06-22 09-28
2005 02-09 04-05 06-11 09-18
2006 01-29 04-05 05-31 10-06
2007 02-18 04-05 06-19 09-25
2008 02-07 04-04 06-08 09-14
2009 01-26 04-04 05-28 10-03
2010 02-14 04-05 06-16 09-22
2011 02-03 04-05 06-06 09-12
2012 01-23 04-04 06-23 09-30
2013 02-10 04-04 06-12 09-19
2014 01-31 04-05 06-02 09-08
2015 02-19 04-05 06-20 09-27
2016 02-08 04-04 06-09 09-15
2017 01-28 04-04 05-30 10-04
2018 02-16 04-05 06-18 09-24
2019 02-05 04-05 06-07 09-13
2020 01-25 04-04 06-25 10-01
2021 02-12 04-04 06-14 09-21
2022 02-01 04-05 06-03 09-10
2023 01-22 04-05 06-22 09-29
2024 02-10 04-04 06-10 09-17
2025 01-29 04-04 05-31 10-06
2026 02-17 04-05 06-19 09-25
2027 02-06 04-05 06-09 09-15
2028 01-26 04-04 05-28 10-03
2029 02-13 04-04 06-16 09-22
2030 02-03 04-05 06-05 09-12
2031 01-23 04-05 06-24 10-01
2032 02-11 04-04 06-12 09-19
2033 01-31 04-04 06-01 09-08
2034 02-19 04-05 06-20 09-27
2035 02-08 04-05 06-10 09-16
2036 01-28 04-04 05-30 10-04
2037 02-15 04-04 06-18 09-24
2038 02-04 04-05 06-07 09-13
2039 01-24 04-05 05-27 10-02
2040 02-12 04-04 06-14 09-20
2041 02-01 04-04 06-03 09-10
2042 01-22 04-04 06-22 09-28
2043 02-10 04-05 06-11 09-17
2044 01-30 04-04 05-31 10-05
2045 02-17 04-04 06-19 09-25
2046 02-06 04-04 06-08 09-15
2047 01-26 04-05 05-29 10-04
2048 02-14 04-04 06-15 09-22
2049 02-02 04-04 06-04 09-11
2050 01-23 04-04 06-23 09-30
2051 02-11 04-05 06-13 09-19
2052 02-01 04-04 06-01 09-07
2053 02-19 04-04 06-20 09-26
2054 02-08 04-04 06-10 09-16
2055 01-28 04-05 05-30 10-05
2056 02-15 04-04 06-17 09-24
2057 02-04 04-04 06-06 09-13
2058 01-24 04-04 06-25 10-02
2059 02-12 04-05 06-14 09-21
2060 02-02 04-04 06-03 09-09
2061 01-21 04-04 06-22 09-28
2062 02-09 04-04 06-11 09-17
2063 01-29 04-05 06-01 10-06
2064 02-17 04-04 06-19 09-25
2065 02-05 04-04 06-08 09-15
2066 01-26 04-04 05-28 10-03
2067 02-14 04-05 06-16 09-23
2068 02-03 04-04 06-04 09-11
2069 01-23 04-04 06-23 09-29
2070 02-11 04-04 06-13 09-19
2071 01-31 04-05 06-02 09-08
2072 02-19 04-04 06-20 09-26
2073 02-07 04-04 06-10 09-16
2074 01-27 04-04 05-30 10-05
2075 02-15 04-04 06-17 09-24
2076 02-05 04-04 06-06 09-12
2077 01-24 04-04 06-24 10-01
2078 02-12 04-04 06-14 09-20
2079 02-02 04-04 06-04 09-10
2080 01-22 04-04 06-22 09-28
2081 02-09 04-04 06-11 09-17
2082 01-29 04-04 06-01 10-06
2083 02-17 04-04 06-19 09-26
2084 02-06 04-04 06-07 09-14
2085 01-26 04-04 05-27 10-03
2086 02-14 04-04 06-15 09-22
2087 02-03 04-04 06-05 09-11
2088 01-24 04-04 06-23 09-29
2089 02-10 04-04 06-13 09-18
2090 01-30 04-04 06-02 09-08
2091 02-18 04-04 06-21 09-27
2092 02-07 04-04 06-09 09-16
2093 01-27 04-04 05-29 10-05
2094 02-15 04-04 06-17 09-24
2095 02-05 04-04 06-06 09-13
2096 01-25 04-04 06-24 09-30
2097 02-12 04-04 06-14 09-20
2098 02-01 04-04 06-04 09-09
2099 01-21 04-04 06-23 09-29
"""


class StatutoryDay(NamedTuple):
    """A day that is off by law, and its holiday."""

    on: date
    holiday: str


class _Moving(NamedTuple):
    spring: date
    qingming: date
    dragon_boat: date
    mid_autumn: date


def _read() -> dict[int, _Moving]:
    words = [line.split() for line in _MOVING.split("\n") if line]
    return {int(year): _Moving(*(date.fromisoformat(f"{year}-{day}") for day in days)) for year, *days in words}


_MOVING_OF: Final[Mapping[int, _Moving]] = MappingProxyType(_read())
FIRST_YEAR: Final = min(_MOVING_OF)
LAST_YEAR: Final = max(_MOVING_OF)
# Days that the State Council added in single years, each by a day that shows it: in 2015 the 4th of September beside the
# 3rd; in 2020 the 31st of January and the make-up Saturday of 1 February that was not worked after all. That notice
# (国办发明电〔2020〕1号) also declared Monday, 3 February, a working day.
_ADDED: Final[Mapping[date, int]] = MappingProxyType({date(2015, 9, 4): 1, date(2020, 1, 31): 2})
_DECLARED_WORKED: Final = frozenset({date(2020, 2, 3)})
_REVISED_2008: Final = 2008
_REVISED_2014: Final = 2014
_REVISED_2025: Final = 2025


@cache
def statutory_days(year: int) -> tuple[StatutoryDay, ...]:
    """The days that are off by law in a year from FIRST_YEAR to LAST_YEAR, in order; a day of two holidays is listed twice."""
    moving = _MOVING_OF[year]
    days = [(NEW_YEAR, date(year, 1, 1)), *((SPRING, moving.spring + timedelta(n)) for n in _spring(year))]
    days += [(LABOUR, date(year, 5, number)) for number in _labour(year)]
    days += [(NATIONAL, date(year, 10, number)) for number in (1, 2, 3)]
    if year >= _REVISED_2008:
        days += [(QINGMING, moving.qingming), (DRAGON_BOAT, moving.dragon_boat), (MID_AUTUMN, moving.mid_autumn)]
    return tuple(sorted(StatutoryDay(on, holiday) for holiday, on in days))


def law_days(years: Iterable[int]) -> dict[date, str]:
    """Each day that is off by law in these years, with its holiday; a day of two holidays has both names (S1.1.4a).

    They are known before a year's notice, which only moves days around them. A year outside of FIRST_YEAR to LAST_YEAR has
    none here.
    """
    days: dict[date, str] = {}
    for year in years:
        for on, holiday in statutory_days(year) if FIRST_YEAR <= year <= LAST_YEAR else ():
            days[on] = f"{days[on]}、{holiday}" if on in days else holiday
    return days


def days_given(year: int, off: Container[date]) -> int:
    """How many days a year's notice makes off: those of the law, and the added ones if `off` shows that they were added."""
    added = sum(days for day, days in _ADDED.items() if day.year == year and day in off)
    return len(statutory_days(year)) + added


def is_declared_worked(day: date) -> bool:
    """Whether a notice declared this weekday a working day; this happened once, in 2020."""
    return day in _DECLARED_WORKED


def _spring(year: int) -> range:
    """The days of the Spring Festival, counted from the first day of the first lunar month: 除夕 is day -1."""
    if year >= _REVISED_2025:
        return range(-1, 3)
    return range(-1, 2) if _REVISED_2008 <= year < _REVISED_2014 else range(3)


def _labour(year: int) -> tuple[int, ...]:
    if year >= _REVISED_2025:
        return (1, 2)
    return (1,) if year >= _REVISED_2008 else (1, 2, 3)


def holidays_named(name: str) -> tuple[str, ...]:
    """The statutory holidays that a name means: two for 「国庆节、中秋节」, none for a commemoration of one year only."""
    return tuple(holiday for holiday, words in _CALLED.items() if any(word in name for word in words))
