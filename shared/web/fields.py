"""Field types that refuse control characters, text without a limit, dates far from now and unknown fields."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Strict, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError, PydanticKnownError

# Tab, line feed and carriage return are text; the other control characters break exports and logs (R48), and NUL
# cannot be stored at all.
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_BREAK: Final = re.compile("[\t\r\n]")
# The same as patterns for the OpenAPI document; at least one character must be seen.
_CONTROLS: Final = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff"
_INNER_SPACES: Final = r" \xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
SPACES: Final = rf"\t-\r\x85\u2028\u2029{_INNER_SPACES}"
"""What is removed at both ends of a text, as a class of a pattern: blanks and breaks of every kind."""
_UNSEEN: Final = (
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
)
"""Characters that are no control characters and show nothing: a text of them alone says nothing."""
_SEEN: Final = re.compile(f"[^{_UNSEEN}{SPACES}]")


def _day_of(years: str, leap_years: str) -> str:
    """Every day that there is in these years, so that a value which fits the pattern is never refused for its date."""
    long, short = "(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])", "(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    return f"({years}-({long}|{short}|02-(0[1-9]|1[0-9]|2[0-8]))|{leap_years}-02-29)"


_DAY: Final = _day_of("20[0-9]{2}", "20([02468][048]|[13579][26])")
DAY_PATTERN: Final = f"^{_day_of('20(0[1-9]|[1-9][0-9])', '20(0[48]|[2468][048]|[13579][26])')}$"
"""A day from 2001 to 2099: JSON Schema has no bounds for dates."""
TIME_FORM: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
OFFSET_FORM: Final = "(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])"
MOMENT_PATTERN: Final = f"^{_DAY}T{TIME_FORM}{OFFSET_FORM}$"
"""How a moment with its offset is written: `2026-11-23T09:00:00+08:00`."""
LOCAL_MOMENT_PATTERN: Final = f"^{_DAY}[ T]{TIME_FORM}{OFFSET_FORM}?$"
"""The same, where a moment without an offset is meant in local time: `2026-11-23 09:00:00`."""


def _said(no: str) -> str:
    """A text in which something is seen, without `no`; blanks and breaks at its ends are removed before it is read."""
    unseen = f"[{_UNSEEN}{_INNER_SPACES}]*" if no != _CONTROLS else f"[\\t\\r\\n{_UNSEEN}{_INNER_SPACES}]*"
    return f"^[{SPACES}]*{unseen}[^{no}{_UNSEEN}{SPACES}][^{no}]*[{SPACES}]*$"


TEXT_PATTERN: Final = _said(_CONTROLS)
LINE_PATTERN: Final = _said(rf"{_CONTROLS}\t\r\n")
YEARS: Final = range(2000, 2100)
"""The years that a moment may have, as it is written; its moment in UTC may lie hours outside of them."""


def _text(value: str) -> str:
    # Printable text holds none of them; the pattern decides the rest (a line feed, an ideographic space).
    if not value.isprintable() and _CONTROL.search(value):
        raise PydanticCustomError("control_character", "含有控制字符，请删除后重新提交")
    if not _SEEN.search(value):
        raise PydanticKnownError("string_too_short", {"min_length": 1})
    return value


def _line(value: str) -> str:
    if not value.isprintable() and _BREAK.search(value):
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
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 200, "pattern": LINE_PATTERN}),
]
"""One line of text, 1 to 200 characters."""
Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=10_000, strip_whitespace=True),
    AfterValidator(_text),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 10_000, "pattern": TEXT_PATTERN}),
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


def needed(*names: str) -> Callable[[dict[str, Any]], None]:
    """For `json_schema_extra`: publish these fields as required, though a rule and not the schema refuses what is missing.

    The rule answers with its own code, its clause and everything that is missing at once.
    """

    def publish(schema: dict[str, Any]) -> None:
        for name in names:
            field = schema["properties"][name]
            field.pop("default", None)
            variants = [each for each in field.pop("anyOf", ()) if each != {"type": "null"}]
            field |= variants[0] if len(variants) == 1 else {"anyOf": variants} if variants else {}
        schema["required"] = [name for name in schema["properties"] if name in {*names, *schema.get("required", ())}]

    return publish


class Body(BaseModel):
    """A request's body: unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
