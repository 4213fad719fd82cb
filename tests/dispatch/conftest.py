"""The dispatch desk: units, caseworkers and an order on a real database, with a fixed clock."""

from collections.abc import AsyncIterator

import pytest

from services.dispatch.service import SERVICE
from tests.dispatch.story import Story
from tests.support.postgres import DatabaseServer
from tests.support.service import desk_of


@pytest.fixture
async def story(postgres_server: DatabaseServer) -> AsyncIterator[Story]:
    """Three units that are ready, and nothing else."""
    async with desk_of(SERVICE, postgres_server) as desk:
        told = Story(desk)
        await told.enter_units()
        yield told
