"""The servers of a benchmark: a PostgreSQL with fsync and a Kafka broker, deleted at the end."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from deploy.kafka.broker import Broker, KafkaUnavailable
from shared.db.logins import create_logins
from shared.run.embedded import drawn_secrets
from shared.run.postgres import PostgresServer
from shared.settings import SERVICES

ROOT: Final = Path(__file__).resolve().parents[1]
_PASSWORD: Final = "bench"


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    """A folder that the database's user can reach; GONGDAN_BENCH_KEEP=1 keeps it for inspection."""
    folder = Path(tempfile.mkdtemp(prefix=f"gongdan-{name}-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        if os.environ.get("GONGDAN_BENCH_KEEP") == "1":
            print(f"kept: {folder}", flush=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres(folder: Path) -> Iterator[PostgresServer]:
    """A durable server in `folder`."""
    server = PostgresServer.start(folder / "postgres")
    try:
        yield server
    finally:
        server.stop("immediate")
        shutil.rmtree(server.home, ignore_errors=True)


@contextmanager
def kafka(folder: Path) -> Iterator[Broker | None]:
    """A broker in `folder`; where none can run it prints that and yields None."""
    try:
        broker = Broker(folder / "kafka").start()
    except KafkaUnavailable as reason:
        print(f"KAFKA LEFT OUT: {reason}", flush=True)
        yield None
        return
    try:
        yield broker
    finally:
        broker.kill()


class Child:
    """One of our programs in its own process, with its log beside the data."""

    def __init__(self, module: str, environment: Mapping[str, str], log: Path, *arguments: str) -> None:
        self._module, self._environment, self._log, self._arguments = module, environment, log, arguments
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> Child:
        """Start it."""
        with self._log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self._module, *self._arguments,
                cwd=ROOT, env={**os.environ, **self._environment}, stdout=log, stderr=log,
            )  # fmt: skip
        return self

    @property
    def pid(self) -> int | None:
        """Its process id."""
        return self.process.pid if self.process is not None else None

    async def ready(self, address: str, within: float = 60.0) -> None:
        """Return when /readyz answers 200."""
        deadline = asyncio.get_running_loop().time() + within
        async with httpx.AsyncClient(timeout=5.0, trust_env=False) as http:
            while True:
                try:
                    if (await http.get(f"{address}/readyz")).json()["status"] == "ready":
                        return
                except (httpx.HTTPError, ValueError):
                    pass
                if self.process is not None and self.process.returncode is not None:
                    raise RuntimeError(f"{self._module} ended:\n{self._log.read_text()[-3000:]}")
                if asyncio.get_running_loop().time() > deadline:
                    raise TimeoutError(f"{self._module} is not ready:\n{self._log.read_text()[-3000:]}")
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """Send SIGTERM and wait for its end."""
        if self.process is None or self.process.returncode is not None:
            return
        self.process.terminate()
        try:
            async with asyncio.timeout(20):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


def keys() -> dict[str, Any]:
    """Secrets of every kind, drawn for this run; the logins of the database have a password that every process knows."""
    return {**drawn_secrets(), **{f"{group}_password": _PASSWORD for group in ("owner", "centre", "unit")}}


async def databases(server: PostgresServer, *names: str) -> None:
    """These databases, and the logins of all services."""
    await create_logins(server.url(), SERVICES, owner=_PASSWORD, centre=_PASSWORD, unit=_PASSWORD)
    for name in names:
        await server.create_database(name)
