"""`make run` when its PostgreSQL is killed: it is started again, and nothing that was answered is lost."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import psutil
import pytest

from sample.upstream import SimulatedUpstream
from shared.clock import RealClock
from tests.support.make_run import running
from tests.support.waiting import eventually

pytestmark = [pytest.mark.kill, pytest.mark.slow]


async def test_the_database_is_started_again_on_its_data_and_the_services_go_on(folder: Path) -> None:
    async with running(folder, GONGDAN_SAMPLE="0") as platform:
        channels = json.loads((folder / "secrets.json").read_text(encoding="utf-8"))["channels"]
        upstream = SimulatedUpstream(channels, RealClock(), str(platform.http.base_url), revisit_after=1e9)
        demand = upstream.next_demand()
        accepted = await upstream.push(platform.http, demand)
        first = platform.postmaster()
        first.kill()
        await eventually(lambda: not first.is_running() or first.status() == psutil.STATUS_ZOMBIE)

        await eventually(lambda: "内置数据库意外结束，已重新启动" in platform.said(), within=60)
        await eventually(platform.ready, within=60, every=0.1)

        assert (await upstream.push(platform.http, demand))["order_id"] == accepted["order_id"]
        await upstream.push(platform.http, upstream.next_demand())
        platform.process.send_signal(signal.SIGINT)
        assert platform.process.wait(60) == 0
    assert platform.said().count("意外结束") == 1


async def test_a_database_that_cannot_be_started_again_ends_the_platform_with_a_clear_message(folder: Path) -> None:
    async with running(folder, GONGDAN_SAMPLE="0") as platform:
        # Without it no server starts, as with a full or broken disk.
        (folder / "postgres" / "data" / "global" / "pg_control").unlink()
        platform.postmaster().kill()

        assert platform.process.wait(120) == 1
    said = platform.said()
    assert "平台已停止：内置数据库意外结束，连续 5 次未能重新启动" in said
    assert "Traceback" not in said
    assert not (folder / "running").exists()
