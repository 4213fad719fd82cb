"""A unit's list reads the rows that it shows and no others, on its first page and on its last (S4.2a)."""

from __future__ import annotations

from typing import Final

import asyncpg
import pytest
from sqlalchemy import text

from services.dispatch.orders.model import Sort, Today, Wanted
from services.dispatch.orders.store import orders_waiting
from services.dispatch.service import SERVICE
from shared.access import ACCESS
from shared.identity import Role
from tests.dispatch.story import URBAN
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk, desk_of
from tests.support.waiting import eventually

MANY: Final = 30_000
OPEN: Final = 3_000
"""The newest ones; the others have ended."""
UNITS: Final = 27
PAGE: Final = 20
FILL: Final = f"""
insert into order_case (order_id, platform, platform_no, level, subject, scheme, category, urgent, queue, confidential,
  demand, demand_version, demand_changes, recommended, received_at, is_test, status, unit, first_unit, assignment, no_return, return_rejected, returned_by,
  answered_by, turn, returns, attempts, failed_attempts, counted_contacts, round, redos, revisits, failed_revisit_days, urges, ended_at, version,
  urgent_found, flags_version, pressing_at, pressing_kind, pressing_clock, pressing_provisional)
select 'o' || lpad(i::text, 8, '0'), 'city_12345', 'n' || i, 'municipal', 'person', 'ordinary', 'c', '[]',
  (i % 20 <> 0)::int, false, 's1.k.x', 1, '[]', '[]', timestamptz '2026-11-01 00:00+00' + i * interval '1 second', false,
  case when i > {MANY - OPEN} then 'handling' else 'closed' end, unit, unit, 1, false, false, '[]', '[]', 1, 0, 0, 0, 0, 0, 0, 0, '[]', 0,
  case when i > {MANY - OPEN} then null else now() end, 1, '[]', 1,
  timestamptz '2026-11-20 00:00+00' + (i * 7919 % 864000) * interval '1 second', 'final', 'c' || i, false
from generate_series(1, {MANY}) i, lateral (select case i % {UNITS} when 0 then '{URBAN}' else 'u' || i % {UNITS} end) u(unit)
"""
READ: Final = "select sum(idx_tup_read) from pg_stat_user_indexes where relname = 'order_case'"


@pytest.mark.parametrize("sort", list(Sort))
async def test_a_page_of_a_unit_reads_what_it_shows(postgres_server: DatabaseServer, sort: Sort) -> None:
    # A desk of its own: the counters of the database would hold what earlier tests read.
    async with desk_of(SERVICE, postgres_server, pool_size=2) as desk:
        shown, read = await walked(desk, Wanted(sort=sort))

    assert len(shown) == len(set(shown)) == OPEN // UNITS
    # One row more on each page tells whether there is another page.
    assert read <= len(shown) + len(shown) // PAGE + 1


async def walked(desk: Desk, wanted: Wanted) -> tuple[list[str], int]:
    """The orders on all pages of a unit's list, and how many entries of the table's indexes were read for them."""
    runtime, today = desk.runtime, Today(desk.clock.now(), desk.clock.now())
    caseworker = desk.person(Role.CASEWORKER, unit=URBAN)
    scope = ACCESS["dispatch"]["list_orders"].scope_of(caseworker)
    owner = await asyncpg.connect(runtime.settings.database_of("dispatch"))
    try:
        await owner.execute(FILL)
        await owner.execute("insert into order_part select order_id, unit, received_at, 'lead', null from order_case")
        await owner.execute("analyze order_case, order_part")
        await owner.execute("select pg_stat_force_next_flush()")
        before = await owner.fetchval(READ)

        shown: list[str] = []
        cursor = None
        async with runtime.works.read(caseworker) as session:
            while True:
                page = await orders_waiting(session, scope, wanted, today=today, cursor=cursor, limit=PAGE)
                shown += [record.order_id for record in page.rows]
                cursor = page.next
                if cursor is None:
                    break
            await session.execute(text("select pg_stat_force_next_flush()"))

        async def counted() -> bool:
            await owner.execute("select pg_stat_clear_snapshot()")
            return bool(await owner.fetchval(READ) > before)

        await eventually(counted)
        read = int(await owner.fetchval(READ) - before)
    finally:
        await owner.close()
    return shown, read
