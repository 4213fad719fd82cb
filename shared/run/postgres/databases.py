"""Creating and dropping databases on any server."""

import contextlib

import asyncpg


async def create_database(server_url: str, name: str, template: str | None = None, owner: str | None = None) -> None:
    """Create database `name` on the server of `server_url` (any database of it); nothing if it exists.

    With `template` it is a copy of that database, to which nobody may be connected.
    """
    connection = await asyncpg.connect(server_url)
    try:
        if await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            return
        copy = f" TEMPLATE {_quoted(template)}" if template is not None else ""
        whose = f" OWNER {_quoted(owner)}" if owner is not None else ""
        with contextlib.suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
            await connection.execute(f"CREATE DATABASE {_quoted(name)}{whose}{copy}")
    finally:
        await connection.close()


async def drop_database(server_url: str, name: str) -> None:
    """Drop database `name`, with the sessions that hold it; nothing if it is not there."""
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")
    finally:
        await connection.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
