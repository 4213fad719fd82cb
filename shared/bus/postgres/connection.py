"""The connection settings of the bus, and which errors mean that its database is away for now."""

from typing import Any, Final

import asyncpg

#: The errors of an outage, a restart or a timeout of PostgreSQL. Time limits are asyncpg's own: they cancel the
#: statement on the server, which asyncio.wait_for around SQL does not (R3).
TROUBLE: Final = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def connection_options(*, timeout: float) -> dict[str, Any]:
    """Return the arguments of every connection; `timeout` seconds bound connecting and each statement."""
    milliseconds = str(int(timeout * 1000))
    return {
        "timeout": timeout,
        "command_timeout": timeout,
        "server_settings": {
            "application_name": "gongdan-bus",
            "statement_timeout": milliseconds,
            "lock_timeout": milliseconds,
            "idle_in_transaction_session_timeout": milliseconds,
            # Every query here has its index. A plan made while the log was empty would scan the whole table until the
            # database has gathered statistics. With arrays as parameters it would plan them anew each time, which takes
            # longer than running them.
            "enable_seqscan": "off",
            "enable_bitmapscan": "off",
            "plan_cache_mode": "force_generic_plan",
            "jit": "off",
        },
    }
