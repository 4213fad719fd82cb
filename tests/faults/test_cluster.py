"""`make cluster` and `make walk` as a person uses them, with a kill -9 of the cluster's owner between two starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
import psutil
import pytest

from tests.support.kafka import jars_or_skip
from tests.support.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.kill, pytest.mark.slow]

ROOT: Final = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the database's user can reach, also as root."""
    jars_or_skip()
    path = Path(tempfile.mkdtemp(prefix="gongdan-test-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def command(module: str, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, "GONGDAN_VAR": str(folder), "GONGDAN_SAMPLE_SECONDS": "3600"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said(module: str, folder: Path, *arguments: str) -> tuple[int, str]:
    """How a command ended, and its output."""
    with command(module, folder, *arguments) as process:
        words, _ = process.communicate(timeout=120)
    return process.returncode, words


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[subprocess.Popen[str]]:
    """A cluster whose greeting has been written; it is killed at the end if it still runs."""
    note = folder / "cluster" / "running"
    note.unlink(missing_ok=True)
    with command("deploy.cluster", folder, "--replicas", "1") as cluster:

        def ready() -> bool:
            assert cluster.poll() is None
            return note.exists()

        try:
            await eventually(ready, within=120)
            yield cluster
        finally:
            cluster.kill()


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if _lives(process)]


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it ended between the two questions
        return False


def walked(folder: Path, address: str) -> None:
    code, words = said("sample.walk", folder)
    assert code == 0, words
    assert address in words.splitlines()[0]
    assert "→ 已办结" in words


async def test_a_cluster_ends_with_its_owner_and_the_next_one_takes_an_order_the_whole_way(folder: Path) -> None:
    note = folder / "cluster" / "running"
    async with started(folder) as first:
        walked(folder, note.read_text(encoding="utf-8").split()[0])
        code, words = said("deploy.cluster", folder)
        assert (code, "正由另一个进程使用" in words) == (2, True), words
        children = psutil.Process(first.pid).children(recursive=True)
        assert any("java" in child.name() for child in children)
        first.kill()
        first.wait()

    await eventually(lambda: not alive(children), within=30)
    code, words = said("sample.walk", folder)
    assert (code, "没有运行中的平台" in words) == (1, True), words

    async with started(folder) as second:
        walked(folder, note.read_text(encoding="utf-8").split()[0])
        second.terminate()
        words = second.communicate(timeout=60)[0]
    assert "另开一个终端" in words
    assert "账号 admin，密码" in words
    assert second.returncode == 0
    assert not note.exists()


def server(cluster: subprocess.Popen[str], name: str) -> psutil.Process | None:
    """The broker or the first process of the database, as a child of the cluster's first process."""
    children = alive(psutil.Process(cluster.pid).children())
    return next((child for child in children if child.name() == name), None)


async def test_broker_and_database_are_started_again_when_they_are_killed(folder: Path) -> None:
    async with started(folder) as cluster:
        address = (folder / "cluster" / "running").read_text(encoding="utf-8").split()[0]
        for name in ("java", "postgres"):
            first = server(cluster, name)
            assert first is not None
            first.kill()

            def another(name: str = name, first: psutil.Process = first) -> bool:
                found = server(cluster, name)
                return found is not None and found.pid != first.pid

            await eventually(another, within=60, every=0.1)

        async with httpx.AsyncClient(base_url=address, timeout=10, trust_env=False) as http:

            async def ready() -> bool:
                return bool((await http.get("/readyz")).json()["status"] == "ready")

            await eventually(ready, within=60, every=0.1)
        walked(folder, address)
        cluster.terminate()
        words = cluster.communicate(timeout=60)[0]
    assert words.count("意外结束") == 2, words
    assert "Kafka 进程意外结束，已重新启动。" in words
    assert "内置数据库意外结束，已重新启动。" in words
    assert cluster.returncode == 0
