"""The migrations of every service, on a real PostgreSQL: up, down, up again, and equal to the models."""

import importlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncpg
import pytest
import pytest_asyncio
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, NullPool
from sqlalchemy.ext.asyncio import create_async_engine

from shared.db import sqlalchemy_url
from shared.db.migrate import config_of, current, head_of, upgrade
from shared.settings import SERVICES
from tests.support.postgres import DatabaseServer, fresh_database, migrated_database

Answer = TypeVar("Answer")
Schema = dict[str, Any]

ROOT: Final = Path(__file__).resolve().parents[2]
MIGRATED: Final = [
    name for name in SERVICES if any((ROOT / "services" / name / "migrations" / "versions").glob("*.py"))
]
REVISIONS: Final = [
    (service, script.revision)
    for service in MIGRATED
    for script in reversed([*ScriptDirectory.from_config(config_of(service)).walk_revisions()])
]
# What every name in the schema starts with, by its kind in pg_constraint; unique indexes may also back constraints.
PREFIXES: Final = {"p": "pk_", "u": "uq_", "f": "fk_", "c": "ck_"}


@pytest.fixture
async def migrated(service: str, postgres_server: DatabaseServer) -> AsyncIterator[str]:
    """A database of this test that came from nothing to the newest schema of `service`."""
    template = await migrated_database(postgres_server, service)
    async with fresh_database(postgres_server, "migrations", template) as url:
        yield url


