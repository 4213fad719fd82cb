"""The declarative base of review's tables, with the service's one MetaData."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase

from shared.db import TYPES, new_metadata
from shared.db.kernel import add_confidential_order, add_order_part


class Record(DeclarativeBase):
    """The service's metadata with the kernel's tables."""

    metadata = new_metadata()
    type_annotation_map = TYPES


add_order_part(Record.metadata)
add_confidential_order(Record.metadata)
