"""The service's metadata with the kernel's tables."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date
from sqlalchemy.orm import DeclarativeBase

from shared.db import TYPES, new_metadata
from shared.db.kernel_v3 import identify_parked


class Record(DeclarativeBase):
    """The service's metadata with the kernel's tables."""

    metadata = new_metadata()
    type_annotation_map = {**TYPES, date: Date()}  # noqa: RUF012 - the declarative mapping's own form


identify_parked(Record.metadata)
