"""Writing the orders of a list into a file, page by page."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Final

from xlsxwriter import Workbook

from services.dispatch.directory.store import names_of_units
from services.dispatch.exporting.policy import MOST_ROWS, PAGE
from services.dispatch.exporting.rules import csv_lines, plain_text
from services.dispatch.orders import store
from services.dispatch.orders.model import Today, Wanted
from services.dispatch.orders.schemas import OrderOut, order_out
from shared.access import Scope
from shared.calendar import local_text
from shared.identity import Person
from shared.work import Works

_BLOCK: Final = 64 * 1024

URGENT_TITLES: Final[Mapping[str, str]] = {"policy": "政策咨询", "livelihood": "民生紧急", "safety": "安全紧急"}
STATE_TITLES: Final[Mapping[str, str]] = {"running": "计时中", "provisional": "暂定", "overdue": "已超期"}

UnitNames = Mapping[str, str]
Cell = Callable[[OrderOut, UnitNames], str]


def _moment(at: datetime | None) -> str:
    return "" if at is None else local_text(at)


def _unit(code: str | None, names: UnitNames) -> str:
    return "" if code is None else names.get(code, code)


COLUMNS: Final[Mapping[str, Cell]] = {
    "上级平台工单编号": lambda order, _: order.platform_no,
    "平台代码": lambda order, _: order.platform,
    "诉求标题": lambda order, _: order.title or "",
    "诉求类别": lambda order, _: order.category,
    "紧急类别": lambda order, _: "、".join(URGENT_TITLES.get(one, one) for one in order.urgent),
    "街道": lambda order, _: order.street or "",
    "状态": lambda order, _: order.status_title,
    "承办单位": lambda order, names: _unit(order.unit, names),
    "首接单位": lambda order, names: _unit(order.first_unit, names),
    "接收时间": lambda order, _: _moment(order.received_at),
    "交办时间": lambda order, _: _moment(order.assigned_at),
    "最紧迫时限": lambda order, _: "" if order.clock is None else order.clock.title,
    "截止时刻": lambda order, _: _moment(order.due_at),
    "时限状态": lambda order, _: "" if order.clock is None else STATE_TITLES[order.clock.state],
    "承诺再次联系": lambda order, _: _moment(order.promised_at),
    "回退次数": lambda order, _: str(order.returns),
    "重办次数": lambda order, _: str(order.redos),
    "催办次数": lambda order, _: str(order.urges),
    "办结时间": lambda order, _: _moment(order.ended_at),
    "本平台编号": lambda order, _: order.order_id,
}


def cells_of(order: OrderOut, names: UnitNames) -> list[str]:
    """One row: what the list shows, as people read it."""
    return [cell(order, names) for cell in COLUMNS.values()]


@dataclass(frozen=True, slots=True)
class Export:
    """Which orders, and for whom."""

    works: Works
    person: Person
    scope: Scope
    wanted: Wanted
    today: Today
    total: int
    """How many there are; one more than MOST_ROWS stands for more."""
    _header: list[str] = field(default_factory=lambda: list(COLUMNS))

    @property
    def last_words(self) -> list[list[str]]:
        """The last row: when the file does not have all orders, it says so."""
        if self.total <= MOST_ROWS:
            return []
        return [[f"仅导出前 {MOST_ROWS} 件，尚有未导出的工单；请缩小筛选范围（如按接收时间分段）后再次导出"]]

    async def pages(self) -> AsyncIterator[list[list[str]]]:
        """The header, the rows, and the last words.

        Each page is read in a session of its own: a slow reader of the file keeps no connection.
        """
        yield [self._header]
        cursor, left = None, MOST_ROWS
        while left:
            async with self.works.read(self.person) as session:
                names = await names_of_units(session)
                page = await store.orders_waiting(
                    session, self.scope, self.wanted, today=self.today, cursor=cursor, limit=min(PAGE, left)
                )
                sights = await store.sights_of(session, self.works.sealer, self.scope, page.rows)
            yield [
                cells_of(order_out(self.works.sealer, record, sights[record.order_id], self.today.now), names)
                for record in page.rows
            ]
            left -= len(page.rows)
            cursor = page.next
            if cursor is None:
                break
        yield self.last_words


async def as_csv(export: Export) -> AsyncIterator[bytes]:
    """CSV in UTF-8 with the mark by which office programs know it."""
    yield b"\xef\xbb\xbf"
    async for rows in export.pages():
        yield csv_lines(rows)


async def as_xlsx(export: Export) -> AsyncIterator[bytes]:
    """A workbook with one sheet; it is written into a file of the machine, row by row, and then sent."""
    with tempfile.TemporaryFile() as written:
        sheet = _Sheet(written)
        try:
            async for rows in export.pages():
                await asyncio.to_thread(sheet.add, rows)
        finally:
            await asyncio.to_thread(sheet.close)
        written.seek(0)
        while block := await asyncio.to_thread(written.read, _BLOCK):
            yield block


class _Sheet:
    """A workbook that keeps one row in memory.  Every cell is a text: neither a formula nor a link."""

    def __init__(self, written: IO[bytes]) -> None:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = Workbook(written, options)
        self._sheet = self._book.add_worksheet("工单")
        self._sheet.freeze_panes(1, 1)
        self._sheet.set_column(0, len(COLUMNS) - 1, 18)
        self._next = 0

    def add(self, rows: Sequence[Sequence[str]]) -> None:
        for row in rows:
            for column, cell in enumerate(row):
                self._sheet.write_string(self._next, column, plain_text(cell))
            self._next += 1

    def close(self) -> None:
        self._book.close()
