"""A prepared database, and the tiny service on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.kernel.memory_bus import MemoryBus
from tests.kernel.tiny import Tiny, prepare, tiny_at
from tests.support.postgres import DatabaseServer, fresh_database, template_database


@pytest.fixture
async def database(postgres_server: DatabaseServer) -> AsyncIterator[str]:
    """The address of a database with the tiny service's tables."""
    template = await template_database(postgres_server, "tiny", prepare)
    async with fresh_database(postgres_server, "tiny", template) as url:
        yield url


@pytest.fixture
def bus() -> MemoryBus:
    """A bus in memory with one partition per topic."""
    return MemoryBus()


@pytest.fixture
async def tiny(database: str, bus: MemoryBus, tmp_path: Path) -> AsyncIterator[Tiny]:
    """The tiny service; nothing of it runs until the test says so."""
    async with tiny_at(database, bus=bus, folder=tmp_path) as service:
        yield service


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged, as it was said; rendering tracebacks for a terminal would take longer than the tests."""
    with structlog.testing.capture_logs() as lines:
        yield lines
