"""`python -m deploy.republish <service> --since 2026-11-23T00:00+08:00 --until ...`: publish again what a bus has lost."""

from __future__ import annotations

import argparse
import asyncio
from datetime import datetime

import asyncpg

from shared.outbox.keeping import republish
from shared.settings import SERVICES, Settings


async def _run(service: str, since: datetime, until: datetime) -> int:
    connection = await asyncpg.connect(Settings().database_of(service))
    try:
        return await republish(connection, since, until)
    finally:
        await connection.close()


def _moment(spelling: str) -> datetime:
    moment = datetime.fromisoformat(spelling)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("a moment needs its offset, as in 2026-11-23T00:00+08:00")
    return moment


def main() -> None:
    """Run it, configured by the environment of the service."""
    parser = argparse.ArgumentParser(prog="python -m deploy.republish", description=__doc__)
    parser.add_argument("service", choices=SERVICES)
    parser.add_argument("--since", type=_moment, required=True)
    parser.add_argument("--until", type=_moment, required=True)
    given = parser.parse_args()
    print(f"{asyncio.run(_run(given.service, given.since, given.until))} events will be sent again")


if __name__ == "__main__":
    main()
