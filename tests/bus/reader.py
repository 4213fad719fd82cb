"""A member of a consumer group as a process: writes each effect into its journal, then commits. SIGTERM makes it leave."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from shared.bus import Bus, BusUnavailable
from tests.support.bus import bus_at, next_offsets
from tests.support.waiting import eventually


class Reader:
    """Reads until SIGTERM; joins again after the bus was away."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._journal = os.open(settings["journal"], os.O_WRONLY | os.O_APPEND)
        self._leaving = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._leaving.set)

    def note(self, kind: str, **facts: Any) -> None:
        os.write(self._journal, (json.dumps({"kind": kind, **facts}) + "\n").encode())

    async def stay(self) -> None:
        bus = bus_at(self._settings["address"], timeout=5.0)

        async def done() -> bool:
            try:
                self.note("starting")
                await bus.start()
                await self._read(bus)
            except BusUnavailable as error:
                self.note("unavailable", reason=str(error))
                return False
            return True

        try:
            await eventually(done, within=600, every=0.1)
        finally:
            await bus.stop()

    async def _read(self, bus: Bus) -> None:
        settings = self._settings
        async with bus.subscribe(settings["group"], [settings["topic"]], member=settings["member"]) as subscription:
            self.note("joined")
            assigned: frozenset[Any] = frozenset()
            while not self._leaving.is_set():
                batch = await subscription.fetch(max_records=20, timeout=0.2)
                if subscription.assignment() != assigned:
                    assigned = subscription.assignment()
                    self.note("assigned", partitions=sorted(tp.partition for tp in assigned))
                for deliveries in batch.values():
                    for seen in deliveries:
                        value = int(seen.value or b"0")
                        self.note("effect", partition=seen.partition, offset=seen.offset, key=seen.key, value=value)
                if batch and settings["go"] is not None:
                    self.note("holding")
                    await eventually(Path(settings["go"]).exists, within=120)
                if batch:
                    self.note("commit", stored=await subscription.commit(next_offsets(batch)))


async def main() -> None:
    await Reader(json.loads(sys.argv[1])).stay()


if __name__ == "__main__":
    asyncio.run(main())
