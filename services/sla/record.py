"""The declarative base with the service's one MetaData, the kernel's tables in it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Final

from sqlalchemy import Date, Enum
from sqlalchemy.orm import DeclarativeBase

from shared.db import TYPES, new_metadata
from shared.db.kernel_v3 import identify_parked

STATE_LENGTH: Final = 16


class Record(DeclarativeBase):
    """The service's metadata with the kernel's tables."""

    metadata = new_metadata()
    type_annotation_map = {**TYPES, date: Date()}  # noqa: RUF012 - the declarative mapping's own form


identify_parked(Record.metadata)


def one_of(kind: type[StrEnum]) -> Enum:
    """The type of a column that holds one of these values as its text; a check of the table names them."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=STATE_LENGTH,
        values_callable=lambda members: [member.value for member in members],
    )
