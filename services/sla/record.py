"""The declarative base with the service's one MetaData, the kernel's tables in it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date
from sqlalchemy.orm import DeclarativeBase

from shared.db import TYPES, new_metadata
from shared.db.kernel import add_confidential_order, add_followed_unit, add_order_part


class Record(DeclarativeBase):
    """The service's metadata with the kernel's tables."""

    metadata = new_metadata()
    type_annotation_map = {**TYPES, date: Date()}  # noqa: RUF012 - the declarative mapping's own form


add_followed_unit(Record.metadata)
add_order_part(Record.metadata)
add_confidential_order(Record.metadata)
