"""Rows of an order: read once in a unit of work, for a batch at once, and found again when they are new."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.db import sqlalchemy_url
from shared.reading_ahead import HeldRows, RowsOfOrder


class Base(DeclarativeBase):
    pass


class Head(Base):
    __tablename__ = "head"

    order_id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]


class Line(Base):
    __tablename__ = "line"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[str]
    open: Mapped[bool]


DECLARED = (
    RowsOfOrder(Head, by=Head.order_id),
    RowsOfOrder(Line, by=Line.order_id, sequence=(Line.id.desc(),), where=Line.open.is_(True), lock=False),
)


@pytest_asyncio.fixture(loop_scope="session")
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(sqlalchemy_url(database))
    async with made.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with async_sessionmaker(made)() as session, session.begin():
        session.add_all([Head(order_id=key, state="new") for key in "abc"])
        session.add_all([Line(id=n, order_id="ab"[n % 2], open=n != 3) for n in range(5)])
    try:
        yield made
    finally:
        await made.dispose()


class Held:
    """A session with its held rows, and the statements that it sent."""

    def __init__(self, engine: AsyncEngine, session: AsyncSession) -> None:
        self.session, self.rows, self.sent = session, HeldRows(DECLARED, session), list[str]()
        event.listen(engine.sync_engine, "before_cursor_execute", self._note)

    def _note(self, _: Any, __: Any, statement: str, *___: Any) -> None:
        self.sent.append(statement)


@pytest_asyncio.fixture(loop_scope="session")
async def held(engine: AsyncEngine) -> AsyncIterator[Held]:
    async with async_sessionmaker(engine)() as session, session.begin():
        yield Held(engine, session)


async def test_a_row_is_read_once_and_locked(held: Held) -> None:
    first, again = await held.rows.of(Head, "a"), await held.rows.of(Head, "a")

    assert first[0] is again[0]
    assert len(held.sent) == 1
    assert held.sent[0].endswith("FOR UPDATE")


async def test_rows_come_in_their_sequence_without_those_left_out(held: Held) -> None:
    assert [line.id for line in await held.rows.of(Line, "a")] == [4, 2, 0]
    assert [line.id for line in await held.rows.of(Line, "b")] == [1]
    assert not any("FOR UPDATE" in statement for statement in held.sent)


async def test_a_batch_is_one_statement_for_each_declaration(held: Held) -> None:
    await held.rows.read(["c", "a", "unknown", "a"])
    found = [await held.rows.of(Head, key) for key in ("a", "c", "unknown")]
    lines = await held.rows.of(Line, "a")

    assert [len(rows) for rows in found] == [1, 1, 0]
    assert len(lines) == 3
    assert len(held.sent) == 2


async def test_a_new_row_is_found_by_the_next_event_of_the_batch_and_written_once(held: Held) -> None:
    await held.rows.read(["new"])
    held.rows.add(Head(order_id="new", state="fresh"))

    assert [row.state for row in await held.rows.of(Head, "new")] == ["fresh"]
    await held.session.flush()
    held.rows.forget(Head, ["new"])
    assert [row.state for row in await held.rows.of(Head, "new")] == ["fresh"]


async def test_a_row_that_is_added_before_anybody_asked_is_found_in_the_database(held: Held) -> None:
    held.rows.add(Head(order_id="unasked", state="fresh"))

    assert [row.state for row in await held.rows.of(Head, "unasked")] == ["fresh"]


async def test_what_a_statement_changed_past_the_session_is_read_again(held: Held) -> None:
    await held.rows.of(Line, "a")
    held.rows.forget(Line, ["a", "never asked"])
    await held.rows.of(Line, "a")

    assert len(held.sent) == 2


async def test_a_record_that_is_not_declared_is_a_mistake_of_the_service(held: Held) -> None:
    with pytest.raises(KeyError):
        await held.rows.of(Base, "a")
