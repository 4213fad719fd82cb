"""Lists by key: every row once while rows come and go, one cursor form, and counts that stay fast."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared import lists
from shared.db import TYPES, sqlalchemy_url
from shared.lists import Keyset, counted
from shared.web.paging import BadCursor, cursor_of

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


class Base(DeclarativeBase):
    type_annotation_map = TYPES


class Item(Base):
    __tablename__ = "item"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    weight: Mapped[int]
    name: Mapped[str]


ASCENDING = Keyset(Item.weight, Item.at, Item.id)
DESCENDING = Keyset(Item.at, Item.name, descending=True)


def item(number: int) -> Item:
    # Pairs share weight and moment: only the last column tells them apart.
    return Item(
        id=uuid.UUID(int=number), at=START + timedelta(minutes=number // 2), weight=number // 4, name=f"n{number:03}"
    )


@pytest_asyncio.fixture(loop_scope="session")
async def session(database: str) -> AsyncIterator[AsyncSession]:
    engine = create_async_engine(sqlalchemy_url(database))
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with async_sessionmaker(engine)() as opened:
        opened.add_all(item(number) for number in range(25))
        await opened.flush()
        yield opened
    await engine.dispose()


async def walked(session: AsyncSession, keyset: Keyset, limit: int, query: Any = None) -> list[int]:
    found: list[int] = []
    cursor = None
    while True:
        page = await keyset.page(session, select(Item) if query is None else query, cursor=cursor, limit=limit)
        assert len(page.rows) <= limit
        found += [row.id.int for row in page.rows]
        if page.next is None:
            return found
        assert len(page.rows) == limit
        cursor = page.next


@pytest.mark.parametrize("limit", [1, 2, 5, 24, 25, 26])
async def test_every_row_comes_once_in_sequence_whatever_the_size_of_a_page(session: AsyncSession, limit: int) -> None:
    assert await walked(session, ASCENDING, limit) == list(range(25))
    assert await walked(session, DESCENDING, limit) == list(reversed(range(25)))


async def test_columns_of_a_row_page_like_records(session: AsyncSession) -> None:
    query = select(Item.id, Item.weight, Item.at)

    assert await walked(session, ASCENDING, 7, query) == list(range(25))


async def test_a_row_that_is_gone_or_new_moves_no_other(session: AsyncSession) -> None:
    first = await ASCENDING.page(session, select(Item), cursor=None, limit=10)
    await session.delete(first.rows[-1])
    session.add(item(30))
    await session.flush()
    rest = await ASCENDING.page(session, select(Item), cursor=first.next, limit=50)

    assert [row.id.int for row in rest.rows] == [*range(10, 25), 30]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        cursor_of(1),
        cursor_of(1, START.isoformat()),
        cursor_of("1", START.isoformat(), str(uuid.UUID(int=1))),
        cursor_of(1, "2026-11-23T09:00:00", str(uuid.UUID(int=1))),
        cursor_of(1, "yesterday", str(uuid.UUID(int=1))),
        cursor_of(1, START.isoformat(), "not an id"),
        cursor_of(2**63, START.isoformat(), str(uuid.UUID(int=1))),
    ],
)
async def test_a_cursor_that_is_none_of_ours_is_refused(session: AsyncSession, cursor: str) -> None:
    with pytest.raises(BadCursor):
        await ASCENDING.page(session, select(Item), cursor=cursor, limit=1)


async def test_few_rows_are_counted_and_many_are_estimated(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = await counted(session, select(Item).order_by(Item.at))
    monkeypatch.setattr(lists, "COUNTED_EXACTLY", 20)
    estimated = await counted(session, select(Item).order_by(Item.at))
    few = await counted(session, select(Item).where(Item.weight == 3))

    assert (exact.number, exact.exact) == (25, True)
    assert estimated.number > 20
    assert not estimated.exact
    assert (few.number, few.exact) == (4, True)
