"""Engines and the one column type for moments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
from sqlalchemy import DateTime, Dialect
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """timestamptz that refuses a datetime without its offset and gives back UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What a value of such a column is: a cursor is written and read by it."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Refuse a naive datetime: it would be read in the server's zone."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs its offset")
        return value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """UTC, whatever the session's time zone is."""
        return None if value is None else value.astimezone(UTC)


def sqlalchemy_url(url: str) -> str:
    """The same address with the driver that we use."""
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


def asyncpg_url(url: str) -> str:
    """The same address for asyncpg itself."""
    return url.replace("postgresql+asyncpg://", "postgresql://", 1)


# The server's own bounds instead of cancelling statements from here: a cancelled one can leave its connection in the
# pool with an open transaction (R3).  The idle bound frees the locks of a process that was stopped in mid-transaction.
SERVER_BOUNDS = {
    "application_name": "gongdan",
    "statement_timeout": "30000",
    "lock_timeout": "10000",
    "idle_in_transaction_session_timeout": "10000",
    "jit": "off",
    "timezone": "UTC",
}


_UNIT_CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_asking: ContextVar[str | None] = ContextVar("asking", default=None)


@contextmanager
def asked_by(unit: str) -> Iterator[None]:
    """Transactions that begin inside, on a UnitConnection, see what this unit may see."""
    # BEGIN takes no parameters: what is put into its text is checked here, and every code of a unit passes.
    if not _UNIT_CODE.fullmatch(unit):
        raise ValueError("not a unit's code")
    before = _asking.get()
    _asking.set(unit)
    try:
        yield
    finally:
        _asking.set(before)


class UnitConnection(asyncpg.Connection):  # type: ignore[type-arg, misc, unused-ignore]  # not generic when it runs
    """A connection whose transactions begin with the unit that asks, in the message that says BEGIN.

    A statement of its own would cost every command another round trip.  Without a unit nothing is said, and the policies of row-level security show nothing.
    """

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        """As asyncpg's; asyncpg begins every transaction through here."""
        if not args and query.startswith("BEGIN"):
            unit = _asking.get()
            if unit is not None:
                query += f"set local app.unit = '{unit}';"
        return str(await super().execute(query, *args, timeout=timeout))


# With the values of a cursor the planner takes a page of a list for one row, and walks the index of the whole district
# instead of the unit's.  Without them it takes the unit's (measured on 300,000 orders: 1,334 rows removed, and none).
_GENERIC: Final = {"plan_cache_mode": "force_generic_plan"}


def new_engine(url: str, *, pool_size: int, name: str, unit: bool = False) -> AsyncEngine:
    """An engine; with `unit` its transactions say which unit asks.

    Its pool is bounded and quick to refuse, so that overload answers 503 instead of queueing (R6).
    """
    return create_async_engine(
        sqlalchemy_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_recycle=1800,
        pool_use_lifo=True,
        hide_parameters=True,  # the parameters of a failed statement are citizens' data (R45)
        connect_args={
            "server_settings": {**SERVER_BOUNDS, **(_GENERIC if unit else {}), "application_name": f"gongdan-{name}"},
            "timeout": 10,
            "prepared_statement_cache_size": 512,
            **({"connection_class": UnitConnection} if unit else {}),
        },
    )
