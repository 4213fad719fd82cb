"""`make run` in a process of its own, as a person starts it in a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import psutil

from tests.support.waiting import eventually, until

ROOT: Final = Path(__file__).resolve().parents[2]
_WITHOUT_HISTORY: Final = {"GONGDAN_SAMPLE_HISTORY": "0"}


@dataclass
class Running:
    """A platform in a process of its own."""

    process: subprocess.Popen[str]
    folder: Path
    said_in: Path
    http: httpx.AsyncClient

    def said(self) -> str:
        """Its output so far."""
        return self.said_in.read_text(encoding="utf-8")

    def postmaster(self) -> psutil.Process:
        """The server's first process."""
        [found] = [child for child in psutil.Process(self.process.pid).children() if child.name() == "postgres"]
        return found

    async def ready(self) -> bool:
        """Whether every service takes requests."""
        assert self.process.poll() is None, self.said()
        try:
            return bool((await self.http.get("/readyz")).json()["status"] == "ready")
        except httpx.TransportError:
            return False


@contextmanager
def _process_in(folder: Path, said: Path, variables: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "GONGDAN_VAR": str(folder), "GONGDAN_PORT": "0", **_WITHOUT_HISTORY, **variables}
    with (
        said.open("w", encoding="utf-8") as out,
        subprocess.Popen(
            [sys.executable, "-m", "services"], cwd=ROOT, env=environment, stdout=out, stderr=out, text=True
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


@asynccontextmanager
async def running(folder: Path, **variables: str) -> AsyncIterator[Running]:
    """A platform whose greeting has been written; it is killed at the end if it still runs."""
    note, said = folder / "running", folder / "said"
    with _process_in(folder, said, variables) as process:

        def noted() -> bool:
            assert process.poll() is None, said.read_text(encoding="utf-8")
            return note.exists()

        await eventually(noted, within=60)
        address = note.read_text(encoding="utf-8").split()[0]
        async with httpx.AsyncClient(base_url=address, timeout=30, trust_env=False) as http:
            platform = Running(process, folder, said, http)
            yield platform


@contextmanager
def standing(folder: Path, **variables: str) -> Iterator[str]:
    """The address of a platform whose greeting has been written, for tests without a loop; killed at the end."""
    note, said = folder / "running", folder / "said"
    with _process_in(folder, said, variables) as process:

        def noted() -> bool:
            assert process.poll() is None, said.read_text(encoding="utf-8")
            return note.exists() and note.read_text(encoding="utf-8") != ""

        until(noted, within=120)
        yield note.read_text(encoding="utf-8").split()[0]
