"""The desk of sla: a real database, a clock that stands still."""

from collections.abc import AsyncIterator

import pytest

from services.sla.service import SERVICE
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk, desk_of


@pytest.fixture
async def desk(postgres_server: DatabaseServer) -> AsyncIterator[Desk]:
    """Monday 2026-11-23 09:00; every event that a test tells must be applied."""
    async with desk_of(SERVICE, postgres_server) as desk:
        yield desk
        assert await desk.parked() == []
