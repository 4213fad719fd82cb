"""What stands beside the platform when it runs as a sample: the district, the upstream, and words for the newcomer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
import uvicorn

from sample.staff import People
from sample.upstream import SimulatedUpstream
from shared.clock import Clock, SimulatedClock

if TYPE_CHECKING:
    from shared.run.embedded import Embedded
    from shared.run.process import Process

_PUSH_EVERY: Final = 30.0
_READY_WITHIN: Final = 60.0


@dataclass(frozen=True, slots=True)
class Standing:
    """A platform that takes requests, as far as district and upstream need to know it."""

    address: str
    folder: Path
    secrets: Mapping[str, Any]
    clock: Clock
    upstream_sock: socket.socket
    """Where the platform sends its feedback to."""


def orientation(address: str, secrets: Mapping[str, Any], *, sample: bool) -> list[str]:
    """The API documents, the accounts, what to try: line by line, the same for every way to run the platform."""
    admin = secrets["admin_password"]
    lines = [
        "  API documents   " + "  ".join(f"{address}/api/{name}/docs" for name in ("intake", "dispatch")),
        "                  " + "  ".join(f"{address}/api/{name}/docs" for name in ("sla", "review", "analytics")),
        f"  administrator   account admin, password {admin}",
    ]
    if sample:
        staff = secrets["staff_password"]
        lines += [
            f"  everybody else  password {staff}; accounts:",
            "                  paidan 派单员 · shenhe 审核员 · huifang 回访员 · fenxi 分析员 · zhuren、fuzhuren 中心负责人",
            "                  <unit>-jingban 经办人 · <unit>-lingdao 主要领导; units: chengguan, zhujian, shuiwu, huanghailu ...",
            f"  a simulated municipal 12345 platform pushes an order about every {_PUSH_EVERY:.0f} s",
            "",
            "Try, in another terminal:",
            "  make walk                        watch one order go the whole way, step by step",
            f"  TOKEN=$(curl -s {address}/api/dispatch/v1/tokens -H 'content-type: application/json' \\",
            f'    -d \'{{"account":"paidan","password":"{staff}"}}\' | cut -d\'"\' -f4)        log in as the dispatcher',
            f"  curl -s '{address}/api/dispatch/v1/orders?status=triage' -H \"authorization: Bearer $TOKEN\"",
            "  every step's call stands in sample/walk.py, the upstreams' webhook secrets in secrets.json of the data folder",
        ]
    return lines


def greeting(platform: Embedded, address: str, *, sample: bool) -> str:
    """Where to look, how to log in, what to try."""
    lines = [
        "",
        f"Gongdan 工单 is ready at {address}   (data in {platform.folder}, log in gongdan.log there)",
        "",
        f"  health          {address}/readyz    metrics  {address}/metrics",
        *orientation(address, platform.secrets, sample=sample),
        "",
        "Ctrl-C stops all of it.",
    ]
    return "\n".join(lines)


def note_running(platform: Embedded, process: Process, address: str) -> None:
    """Write down where the platform is and which clock it runs on, for programs in other terminals."""
    simulated = isinstance(process.clock, SimulatedClock)
    note(platform.folder, address, f"simulated:{platform.folder / 'clock.json'}" if simulated else "real")


def note(folder: Path, address: str, clock: str) -> None:
    """Write down for `make walk` where a platform runs, and on which clock, as GONGDAN_CLOCK spells it."""
    (folder / "running").write_text(f"{address} {clock}", encoding="utf-8")


async def _until_ready(http: httpx.AsyncClient) -> None:
    deadline = asyncio.get_running_loop().time() + _READY_WITHIN
    while True:
        with contextlib.suppress(httpx.TransportError):
            if (await http.get("/readyz")).json()["status"] == "ready":
                return
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError("the platform did not become ready")
        await asyncio.sleep(0.05)


async def accompany(process: Process, platform: Embedded, address: str) -> None:
    """Load the district, say hello, and let the simulated upstream push until the platform stops."""
    standing = Standing(address, platform.folder, platform.secrets, process.clock, platform.upstream_sock)
    await keep_company(standing, lambda: print(greeting(platform, address, sample=True), flush=True))


async def keep_company(platform: Standing, hello: Callable[[], None]) -> None:
    """Load the district once, say hello, take the feedback and push orders until cancelled."""
    upstream = SimulatedUpstream(
        secrets=platform.secrets["channels"],
        clock=platform.clock,
        base_url=platform.address,
        state=platform.folder / "upstream.json",
        revisit_after=float(os.environ.get("GONGDAN_SAMPLE_REVISIT_SECONDS", "20")),
    )
    server = uvicorn.Server(
        uvicorn.Config(upstream.app(), log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    )
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    async with httpx.AsyncClient(base_url=platform.address, timeout=30, trust_env=False) as http:
        await _until_ready(http)
        people = People(
            http,
            admin_password=platform.secrets["admin_password"],
            staff_password=platform.secrets["staff_password"],
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve(sockets=[platform.upstream_sock]))
            try:
                await people.load_district()
                hello()
                every = float(os.environ.get("GONGDAN_SAMPLE_SECONDS", str(_PUSH_EVERY)))
                group.create_task(upstream.keep_revisiting(http))
                await upstream.keep_pushing(http, every=every)
            finally:
                server.should_exit = True
