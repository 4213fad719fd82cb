"""Where a page of clocks or requests goes on: a moment and an id."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.sla.errors import BadPosition
from shared.web import cursor_of, position_of


def moment_position(cursor: str | None) -> tuple[datetime, UUID] | None:
    """The position that a cursor stands for; BadPosition when it is none of ours."""
    found = position_of(cursor, str, str)
    if found is None:
        return None
    try:
        at, row_id = datetime.fromisoformat(str(found[0])), UUID(str(found[1]))
    except ValueError:
        raise BadPosition from None
    if at.tzinfo is None:
        raise BadPosition
    return at, row_id


def moment_cursor(at: datetime, row_id: UUID) -> str:
    """The cursor of a position."""
    return cursor_of(at.isoformat(), str(row_id))
