"""Rows of orders that a unit of work locks or reads, once each, however many events are applied in it.

A service declares what its handlers ask for by order (`Service.rows`).  Before a batch of events is applied, the kernel
reads these rows for all its orders, one statement for each declaration; a command reads them when it asks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

from sqlalchemy import ColumnElement, Select, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

Row = TypeVar("Row")

_IDS: Final = "order_ids"
_ID: Final = "one_order_id"


@dataclass(frozen=True, slots=True)
class RowsOfOrder:
    """The rows of a record that belong to one order.

    `by` is the column with the order's id, `sequence` the columns that sort the rows of one order, `where` leaves rows
    out, `lock` says whether they stay locked until the end of the transaction.  Rows are always locked by order id, so
    that two transactions never wait for each other in a circle.
    """

    record: type[Any]
    by: InstrumentedAttribute[Any]
    sequence: tuple[Any, ...] = ()
    where: ColumnElement[bool] | None = None
    lock: bool = True
    _queries: dict[bool, Select[Any]] = field(default_factory=dict, compare=False, repr=False)

    async def read(self, session: AsyncSession, order_ids: Sequence[str]) -> Iterable[Any]:
        """The rows of these orders, locked if the declaration says so.

        One order is read by a statement of its own: PostgreSQL keeps its plan, while it plans one with an array each time
        anew, which takes longer than reading the row.
        """
        if len(order_ids) == 1:
            return await session.scalars(self._query(many=False), {_ID: order_ids[0]})
        return await session.scalars(self._query(many=True), {_IDS: order_ids})

    def _query(self, *, many: bool) -> Select[Any]:
        """Built once, because building it takes longer than running it."""
        if many not in self._queries:
            one, ids = bindparam(_ID, type_=self.by.type), bindparam(_IDS, type_=ARRAY(self.by.type))
            query = select(self.record).where(self.by == any_(ids) if many else self.by == one)
            query = query.order_by(self.by, *self.sequence)
            if self.where is not None:
                query = query.where(self.where)
            self._queries[many] = query.with_for_update() if self.lock else query
        return self._queries[many]


class HeldRows:
    """What one unit of work has read of its orders."""

    def __init__(self, declared: Sequence[RowsOfOrder], session: AsyncSession) -> None:
        self._declared = {one.record: one for one in declared}
        self._session = session
        self._rows: dict[type[Any], dict[str, list[Any]]] = {one.record: {} for one in declared}

    async def read(self, order_ids: Collection[str]) -> None:
        """Read and lock everything that is declared for these orders, a statement for each declaration."""
        for record in self._declared:
            await self._fetch(record, order_ids)

    async def of(self, record: type[Row], order_id: str) -> list[Row]:
        """The order's rows, read and locked unless this unit of work has read them already."""
        known = self._rows[record]
        if order_id not in known:
            await self._fetch(record, [order_id])
        return cast("list[Row]", known[order_id])

    def add(self, row: Any) -> None:
        """Add a new row: it is written at the next flush, and `of` returns it from now on."""
        declared = self._declared[type(row)]
        self._session.add(row)
        known = self._rows[declared.record]
        order_id = getattr(row, declared.by.key)
        if order_id in known:
            known[order_id].append(row)

    def forget(self, record: type[Any], order_ids: Collection[str]) -> None:
        """Read these rows again when they are asked for next: a statement has changed them outside the session."""
        for order_id in order_ids:
            self._rows[record].pop(order_id, None)

    async def _fetch(self, record: type[Any], order_ids: Collection[str]) -> None:
        declared, known = self._declared[record], self._rows[record]
        found: dict[str, list[Any]] = {order_id: [] for order_id in sorted(set(order_ids) - known.keys())}
        if not found:
            return
        for row in await declared.read(self._session, list(found)):
            found[getattr(row, declared.by.key)].append(row)
        known.update(found)
