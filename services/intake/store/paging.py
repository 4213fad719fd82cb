"""Where a listing goes on: behind a moment and an id, newest first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute

Position = tuple[datetime, str]


def behind(
    moment: InstrumentedAttribute[datetime], id: InstrumentedAttribute[Any], after: Position
) -> ColumnElement[bool]:
    """The rows that come after this position when the newest is first."""
    return tuple_(moment, id) < tuple_(literal(after[0], moment.type), literal(after[1], id.type))
