"""Database and broker are started again when they end by themselves, and never while they are being stopped."""

from __future__ import annotations

import asyncio
import threading

import pytest

from shared.run.watching import Ground, NotStartedAgain, keep_running
from tests.support.waiting import eventually


class Server:
    """A server that the test can end, and whose next starts may fail."""

    def __init__(self, *, failures: int = 0) -> None:
        self.up, self.starts, self.failures = True, 0, failures
        self.may_start = threading.Event()
        self.may_start.set()
        self.starting = threading.Event()

    def start(self) -> None:
        self.starting.set()
        assert self.may_start.wait(10)
        self.starts += 1
        if self.failures:
            self.failures -= 1
            raise RuntimeError("端口已被占用\n许多别的话")
        self.up = True

    def ground(self, tries: int | None = None) -> Ground:
        return Ground("内置数据库", lambda: self.up, self.start, tries)


async def test_a_server_that_has_ended_is_started_again_and_one_line_says_so() -> None:
    server, said = Server(), list[str]()
    async with asyncio.TaskGroup() as group:
        keeper = group.create_task(keep_running(server.ground(), said.append, pause=0.01))
        for times in (1, 2):
            server.up = False
            await eventually(lambda times=times: len(said) == times and server.up)
        keeper.cancel()

    assert server.starts == 2
    assert said == ["内置数据库意外结束，已重新启动。"] * 2


async def test_a_failed_start_is_reported_in_one_line_and_tried_again() -> None:
    server, said = Server(failures=2), list[str]()
    async with asyncio.TaskGroup() as group:
        keeper = group.create_task(keep_running(server.ground(tries=3), said.append, pause=0.01))
        server.up = False
        await eventually(lambda: server.up)
        await eventually(lambda: len(said) == 3)
        keeper.cancel()

    assert all("第 " in line and "端口已被占用" in line and "\n" not in line for line in said[:2])
    assert said[2] == "内置数据库意外结束，已重新启动。"


async def test_too_many_failed_starts_in_a_row_end_the_platform() -> None:
    server = Server(failures=3)
    server.up = False

    with pytest.raises(NotStartedAgain, match="连续 3 次") as given_up:
        await keep_running(server.ground(tries=3), lambda _: None, pause=0.01)

    assert (given_up.value.what, given_up.value.tries, server.starts) == ("内置数据库", 3, 3)


async def test_stopping_the_watcher_waits_for_a_start_in_progress() -> None:
    server = Server()
    server.may_start.clear()
    async with asyncio.TaskGroup() as group:
        keeper = group.create_task(keep_running(server.ground(), lambda _: None, pause=0.01))
        server.up = False
        await eventually(server.starting.is_set)
        keeper.cancel()
        done, _ = await asyncio.wait([keeper], timeout=0.05)
        assert not done
        server.may_start.set()

    assert keeper.cancelled()
    assert (server.starts, server.up) == (1, True)
