"""Field types that refuse control characters, text without a limit, dates far from now and unknown fields."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Strict, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

# Tab, line feed and carriage return are text; the other control characters break exports and logs (R48), and NUL
# cannot be stored at all.
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_BREAK: Final = re.compile("[\t\r\n]")
# The same as patterns for the OpenAPI document; at least one character must not be blank.
_CONTROLS: Final = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff"


def _day_of(years: str, leap_years: str) -> str:
    """Every day that there is in these years, so that a value which fits the pattern is never refused for its date."""
    long, short = "(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])", "(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    return f"({years}-({long}|{short}|02-(0[1-9]|1[0-9]|2[0-8]))|{leap_years}-02-29)"


_DAY: Final = _day_of("20[0-9]{2}", "20([02468][048]|[13579][26])")
DAY_PATTERN: Final = f"^{_day_of('20(0[1-9]|[1-9][0-9])', '20(0[48]|[2468][048]|[13579][26])')}$"
"""A day from 2001 to 2099: JSON Schema has no bounds for dates."""
_TIME: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
_OFFSET: Final = "(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])"
MOMENT_PATTERN: Final = f"^{_DAY}T{_TIME}{_OFFSET}$"
"""How a moment with its offset is written: `2026-11-23T09:00:00+08:00`."""
LOCAL_MOMENT_PATTERN: Final = f"^{_DAY}[ T]{_TIME}{_OFFSET}?$"
"""The same, where a moment without an offset is meant in local time: `2026-11-23 09:00:00`."""
_IN_TEXT: Final = f"^[^{_CONTROLS}]*[^{_CONTROLS}\\s][^{_CONTROLS}]*$"
_IN_LINE: Final = f"^[^{_CONTROLS}\\t\\r\\n]*[^{_CONTROLS}\\s][^{_CONTROLS}\\t\\r\\n]*$"
YEARS: Final = range(2000, 2100)
"""The years that a moment may have, as it is written; its moment in UTC may lie hours outside of them."""


def _text(value: str) -> str:
    # Printable text holds none of them; the pattern decides the rest (a line feed, an ideographic space).
    if not value.isprintable() and _CONTROL.search(value):
        raise PydanticCustomError("control_character", "含有控制字符，请删除后重新提交")
    return value


def _line(value: str) -> str:
    if value.isprintable():
        return value
    if _BREAK.search(value):
        raise PydanticCustomError("line_break", "不能换行")
    return _text(value)


def _sane(value: datetime) -> datetime:
    # The year as it is written, because that is what the published pattern can say; the conversion is safe with it.
    if value.year in YEARS:
        return value.astimezone(UTC)
    raise PydanticCustomError("absurd_date", "日期应在 2000 年至 2099 年之间")


Identifier = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
]
"""A UUID in its lower-case form: orders, replies, clocks."""
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""A short machine name: a unit's code, an account."""
Line = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, strip_whitespace=True),
    AfterValidator(_line),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 200, "pattern": _IN_LINE}),
]
"""One line of text, 1 to 200 characters."""
Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=10_000, strip_whitespace=True),
    AfterValidator(_text),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 10_000, "pattern": _IN_TEXT}),
]
"""Text of several lines, 1 to 10,000 characters."""
YesNo = Annotated[bool, Strict()]
"""true or false only; by default pydantic also accepts 1, "on" and "y"."""
SaneMoment = Annotated[
    AwareDatetime,
    AfterValidator(_sane),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": MOMENT_PATTERN}),
]
"""A moment with its offset, written with a year from 2000 to 2099; UTC inside."""
PastMoment = SaneMoment
"""The same; a rule, which has the clock, checks that it lies before now."""


class Body(BaseModel):
    """A request's body: unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
