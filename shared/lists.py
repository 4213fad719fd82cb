"""Lists by key and not by offset: stable while rows are added, and as fast on the last page as on the first."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, Uuid, func, literal, select, tuple_
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from shared.web.paging import BadCursor, cursor_of, position_of

Row = TypeVar("Row")

COUNTED_EXACTLY: Final = 10_000
"""Up to so many rows are counted; beyond that the planner's estimate is shown, because counting takes seconds."""


@dataclass(frozen=True, slots=True)
class Listed(Generic[Row]):
    """A part of a list, and the cursor of the next one; None at the end."""

    rows: Sequence[Row]
    next: str | None


class Keyset:
    """The columns that sort a list and together name one row of it; all ascending, or all descending.

    The one form of a cursor: the values of these columns in the last row that was shown.
    """

    def __init__(self, *columns: Any, descending: bool = False) -> None:
        self._columns: tuple[ColumnElement[Any], ...] = columns
        self._descending = descending
        self._kinds = [_Kind.of(column) for column in columns]

    async def page(self, session: AsyncSession, query: Select[Any], *, cursor: str | None, limit: int) -> Listed[Any]:
        """At most `limit` rows of `query` behind the cursor, in the list's sequence; BadCursor when it is none of ours."""
        if cursor is not None:
            query = query.where(self._behind(cursor))
        sequence = [column.desc() if self._descending else column for column in self._columns]
        result = await session.execute(query.order_by(*sequence).limit(limit + 1))
        rows: Sequence[Any] = result.scalars().all() if len(query.column_descriptions) == 1 else result.all()
        more = len(rows) > limit
        return Listed(rows[:limit], self._cursor_at(rows[limit - 1]) if more else None)

    def _behind(self, cursor: str) -> ColumnElement[bool]:
        position = position_of(cursor, *(kind.written for kind in self._kinds))
        if position is None:
            raise BadCursor
        values = [
            literal(kind.read(part), column.type)
            for kind, column, part in zip(self._kinds, self._columns, position, strict=True)
        ]
        row, place = tuple_(*self._columns), tuple_(*values)
        return row < place if self._descending else row > place

    def _cursor_at(self, row: Any) -> str:
        values = [getattr(row, str(column.key)) for column in self._columns]
        return cursor_of(*(kind.write(value) for kind, value in zip(self._kinds, values, strict=True)))


@dataclass(frozen=True, slots=True)
class Counted:
    """How many rows there are; `exact` is False when the planner estimated them."""

    number: int
    exact: bool = True


async def counted(session: AsyncSession, query: Select[Any]) -> Counted:
    """How many rows `query` has: counted to COUNTED_EXACTLY, estimated beyond."""
    some = query.order_by(None).limit(COUNTED_EXACTLY + 1).subquery()
    number = int(await session.scalar(select(func.count()).select_from(some)) or 0)
    if number <= COUNTED_EXACTLY:
        return Counted(number)
    connection = await session.connection()
    compiled = query.order_by(None).compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})  # type: ignore[no-untyped-call]
    plan = await connection.exec_driver_sql(f"explain (format json) {compiled}")
    estimated = int(plan.scalar_one()[0]["Plan"]["Plan Rows"])
    return Counted(max(estimated, COUNTED_EXACTLY + 1), exact=False)


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a column's value stands in a cursor."""

    written: type
    write: Callable[[Any], str | int]
    read: Callable[[Any], Any]

    @staticmethod
    def of(column: ColumnElement[Any]) -> _Kind:
        if isinstance(column.type, Uuid) and not column.type.as_uuid:
            return _UUID_AS_TEXT
        return _KINDS.get(column.type.python_type, _TEXT)


def _moment(text: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise BadCursor
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        raise BadCursor from fault


def _uuid(text: Any) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as fault:
        raise BadCursor from fault


_TEXT: Final = _Kind(str, str, str)
_UUID_AS_TEXT: Final = _Kind(str, str, lambda text: str(_uuid(text)))
_KINDS: Final[Mapping[type, _Kind]] = {
    int: _Kind(int, int, int),
    datetime: _Kind(str, lambda moment: str(moment.isoformat()), _moment),
    uuid.UUID: _Kind(str, str, _uuid),
}
