"""A real PostgreSQL for tests: the one of the wheel, or the one that GONGDAN_TEST_DATABASE_URL names (15 or later)."""

import asyncio
import fcntl
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import psutil
import pytest
import pytest_asyncio

from shared.db.logins import create_logins
from shared.db.migrate import upgrade
from shared.run.postgres import PostgresServer, drop_database
from shared.settings import SERVICES
from tests.support.reuse import Pool

GIVEN_URL: Final = "GONGDAN_TEST_DATABASE_URL"
FOLDER: Final = "gongdan-test-"
MEMORY: Final = Path("/dev/shm")
ROOM: Final = 2 * 1024**3
"""What a whole run may need: its databases, and 512 MB of write-ahead log."""
LOGIN_PASSWORD: Final = "for tests"
"""Of all logins of the services on a server of the tests."""


def make_logins(server_url: str) -> None:
    """The logins that the services work through; also while a loop runs here."""
    made = create_logins(server_url, SERVICES, owner=LOGIN_PASSWORD, centre=LOGIN_PASSWORD, unit=LOGIN_PASSWORD)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, made).result()


class DatabaseServer(Protocol):
    """What a test needs of a server: addresses, and new databases."""

    def url(self, database: str = "postgres") -> str:
        """postgresql://... of `database`, as a superuser."""
        ...

    async def create_database(self, name: str, template: str | None = None) -> None:
        """Make `name`, as a copy of `template` if given."""
        ...


_POOL: Final = Pool()


class SharedServer:
    """The one server that all workers of a run use. Its databases carry the name of the run, which drops what is left."""

    def __init__(self, url: str, run: str, *, copies_files: bool) -> None:
        self._parts, self._run = urlsplit(url), run
        # To copy the files of a template the server makes two checkpoints: fast without fsync, slow with it.
        self._strategy = " STRATEGY file_copy" if copies_files else ""
        self.pool: Final = _POOL
        """What one test after the other uses, in this process."""

    def url(self, database: str = "postgres") -> str:
        """The server's URL with another database."""
        name = database if database == "postgres" else self._full(database)
        return urlunsplit(self._parts._replace(scheme="postgresql", path=f"/{name}"))

    def _full(self, database: str) -> str:
        return f"{self._run}_{database}"

    async def create_database(self, name: str, template: str | None = None) -> None:
        """Make `name`, as a copy of `template` if given."""
        copy = "" if template is None else f' TEMPLATE "{self._full(template)}"{self._strategy}'
        connection = await asyncpg.connect(self.url())
        try:
            await connection.execute(f'CREATE DATABASE "{self._full(name)}"{copy}')
        finally:
            await connection.close()

    async def drop_all(self) -> None:
        """Drop every database of this run."""
        connection = await asyncpg.connect(self.url())
        try:
            found = await connection.fetch(
                "SELECT datname FROM pg_database WHERE starts_with(datname, $1)", self._full("")
            )
        finally:
            await connection.close()
        for (name,) in found:
            await drop_database(self.url(), name)


# --- the server of the run --------------------------------------------------------------------------------------------


class Run:
    """The server of this run in the process that began it: started when it is first asked for, stopped at the end."""

    def __init__(self) -> None:
        self.name: Final = f"run{uuid.uuid4().hex[:8]}"
        self._ending = ExitStack()
        self._url: str | None = None

    def url(self) -> str:
        """The address of the server."""
        if self._url is None:
            given = os.environ.get(GIVEN_URL)
            if given:
                make_logins(given)
            self._url = given or self._ending.enter_context(thrown_away_server(fsync=False)).url()
        return self._url

    def end(self) -> None:
        """Stop the server, or leave the given one as it was."""
        if self._url is not None and os.environ.get(GIVEN_URL):
            asyncio.run(SharedServer(self._url, self.name, copies_files=False).drop_all())
        self._ending.close()


_RUN: Final = pytest.StashKey[Run]()


