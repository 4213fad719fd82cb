"""The dispatch desk: units, caseworkers and an order on a real database, with a fixed clock."""

from collections.abc import AsyncIterator

import pytest

from services.dispatch.service import SERVICE
from tests.dispatch.story import Story
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk, desk_of


async def with_units(desk: Desk) -> None:
    """Three units that are ready."""
    await Story(desk).enter_units()


@pytest.fixture
async def story(postgres_server: DatabaseServer) -> AsyncIterator[Story]:
    """Three units that are ready, and nothing else."""
    async with desk_of(SERVICE, postgres_server, begin=with_units) as desk:
        yield Story(desk)
