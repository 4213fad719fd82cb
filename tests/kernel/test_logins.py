"""What the two logins of a service see and may do: every known way to another unit's orders (S4.2a)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import Column, MetaData, Table, Text, text
from sqlalchemy.ext.asyncio import create_async_engine

from shared.db import new_engine, new_metadata, sqlalchemy_url
from shared.db.engine import asked_by
from shared.db.kernel import add_order_part
from shared.db.logins import (
    CENTRE,
    GRANTED_TO_UNITS,
    PROTECTED,
    UNIT,
    HangsOn,
    LoginSeesTooMuch,
    OrderTable,
    OwnRows,
    RowsOfUnit,
    grant_access,
    login_of,
    refuse_wide_logins,
)
from tests.support.postgres import LOGIN_PASSWORD, DatabaseServer, fresh_database

pytestmark = pytest.mark.clause("S4.2a")

NOW: Final = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
ROWS: Final = """
insert into held_order values ('own', 'u1', 'a', 1), ('joint', 'u2', 'a', 1), ('former', 'u2', 'a', 1),
  ('ended', 'u2', 'a', 1), ('foreign', 'u2', 'a', 1), ('nobodys', null, 'a', 1);
insert into order_part (order_id, unit, since, part, until) values ('own', 'u1', now(), 'lead', null),
  ('joint', 'u1', now(), 'joint', null), ('former', 'u1', now(), 'lead', now()), ('ended', 'u1', now(), 'joint', now()),
  ('foreign', 'u2', now(), 'lead', null);
insert into told select order_id || '-u1', order_id, 'u1' from held_order;
insert into told select order_id || '-u2', order_id, 'u2' from held_order;
insert into caller_of select order_id, 'somebody' from held_order;
insert into known values ('k');
insert into counted values ('u1'), ('u2'), ('');
insert into change_of select id, id from told;
insert into trail select order_id, order_id from held_order;
insert into trail values ('account', 'u1-caseworker');
"""
SEEN: Final = {"own", "joint", "former", "ended"}


def metadata() -> MetaData:
    found = new_metadata()
    add_order_part(found)
    Table(
        "held_order",
        found,
        Column("order_id", Text, primary_key=True),
        Column("unit", Text),
        Column("status", Text),
        Column("version", Text),
        info={PROTECTED: OrderTable(lead="unit", kept=("version",))},
    )
    Table(
        "told",
        found,
        Column("id", Text, primary_key=True),
        Column("order_id", Text),
        Column("unit", Text),
        info={PROTECTED: RowsOfUnit("unit")},
    )
    Table(
        "caller_of",
        found,
        Column("order_id", Text, primary_key=True),
        Column("name", Text),
        info={PROTECTED: RowsOfUnit(None)},
    )
    Table("plain", found, Column("key", Text, primary_key=True))
    Table("known", found, Column("key", Text, primary_key=True), info={GRANTED_TO_UNITS: "select"})
    Table("counted", found, Column("unit", Text, primary_key=True), info={PROTECTED: OwnRows("unit", everybodys="")})
    Table(
        "change_of",
        found,
        Column("id", Text, primary_key=True),
        Column("told_id", Text),
        info={PROTECTED: HangsOn("told_id", "told", "id")},
    )
    Table(
        "trail",
        found,
        Column("id", Text, primary_key=True),
        Column("subject", Text),
        info={PROTECTED: HangsOn("subject", "held_order", "order_id", added=True)},
    )
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(postgres_server: DatabaseServer) -> AsyncIterator[str]:
    """Six orders: the asking unit u1 leads one, shares one, had two, and two are not its own."""
    async with fresh_database(postgres_server, "logins") as url:
        engine = create_async_engine(sqlalchemy_url(url))
        async with engine.begin() as connection:
            await connection.run_sync(metadata().create_all)
            await connection.run_sync(grant_access, metadata())
            for statement in ROWS.split(";")[:-1]:
                await connection.execute(text(statement.replace("'a', 1", "'a', '1'")))
        await engine.dispose()
        yield url


def address(url: str, group: str) -> str:
    return f"postgresql://{login_of('dispatch', group)}:{LOGIN_PASSWORD.replace(' ', '%20')}@{url.rpartition('@')[2]}"


@asynccontextmanager
async def asking(url: str, unit: str | None = "u1", *, group: str = UNIT) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A transaction of this unit that is rolled back."""
    connection = await asyncpg.connect(address(url, group))
    try:
        transaction = connection.transaction()
        await transaction.start()
        if unit is not None:
            await connection.execute(f"set local app.unit = '{unit}'")
        yield connection
        await transaction.rollback()
    finally:
        await connection.close()


