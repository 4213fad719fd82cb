"""A real PostgreSQL for tests: the one of the wheel, or the one that GONGDAN_TEST_DATABASE_URL names (15 or later)."""

import asyncio
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import pytest

from shared.db.logins import create_logins
from shared.run.postgres import PostgresServer, create_database, drop_database
from shared.settings import SERVICES

GIVEN_URL = "GONGDAN_TEST_DATABASE_URL"
LOGIN_PASSWORD = "for tests"
"""Of all logins of the services on a server of the tests."""


async def make_logins(server_url: str) -> None:
    """The logins that the services work through."""
    await create_logins(server_url, SERVICES, owner=LOGIN_PASSWORD, centre=LOGIN_PASSWORD, unit=LOGIN_PASSWORD)


class DatabaseServer(Protocol):
    """What a test needs of a server: addresses, and new databases."""

    def url(self, database: str = "postgres") -> str:
        """postgresql://... of `database`, as a superuser."""
        ...

    async def create_database(self, name: str, template: str | None = None) -> None:
        """Make `name`, as a copy of `template` if given."""
        ...


class GivenServer:
    """The server behind a URL that somebody else starts and stops."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)

    def url(self, database: str = "postgres") -> str:
        """The given URL with another database."""
        return urlunsplit(self._parts._replace(scheme="postgresql", path=f"/{database}"))

    async def create_database(self, name: str, template: str | None = None) -> None:
        """Make `name`, as a copy of `template` if given."""
        await create_database(self.url(), name, template)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[DatabaseServer]:
    """The server of this run (one per xdist worker). It does not fsync: tests that kill use `durable_postgres`."""
    given = os.environ.get(GIVEN_URL)
    if given:
        asyncio.run(make_logins(given))
        yield GivenServer(given)
        return
    with _thrown_away(fsync=False) as server:
        yield server


@pytest.fixture
def durable_postgres() -> Iterator[PostgresServer]:
    """A server of this test alone, durable as in a run, that may be killed and restarted. Always the wheel's."""
    with _thrown_away(fsync=True) as server:
        yield server


class _thrown_away:  # noqa: N801  (reads as the verb that it is)
    """A server in a temporary folder that disappears with it."""

    def __init__(self, *, fsync: bool) -> None:
        self._fsync = fsync

    def __enter__(self) -> PostgresServer:
        # Not pytest's own folder: only its owner may enter that, and as root the server is somebody else.
        self._folder = Path(tempfile.mkdtemp(prefix="gongdan-test-"))
        self._folder.chmod(0o711)
        self._server = PostgresServer.start(self._folder / "postgres", fsync=self._fsync)
        asyncio.run(make_logins(self._server.url()))
        return self._server

    def __exit__(self, *_: object) -> None:
        self._server.stop("immediate")
        shutil.rmtree(self._server.home, ignore_errors=True)  # the server may still be taking its own files away
        shutil.rmtree(self._folder, ignore_errors=True)


@asynccontextmanager
async def fresh_database(
    server: DatabaseServer, name_prefix: str = "test", template: str | None = None
) -> AsyncIterator[str]:
    """The URL of a new database, a copy of `template` if given; dropped at the end with whoever holds it."""
    name = f"{name_prefix}_{uuid.uuid4().hex[:12]}"
    await server.create_database(name, template)
    try:
        yield server.url(name)
    finally:
        await drop_database(server.url(), name)


_templates: dict[tuple[str, str], str] = {}


async def template_database(server: DatabaseServer, subject: str, prepare: Callable[[str], Awaitable[object]]) -> str:
    """The name of a database that `prepare(url)` filled once in this run, for `fresh_database(template=...)`.

    `prepare` must leave no connection open: PostgreSQL copies only what nobody uses.
    """
    known = _templates.get((server.url(), subject))
    if known is not None:
        return known
    name = f"template_{subject}_{uuid.uuid4().hex[:8]}"
    await server.create_database(name)
    try:
        await prepare(server.url(name))
    except BaseException:
        await drop_database(server.url(), name)
        raise
    _templates[server.url(), subject] = name
    return name