async def on(url: str, work: Callable[[Connection], Answer]) -> Answer:
    """What `work` answers on a connection to `url`."""
    engine = create_async_engine(sqlalchemy_url(url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


def metadata_of(service: str) -> MetaData:
    """The MetaData that the service names in services.<name>.service."""
    module = importlib.import_module(f"services.{service}.service")  # noqa: TID251  (all services alike)
    metadata = module.SERVICE.metadata
    assert isinstance(metadata, MetaData)
    return metadata


def schema(connection: Connection) -> Schema:
    """Everything that a migration may leave behind, in a form that can be compared."""
    inspector = sqlalchemy.inspect(connection)
    tables = [name for name in inspector.get_table_names() if name != "alembic_version"]
    functions = connection.execute(
        sqlalchemy.text(
            "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
            " where n.nspname = 'public' and not exists"
            " (select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'e') order by 1"
        )
    )
    kinds = connection.execute(
        sqlalchemy.text(
            "select t.typname from pg_type t join pg_namespace n on n.oid = t.typnamespace"
            " where n.nspname = 'public' and t.typtype in ('e', 'd') order by 1"
        )
    )
    return {
        "tables": {name: [repr(column) for column in inspector.get_columns(name)] for name in tables},
        "indexes": {name: sorted(map(repr, inspector.get_indexes(name))) for name in tables},
        "checks": {name: sorted(map(repr, inspector.get_check_constraints(name))) for name in tables},
        "keys": {name: sorted(map(repr, inspector.get_foreign_keys(name))) for name in tables},
        "functions": functions.scalars().all(),
        "types": kinds.scalars().all(),
    }


@pytest.mark.parametrize("service", MIGRATED)
def test_a_service_has_one_line_of_migrations(service: str) -> None:
    assert len(ScriptDirectory.from_config(config_of(service)).get_heads()) == 1


@pytest.mark.parametrize("service", MIGRATED)
async def test_an_empty_database_comes_to_the_head_and_stays_there(service: str, migrated: str) -> None:
    before = await on(migrated, schema)
    await upgrade(migrated, service)

    assert await current(migrated) == head_of(service)
    assert await on(migrated, schema) == before


@dataclass(frozen=True)
class Walk:
    """One database's way up, down and up again: its schema at every stop."""

    up: Mapping[str | None, Schema]
    down: Mapping[str | None, Schema]
    again: Schema


WalkOf = Callable[[str], Awaitable[Walk]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def walk_of(postgres_server: DatabaseServer) -> WalkOf:
    """The walk of a service, made once."""
    made: dict[str, Walk] = {}

    async def of(service: str) -> Walk:
        if service not in made:
            async with fresh_database(postgres_server, "walk") as url:
                made[service] = await walk(url, service)
        return made[service]

    return of


async def walk(url: str, service: str) -> Walk:
    """Up to the head revision by revision, down to nothing likewise, and up in one go."""
    line = [revision for name, revision in REVISIONS if name == service]
    up: dict[str | None, Schema] = {None: await on(url, schema)}
    down: dict[str | None, Schema] = {}
    for revision in line:
        await upgrade(url, service, revision)
        up[revision] = await on(url, schema)
    for before in reversed([None, *line[:-1]]):
        await upgrade(url, service, "-1")
        down[before] = await on(url, schema)
    await upgrade(url, service)
    return Walk(up, down, await on(url, schema))


@pytest.mark.parametrize(("service", "revision"), REVISIONS)
async def test_every_migration_goes_down_to_where_it_came_from(service: str, revision: str, walk_of: WalkOf) -> None:
    before = ScriptDirectory.from_config(config_of(service)).get_revision(revision).down_revision
    assert before is None or isinstance(before, str)
    walked = await walk_of(service)

    assert walked.down[before] == walked.up[before]
    assert walked.up[revision] != walked.up[before] or before is not None


@pytest.mark.parametrize("service", MIGRATED)
async def test_a_service_comes_up_again_after_its_way_down(service: str, walk_of: WalkOf) -> None:
    walked = await walk_of(service)

    assert walked.again == walked.up[head_of(service)]


@pytest.mark.parametrize("service", MIGRATED)
async def test_the_models_are_the_migrated_schema(service: str, migrated: str) -> None:
    def differences(connection: Connection) -> list[Any]:
        options = {"compare_type": True, "compare_server_default": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata_of(service)))

    assert await on(migrated, differences) == []


@pytest.mark.parametrize("service", MIGRATED)
async def test_every_constraint_has_a_name_by_the_convention(service: str, migrated: str) -> None:
    connection = await asyncpg.connect(migrated)
    named = await connection.fetch(
        "select conname, contype::text, conrelid::regclass::text as owner from pg_constraint"
        " where connamespace = 'public'::regnamespace and conrelid <> 'alembic_version'::regclass"
        " and contype in ('p', 'u', 'f', 'c') and conparentid = 0"
    )
    await connection.close()

    assert named
    assert [row["conname"] for row in named if not row["conname"].startswith(PREFIXES[row["contype"]])] == []


@pytest.mark.parametrize("service", MIGRATED)
async def test_every_moment_has_its_offset(service: str, migrated: str) -> None:
    connection = await asyncpg.connect(migrated)
    naive = await connection.fetch(
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'public' and data_type = 'timestamp without time zone'"
    )
    await connection.close()

    assert naive == []


# One service stands for all: the timeout is set in one place, and the next test sees that all migrate through it.
@pytest.mark.parametrize("service", MIGRATED[:1])
async def test_a_migration_gives_up_a_lock_rather_than_stop_the_service(service: str, migrated: str) -> None:
    connection = await asyncpg.connect(migrated)
    try:
        # Somebody reads every table for a long time: the way down must fail by its lock_timeout, not wait with him.
        tables = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
        await connection.execute("begin")
        for table in tables:
            await connection.execute(f'lock table "{table["tablename"]}" in access share mode')
        with pytest.raises(sqlalchemy.exc.DBAPIError) as refused:
            await upgrade(migrated, service, "base")
    finally:
        await connection.close()

    assert "lock timeout" in str(refused.value)


@pytest.mark.parametrize("service", MIGRATED)
def test_a_service_migrates_through_the_one_environment(service: str) -> None:
    environment = (ROOT / "services" / service / "migrations" / "env.py").read_text()

    assert "run_environment(" in environment
    assert "context.configure" not in environment


@pytest.mark.parametrize("service", MIGRATED)
def test_a_migration_says_what_it_does_and_how_to_undo_it(service: str) -> None:
    for script in ScriptDirectory.from_config(config_of(service)).walk_revisions():
        assert script.doc
        assert callable(script.module.upgrade)
        assert callable(script.module.downgrade)
        assert re.fullmatch(r"\d{4}_[a-z0-9_]+\.py", Path(script.path).name)
