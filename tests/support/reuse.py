"""Databases that several tests use one after the other: restored in between, with their connections kept."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Final, Protocol, TypeVar, cast

import asyncpg
from sqlalchemy import QueuePool
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.work import Works

# Beside the tables of the service: the rows and numbers that were there at first, and whether a test changed the schema.
_REMEMBER: Final = """
create schema testing;
create table testing.schema_change (tag text);
create function testing.note_change() returns event_trigger language plpgsql as $$
begin insert into testing.schema_change values (tg_tag); end $$;
do $$
declare relation record;
begin
  for relation in select oid, relname from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace and relname <> 'alembic_version'
      and pg_relation_size(oid) > 0
  loop
    execute format('create table testing.%I as table public.%I', 'first_' || relation.relname, relation.relname);
  end loop;
end $$;
create table testing.number as
  select format('%I.%I', schemaname, sequencename)::regclass as sequence, coalesce(last_value, start_value) as value,
    last_value is not null as used
  from pg_sequences where schemaname = 'public';
create function testing.as_at_first() returns boolean language plpgsql as $$
declare
  touched text;
  relation name;
begin
  if exists (select from testing.schema_change) or exists (
    select from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
      and state <> 'idle'
  ) then
    return false;
  end if;
  set local lock_timeout = '2s';
  set local session_replication_role = replica;  -- no triggers: the audit trail refuses to be emptied
  select string_agg(oid::regclass::text, ', ') into touched from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace and relname <> 'alembic_version'
      and pg_relation_size(oid) > 0;
  if touched is not null then
    execute 'truncate ' || touched || ' cascade';
  end if;
  for relation in select substr(relname, 7) from pg_class
    where relkind = 'r' and relnamespace = 'testing'::regnamespace and starts_with(relname, 'first_')
  loop
    execute format('insert into public.%I overriding system value table testing.%I', relation, 'first_' || relation);
  end loop;
  perform setval(sequence, value, used) from testing.number;
  return true;
end $$;
create event trigger testing_note_change on ddl_command_end execute function testing.note_change();
"""
_CONNECTED: Final = """
select count(*) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""
_PATIENCE: Final = 10.0
_KEPT_FREE: Final = 4
"""How many kinds of database wait for their next test; each has connections open."""


class Reusable(Protocol):
    """What a pool keeps."""

    async def renew(self) -> bool:
        """Restore its first state; whether that succeeded."""
        ...

    async def close(self) -> None:
        """Close what it has open."""
        ...


Kept = TypeVar("Kept", bound=Reusable)


class Pool:
    """What waits for its next test, by its kind."""

    def __init__(self) -> None:
        self._free: dict[Hashable, list[Reusable]] = {}

    @asynccontextmanager
    async def borrowed(self, kind: Hashable, make: Callable[[], Awaitable[Kept]]) -> AsyncIterator[Kept]:
        """One of this kind for one test; closed afterwards if it cannot be restored."""
        free = self._free.pop(kind, [])
        self._free[kind] = free  # the kinds asked for last stay
        one = cast("Kept", free.pop()) if free else await make()
        try:
            yield one
        finally:
            if await one.renew():
                self._free.setdefault(kind, []).append(one)
            else:
                await one.close()
            while len(self._free) > _KEPT_FREE:
                await self._close_kind(next(iter(self._free)))

    async def close(self) -> None:
        """Close all that waits."""
        while self._free:
            await self._close_kind(next(iter(self._free)))

    async def _close_kind(self, kind: Hashable) -> None:
        for one in self._free.pop(kind):
            await one.close()


class KeptDatabase:
    """A database, the connection that restores it, and engines whose connections outlive a test."""

    def __init__(self, url: str, administrator: asyncpg.Connection[Any], ending: AsyncExitStack) -> None:
        """Called by `made` only."""
        self.url: Final = url
        self._administrator: Final = administrator
        self._ending: Final = ending
        self._engines: dict[str, AsyncEngine] = {}

    @classmethod
    async def made(cls, database: AbstractAsyncContextManager[str]) -> KeptDatabase:
        """This new database, whose first state is the one it has now."""
        async with AsyncExitStack() as stack:
            url = await stack.enter_async_context(database)
            administrator = await asyncpg.connect(url)
            stack.push_async_callback(administrator.close)
            await administrator.execute(_REMEMBER)
            return cls(url, administrator, stack.pop_all())

    def lend_engines(self, works: Works) -> None:
        """Let these works use the engines of the works before them; listeners of a test end with it."""
        for field in dataclasses.fields(works):
            given = getattr(works, field.name)
            if isinstance(given, AsyncEngine):
                setattr(works, field.name, self._engines.setdefault(field.name, given).execution_options())
        works.__post_init__()

    async def renew(self) -> bool:
        """Empty what a test wrote to; False if it changed the schema, killed a connection or still works in the database."""
        pools = cast("list[QueuePool]", [engine.pool for engine in self._engines.values()])
        if any(pool.checkedout() for pool in pools):
            return False
        with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            if await self._administrator.fetchval(_CONNECTED, timeout=_PATIENCE) < sum(p.checkedin() for p in pools):
                return False
            return bool(await self._administrator.fetchval("select testing.as_at_first()", timeout=_PATIENCE))
        return False

    async def close(self) -> None:
        """Close the connections, and end the database."""
        for engine in self._engines.values():
            await engine.dispose()
        await self._ending.aclose()
