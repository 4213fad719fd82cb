"""The declarative base of dispatch's rows, with the service's one MetaData."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlalchemy import Date, Enum
from sqlalchemy.orm import DeclarativeBase

from shared.db import TYPES, new_metadata
from shared.db.kernel_v2 import add_followed_calendar
from shared.db.kernel_v3 import identify_parked

_LONGEST_STATE = 32


class Record(DeclarativeBase):
    """The base of every row of dispatch; its metadata has the kernel's tables too."""

    metadata = new_metadata()
    type_annotation_map = {**TYPES, date: Date()}  # noqa: RUF012 - the declarative mapping's own form


add_followed_calendar(Record.metadata)
identify_parked(Record.metadata)


def stored_as_text(states: type[StrEnum]) -> Enum:
    """The column type of a state: the member in Python, its value as text in the database."""
    return Enum(
        states,
        native_enum=False,
        length=_LONGEST_STATE,
        values_callable=lambda kind: [member.value for member in kind],
    )


def one_of(column: str, *values: str) -> str:
    """The condition of a check constraint: the column has one of these values."""
    return f"{column} in ({', '.join(repr(str(value)) for value in values)})"
