"""A prepared database, and the tiny service on it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.telemetry import configure_logs
from tests.kernel.memory_bus import MemoryBus
from tests.kernel.tiny import Tiny, prepare, tiny_at
from tests.support.postgres import SharedServer, fresh_database, template_database
from tests.support.reuse import KeptDatabase

# Lines as in production: rendering tracebacks for a terminal would take longer than the tests.
configure_logs("INFO")


@pytest.fixture
async def kept_database(postgres_server: SharedServer) -> AsyncIterator[KeptDatabase]:
    """A database with the tiny service's tables, which are empty."""

    async def make() -> KeptDatabase:
        template = await template_database(postgres_server, "tiny", prepare)
        return await KeptDatabase.made(fresh_database(postgres_server, "tiny", template))

    async with postgres_server.pool.borrowed("tiny", make) as database:
        yield database


@pytest.fixture
def database(kept_database: KeptDatabase) -> str:
    """The same by its address."""
    return kept_database.url


@pytest.fixture
def bus() -> MemoryBus:
    """A bus in memory with one partition per topic."""
    return MemoryBus()


@pytest.fixture
async def tiny(kept_database: KeptDatabase, bus: MemoryBus, tmp_path: Path) -> AsyncIterator[Tiny]:
    """The tiny service; nothing of it runs until the test says so."""
    async with tiny_at(kept_database.url, bus=bus, folder=tmp_path, kept=kept_database) as service:
        yield service


class _Lines(logging.Handler):
    """Keeps what our loggers say.  On the root, because a logger keeps the processors it first had."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line of ours; a library's is text."""
        if isinstance(record.msg, dict):
            self.lines.append({**record.msg, "log_level": record.levelname.lower()})


@pytest.fixture
def logs() -> Iterator[list[dict[str, Any]]]:
    """What is logged while the test runs, as it was said."""
    handler = _Lines()
    logging.getLogger().addHandler(handler)
    try:
        yield handler.lines
    finally:
        logging.getLogger().removeHandler(handler)
