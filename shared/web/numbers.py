"""Numbers as JSON and as older systems write them: 3, 3.0 or "3"; each type publishes what it reads."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticKnownError

WHOLE_FORM: Final = "^[0-9]{1,15}$"
_WHOLE: Final = re.compile(WHOLE_FORM.strip("^$"))
_DEGREES: Final = r"([0-9]|[1-9][0-9]|1[0-7][0-9])(\.[0-9]{1,15})?"
LONGITUDE_FORM: Final = rf"^-?({_DEGREES}|180(\.0{{1,15}})?)$"
LATITUDE_FORM: Final = r"^-?(([0-9]|[1-8][0-9])(\.[0-9]{1,15})?|90(\.0{1,15})?)$"
_DECIMAL: Final = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,15})?")


def _whole(value: Any) -> Any:
    """An integer as JSON and the platforms write it: 3, 3.0 or "3"."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticKnownError("int_type")
    return value


def _decimal(value: Any) -> Any:
    """A number, also as text: 121.4 or "121.4"."""
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise PydanticKnownError("float_type")
    return value


def _degrees(most: int, form: str) -> Any:
    number: dict[str, Any] = {"type": "number", "minimum": -most, "maximum": most}
    return WithJsonSchema({"anyOf": [number, {"type": "string", "pattern": form}]})


Longitude = Annotated[
    float, BeforeValidator(_decimal), Field(ge=-180, le=180, allow_inf_nan=False), _degrees(180, LONGITUDE_FORM)
]
Latitude = Annotated[
    float, BeforeValidator(_decimal), Field(ge=-90, le=90, allow_inf_nan=False), _degrees(90, LATITUDE_FORM)
]
LIMIT_FORM: Final = "^(0{0,11}[0-9]{1,4}|0{0,10}10000)$"
TimeLimit = Annotated[
    int,
    BeforeValidator(_whole),
    Field(ge=0, le=10_000),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": 10_000},
                {"type": "string", "pattern": LIMIT_FORM},
            ]
        }
    ),
]
"""So many days or hours: 3 or "3"."""
Revision = Annotated[
    int,
    BeforeValidator(_whole),
    Field(ge=0, lt=2**53),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": 2**53 - 1},
                {"type": "string", "pattern": WHOLE_FORM},
            ]
        }
    ),
]
"""A platform's number of an order's revision, which grows with every change: 3 or "3"."""