def pytest_configure(config: pytest.Config) -> None:
    """Note down the run, in the process that began it."""
    if not hasattr(config, "workerinput"):
        config.stash[_RUN] = Run()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End it."""
    if _RUN in config.stash:
        config.stash[_RUN].end()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of xdist where the server is."""
    run = node.config.stash[_RUN]
    node.workerinput["postgres"] = (run.url(), run.name)


@pytest_asyncio.fixture(scope="session", loop_scope="session", autouse=True)
async def _pool_closed_at_the_end() -> AsyncIterator[None]:
    """Its connections must be closed in the loop in which they were opened."""
    yield
    await _POOL.close()


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> DatabaseServer:
    """The server of this run. It does not fsync: tests that kill use `durable_postgres`."""
    told = getattr(request.config, "workerinput", None)
    if told is not None:
        url, name = told["postgres"]
    else:
        run = request.config.stash[_RUN]
        url, name = run.url(), run.name
    return SharedServer(url, name, copies_files=GIVEN_URL not in os.environ)


@pytest.fixture
def durable_postgres() -> Iterator[PostgresServer]:
    """A server of this test alone, durable as in a run, that may be killed and restarted. Always the wheel's."""
    with thrown_away_server(fsync=True) as server:
        yield server


@contextmanager
def thrown_away_server(*, fsync: bool) -> Iterator[PostgresServer]:
    """A server in a temporary folder that disappears with it."""
    # Not pytest's own folder: only its owner may enter that, and as root the server is somebody else.
    folder = Path(tempfile.mkdtemp(prefix=FOLDER, dir=None if fsync else _fast_place()))
    folder.chmod(0o711)
    server = PostgresServer.start(folder / "postgres", fsync=fsync)
    try:
        make_logins(server.url())
        yield server
    finally:
        server.stop("immediate")
        shutil.rmtree(server.home, ignore_errors=True)  # the server may still be taking its own files away
        shutil.rmtree(folder, ignore_errors=True)


def _fast_place() -> Path | None:
    """The machine's memory if it has room, None for the usual place of temporary files."""
    if not os.access(MEMORY, os.W_OK | os.X_OK):
        return None
    _remove_abandoned(MEMORY)
    free = min(shutil.disk_usage(MEMORY).free, psutil.virtual_memory().available)
    return MEMORY if free >= ROOM else None


def _remove_abandoned(place: Path) -> None:
    """Remove what killed runs left in memory: folders whose owner no longer holds the lock."""
    for lock in place.glob(f"{FOLDER}*/postgres/owner.lock"):
        with suppress(OSError), lock.open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parents[1], ignore_errors=True)


# --- databases --------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def named_database(server: DatabaseServer, name: str, template: str | None = None) -> AsyncIterator[str]:
    """The URL of a new database, a copy of `template` if given; dropped at the end with whoever holds it."""
    await server.create_database(name, template)
    url = server.url(name)
    try:
        yield url
    finally:
        await drop_database(server.url(), urlsplit(url).path.removeprefix("/"))


def fresh_database(
    server: DatabaseServer, name_prefix: str = "test", template: str | None = None
) -> AbstractAsyncContextManager[str]:
    """The same under a name that nothing else has."""
    return named_database(server, f"{name_prefix}_{uuid.uuid4().hex[:12]}", template)


_templates: dict[tuple[str, str], str] = {}


async def template_database(server: DatabaseServer, subject: str, prepare: Callable[[str], Awaitable[object]]) -> str:
    """The name of a database that `prepare(url)` filled once in this process, for `fresh_database(template=...)`.

    `prepare` must leave no connection open: PostgreSQL copies only what nobody uses.
    """
    known = _templates.get((server.url(), subject))
    if known is not None:
        return known
    name = f"template_{subject}_{uuid.uuid4().hex[:8]}"
    await server.create_database(name)
    await prepare(server.url(name))
    _templates[server.url(), subject] = name
    return name


async def migrated_database(server: DatabaseServer, service: str) -> str:
    """The name of a template with the newest schema of this service."""
    return await template_database(server, service, lambda url: upgrade(url, service))
