"""The declarative base of analytics' tables, with the service's one MetaData."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date
from sqlalchemy.orm import DeclarativeBase

from shared.db import TYPES, new_metadata


class Record(DeclarativeBase):
    """The service's metadata with the kernel's tables."""

    metadata = new_metadata()
    type_annotation_map = {**TYPES, date: Date()}  # noqa: RUF012 - the declarative mapping's own form
