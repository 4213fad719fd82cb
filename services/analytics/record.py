"""The declarative base of analytics' tables, with the service's one MetaData."""

from __future__ import annotations

import enum
from datetime import date
from typing import Final, Literal

from sqlalchemy import Date, Enum
from sqlalchemy.orm import DeclarativeBase

from shared.db import TYPES, new_metadata
from shared.db.kernel_v3 import identify_parked

_STORED_BY_VALUE: Final = Enum(
    enum.Enum, native_enum=False, length=None, values_callable=lambda kind: [member.value for member in kind]
)


class Record(DeclarativeBase):
    """The service's metadata with the kernel's tables."""

    metadata = new_metadata()
    # A column of an enumeration, or of a Literal, is text in the database and the member in Python.
    type_annotation_map = {**TYPES, date: Date(), enum.StrEnum: _STORED_BY_VALUE, Literal: _STORED_BY_VALUE}  # noqa: RUF012 - the declarative mapping's own form


identify_parked(Record.metadata)
