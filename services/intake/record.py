"""The base of intake's records, with its one MetaData, and how a state is stored."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Enum
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import DeclarativeBase

from shared.db import TYPES, new_metadata
from shared.db.kernel_v3 import identify_parked

ID = UUID(as_uuid=False)
"""The type of every id column."""


class Record(DeclarativeBase):
    """The service's metadata with the kernel's tables."""

    metadata = new_metadata()
    type_annotation_map = TYPES


identify_parked(Record.metadata)


def state_type(states: type[StrEnum]) -> Enum:
    """A state as text in its column; the table's own check names the values that are allowed."""
    return Enum(
        states,
        native_enum=False,
        create_constraint=False,
        length=32,
        values_callable=lambda known: [state.value for state in known],
    )
