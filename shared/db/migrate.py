"""Alembic, one line of migrations per service, run at start under an advisory lock."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, NullPool, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.db.engine import sqlalchemy_url
from shared.db.logins import grant_access

ROOT: Final = Path(__file__).resolve().parents[2]
# Alembic's `op` and `context` stand for the whole process: two services migrating at once would mix their connections.
_ONE_AT_A_TIME: Final = asyncio.Lock()
_LOCK: Final = 0x676F6E67  # "gong": two replicas that start together migrate one after the other


def config_of(service: str, connection: Connection | None = None) -> Config:
    """Alembic's configuration for one service, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "services" / service / "migrations"))
    config.attributes["connection"] = connection
    return config


def run_environment(metadata: MetaData) -> None:
    """What every service's migrations/env.py does."""
    connection = context.config.attributes["connection"]
    if connection is None:
        context.configure(dialect_name="postgresql", target_metadata=metadata, literal_binds=True)
    else:
        context.configure(
            connection=connection, target_metadata=metadata, compare_type=True, compare_server_default=True
        )
    with context.begin_transaction():
        context.execute("set lock_timeout = '5s'")
        context.run_migrations()
        # What the models say of access holds for the newest schema only.
        if connection is not None and context.get_context().get_current_revision() == context.script.get_current_head():
            grant_access(connection, metadata)


def head_of(service: str) -> str:
    """The newest revision of a service; an error when its line has two ends."""
    head = ScriptDirectory.from_config(config_of(service)).get_current_head()
    if head is None:
        raise LookupError(f"{service} has no migrations")
    return head


def _move(connection: Connection, service: str, revision: str | None) -> None:
    connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": _LOCK})
    try:
        if revision is None:
            if MigrationContext.configure(connection).get_current_revision() != head_of(service):
                command.upgrade(config_of(service, connection), "head")
        elif revision == "base" or revision.startswith("-"):
            command.downgrade(config_of(service, connection), revision)
        else:
            command.upgrade(config_of(service, connection), revision)
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text("select pg_advisory_unlock(:lock)"), {"lock": _LOCK})
        connection.commit()


async def _with_connection(url: str, work: Any, *arguments: Any) -> Any:
    engine: AsyncEngine = create_async_engine(sqlalchemy_url(url), poolclass=NullPool)
    try:
        async with _ONE_AT_A_TIME, engine.connect() as connection:
            return await connection.run_sync(work, *arguments)
    finally:
        await engine.dispose()


async def upgrade(url: str, service: str, revision: str | None = None) -> None:
    """Bring a service's database to its newest revision, or to `revision` (also downwards: "base", "-1")."""
    await _with_connection(url, _move, service, revision)


async def current(url: str) -> str | None:
    """The revision a database is at."""

    def read(connection: Connection) -> str | None:
        return MigrationContext.configure(connection).get_current_revision()

    found: str | None = await _with_connection(url, read)
    return found