async def ids(connection: asyncpg.Connection[Any], query: str) -> set[str]:
    return {row["order_id"] for row in await connection.fetch(query)}


async def test_a_unit_sees_what_it_leads_shares_or_had(database: str) -> None:
    async with asking(database) as connection:
        assert await ids(connection, "select order_id from held_order") == SEEN


async def test_a_unit_may_change_what_it_leads_or_shares_now(database: str) -> None:
    async with asking(database) as connection:
        assert await ids(connection, "update held_order set status = 'b' returning order_id") == {"own", "joint"}


@pytest.mark.parametrize(("key", "locked"), [("own", 1), ("joint", 1), ("former", 0), ("ended", 0), ("foreign", 0)])
async def test_a_unit_locks_what_it_may_change(database: str, key: str, locked: int) -> None:
    async with asking(database) as connection:
        found = await connection.fetch("select from held_order where order_id = $1 for update", key)
        assert len(found) == locked


async def test_the_centre_sees_and_changes_everything(database: str) -> None:
    async with asking(database, None, group=CENTRE) as connection:
        assert len(await connection.fetch("select from held_order")) == 6
        assert len(await connection.fetch("update held_order set unit = 'u9' returning 1")) == 6


@pytest.mark.parametrize("unit", [None, "", "u3", "u1 ", "U1"])
async def test_without_a_unit_or_with_another_nothing_of_it_is_seen(database: str, unit: str | None) -> None:
    async with asking(database, unit) as connection:
        assert await ids(connection, "select order_id from held_order") == set()
        assert await ids(connection, "select order_id from order_part") == set()


async def test_a_unit_sees_all_rows_of_an_order_while_it_has_a_part_and_its_own_for_ever(database: str) -> None:
    async with asking(database) as connection:
        seen = {row["id"] for row in await connection.fetch("select id from told")}
        assert {key for key in seen if key.endswith("u2")} == {"own-u2", "joint-u2"}
        assert {key for key in seen if key.endswith("u1")} == {f"{key}-u1" for key in (*SEEN, "foreign", "nobodys")}


async def test_a_caller_is_seen_while_the_unit_has_a_part_and_no_longer(database: str) -> None:
    async with asking(database) as connection:
        assert await ids(connection, "select order_id from caller_of") == {"own", "joint"}


@pytest.mark.parametrize("key", ["own", "joint"])
async def test_a_unit_writes_rows_in_its_own_name_for_orders_that_it_has(database: str, key: str) -> None:
    async with asking(database) as connection:
        await connection.execute("insert into told values ('new', $1, 'u1')", key)


@pytest.mark.parametrize(("key", "unit"), [("own", "u2"), ("former", "u1"), ("foreign", "u1"), ("unknown", "u1")])
async def test_a_unit_writes_no_rows_for_other_orders_and_none_in_another_name(
    database: str, key: str, unit: str
) -> None:
    async with asking(database) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("insert into told values ('new', $1, $2)", key, unit)


async def test_rows_about_a_unit_and_about_all_are_read_by_it(database: str) -> None:
    async with asking(database) as connection:
        assert {row["unit"] for row in await connection.fetch("select unit from counted")} == {"u1", ""}


async def test_rows_that_hang_on_others_are_seen_with_them(database: str) -> None:
    async with asking(database) as connection:
        told = {row["id"] for row in await connection.fetch("select id from told")}
        assert {row["told_id"] for row in await connection.fetch("select told_id from change_of")} == told


async def test_a_unit_reads_the_trail_of_its_orders_and_adds_to_any(database: str) -> None:
    async with asking(database) as connection:
        assert {row["subject"] for row in await connection.fetch("select subject from trail")} == SEEN
        await connection.execute("insert into trail values ('new', 'anything')")


async def test_a_table_without_a_word_on_units_is_closed_to_them(database: str) -> None:
    """What nobody thought of is refused, also to read."""
    async with asking(database) as connection:
        assert len(await connection.fetch("select from known")) == 1
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("select from plain")


