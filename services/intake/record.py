"""The base of intake's records, with its one MetaData."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import DeclarativeBase

from shared.db import TYPES, new_metadata
from shared.db.kernel import add_followed_unit, add_order_part

ID = UUID(as_uuid=False)
"""The type of every id column."""


class Record(DeclarativeBase):
    """The service's metadata with the kernel's tables."""

    metadata = new_metadata()
    type_annotation_map = TYPES


add_order_part(Record.metadata)
add_followed_unit(Record.metadata)
