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
_IN_MOMENT: Final = (
    r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(\.[0-9]{1,6})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$"
)
_IN_TEXT: Final = f"^[^{_CONTROLS}]*[^{_CONTROLS}\\s][^{_CONTROLS}]*$"
_IN_LINE: Final = f"^[^{_CONTROLS}\\t\\r\\n]*[^{_CONTROLS}\\s][^{_CONTROLS}\\t\\r\\n]*$"
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)


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
    # Comparing moments of one zone is fast, of two zones slow. The year is checked first, so that the conversion is safe.
    if EARLIEST.year - 1 <= value.year <= LATEST.year:
        moment = value.astimezone(UTC)
        if EARLIEST <= moment < LATEST:
            return moment
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
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": _IN_MOMENT}),
]
"""A moment with its offset, between 2000 and 2099; UTC inside."""
PastMoment = SaneMoment
"""The same; a rule, which has the clock, checks that it lies before now."""


class Body(BaseModel):
    """A request's body: unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
