"""The desk of analytics."""

from collections.abc import AsyncIterator

import pytest

from services.analytics.service import SERVICE
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk, desk_of


@pytest.fixture
async def desk(postgres_server: DatabaseServer) -> AsyncIterator[Desk]:
    async with desk_of(SERVICE, postgres_server) as made:
        yield made