READS: Final = (
    "select order_id from held_order where order_id = 'foreign'",
    "select order_id from held_order where unit = 'u2' and order_id not in ('joint', 'former', 'ended')",
    "select order_id from held_order where unit is null",
    "select order_id from held_order tablesample system (100) where order_id in ('foreign', 'nobodys')",
    "select o.order_id from held_order o join order_part p on p.order_id = o.order_id and p.unit = 'u2'",
    "select order_id from order_part where unit <> 'u1'",
    "select a.order_id from held_order a full join held_order b on true where a.order_id = 'foreign'",
    "with x as (select * from held_order) select order_id from x where order_id = 'nobodys'",
    "update held_order set status = 'x' where order_id = 'foreign' returning order_id",
    "update held_order set status = 'x' where order_id = 'former' returning order_id",
    "select order_id from held_order where order_id = 'foreign' for share",
)


@pytest.mark.parametrize("query", READS)
async def test_no_query_reaches_what_is_not_the_units(database: str, query: str) -> None:
    async with asking(database) as connection:
        assert await ids(connection, query) == set()


REFUSED: Final = (
    "update held_order set version = '2' where order_id = 'own'",
    "update held_order set unit = 'u1' where order_id = 'own'",
    "update held_order set unit = 'u1' where order_id = 'foreign'",
    "update held_order set order_id = 'foreign2' where order_id = 'own'",
    "insert into held_order values ('new', 'u1', 'a', '1')",
    "delete from held_order where order_id = 'own'",
    "truncate held_order",
    "insert into order_part (order_id, unit, since, part) values ('foreign', 'u1', now(), 'lead')",
    "update order_part set order_id = 'foreign' where unit = 'u1'",
    "delete from order_part",
    "alter table held_order disable row level security",
    "drop policy seen on held_order",
    "create policy mine on held_order for select using (true)",
    "set role gongdan_centre",
    "set session authorization gongdan_centre",
    "create table public.copy as select * from held_order",
    "create function public.f() returns int language sql security definer as 'select 1'",
    "copy held_order from program 'true'",
    "insert into counted values ('u1x')",
    "update known set key = 'other'",
    "update trail set subject = 'own'",
    "delete from trail",
    "insert into change_of values ('new', 'own-u1')",
    "select from parked",
    "delete from audit",
    "update audit set actor = 'x'",
)


@pytest.mark.parametrize("statement", REFUSED)
async def test_statements_that_would_bypass_the_policies_are_not_granted(database: str, statement: str) -> None:
    async with asking(database) as connection:
        with pytest.raises(asyncpg.PostgresError) as refused:
            await connection.execute(statement)
        assert isinstance(refused.value, asyncpg.InsufficientPrivilegeError | asyncpg.SyntaxOrAccessError)


@pytest.mark.parametrize("group", [CENTRE, UNIT])
async def test_nobody_edits_the_audit_trail(database: str, group: str) -> None:
    async with asking(database, group=group) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("update audit set actor = 'x'")


async def test_turning_row_security_off_is_an_error(database: str) -> None:
    async with asking(database) as connection:
        await connection.execute("set local row_security = off")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("select * from held_order")


async def test_the_unit_comes_with_begin_and_ends_with_the_transaction(database: str) -> None:
    """One connection of the pool serves two units after each other, and then no unit."""
    engine = new_engine(address(database, UNIT), pool_size=1, name="test", unit=True)
    seen: dict[str | None, set[str]] = {}
    try:
        for unit in ("u1", "u2"):
            with asked_by(unit):
                async with engine.begin() as connection:
                    seen[unit] = set((await connection.execute(text("select order_id from held_order"))).scalars())
        async with engine.begin() as connection:
            seen[None] = set((await connection.execute(text("select order_id from held_order"))).scalars())
    finally:
        await engine.dispose()

    assert seen == {"u1": SEEN, "u2": {"joint", "former", "ended", "foreign"}, None: set()}


@pytest.mark.parametrize("unit", ["u1'; select 1; --", "", "a b", "x" * 65, "区"])
def test_only_a_plain_code_is_put_into_the_text_of_begin(unit: str) -> None:
    with pytest.raises(ValueError), asked_by(unit):
        pass


async def test_a_login_that_sees_too_much_is_refused_at_the_start(database: str) -> None:
    with pytest.raises(LoginSeesTooMuch):
        await refuse_wide_logins(database)
    for group in (CENTRE, UNIT):
        await refuse_wide_logins(address(database, group))
