"""The sample beside a running platform: the district, the simulated upstream, and a text for newcomers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
import uvicorn

from sample.history import History, Progress
from sample.sign_in import accounts_route
from sample.staff import People
from sample.upstream import SimulatedUpstream
from shared.clock import CatchingUpClock, Clock, SimulatedClock
from shared.settings import BadSetting
from shared.telemetry import logger

if TYPE_CHECKING:
    from shared.run.embedded import Embedded
    from shared.run.process import Process

_PUSH_EVERY: Final = 30.0
_REVISIT_AFTER: Final = 20.0
_READY_WITHIN: Final = 60.0
_TELL_EVERY: Final = 10.0

_log = logger("sample")


@dataclass(frozen=True, slots=True)
class RunningPlatform:
    """What district and upstream need to know of a running platform."""

    address: str
    folder: Path
    secrets: Mapping[str, Any]
    clock: Clock
    upstream_sock: socket.socket
    """The socket on which the simulated upstream receives feedback."""
    addresses: tuple[str, ...] = ()
    """The addresses of its processes; none when it is one process at its own address."""


def _seconds(name: str, usual: float) -> float:
    """A number of seconds from the environment; BadSetting when it is not a number."""
    try:
        return float(os.environ.get(name, usual))
    except ValueError:
        raise BadSetting(f"{name} 应为秒数，现为“{os.environ[name]}”") from None


def _push_every() -> float:
    return _seconds("GONGDAN_SAMPLE_SECONDS", _PUSH_EVERY)


def how_to_try(address: str, secrets: Mapping[str, Any], *, sample: bool) -> list[str]:
    """The API documents, the accounts, what to try: line by line, the same for every way to run the platform."""
    admin = secrets["admin_password"]
    lines = [
        "  接口文档    " + "  ".join(f"{address}/api/{name}/docs" for name in ("intake", "dispatch")),
        "              " + "  ".join(f"{address}/api/{name}/docs" for name in ("sla", "review", "analytics")),
        f"  管理员      账号 admin，密码 {admin}",
    ]
    if sample:
        staff = secrets["staff_password"]
        lines += [
            f"  其他人员    密码 {staff}；账号：",
            "              paidan 派单员 · shenhe 审核员 · huifang 回访员 · fenxi 分析员 · zhuren、fuzhuren 中心负责人",
            "              <单位>-jingban 经办人 · <单位>-lingdao 主要领导；单位：chengguan、zhujian、shuiwu、huanghailu 等",
            f"  模拟的市 12345 平台约每 {_push_every():g} 秒推送一张工单",
            "",
            "另开一个终端，可以试试：",
            "  make walk                        # 看一张工单逐步走完全程",
            f"  TOKEN=$(curl -s {address}/api/dispatch/v1/tokens -H 'content-type: application/json' \\",
            f'    -d \'{{"account":"paidan","password":"{staff}"}}\' | cut -d\'"\' -f4)        # 以派单员身份登录',
            f"  curl -s '{address}/api/dispatch/v1/orders?status=triage' -H \"authorization: Bearer $TOKEN\"",
            "  每一步的调用见 sample/walk.py，上级平台的推送密钥见数据目录中的 secrets.json",
        ]
    return lines


def greeting(platform: Embedded, address: str, *, sample: bool) -> str:
    """The text for newcomers: where to look, how to log in, what to try."""
    lines = [
        "",
        f"工单平台已就绪，用浏览器打开：{address}   （数据在 {platform.folder}，日志为其中的 gongdan.log）",
        "",
        f"  健康检查    {address}/readyz    指标  {address}/metrics",
        *how_to_try(address, platform.secrets, sample=sample),
        "",
        "按 Ctrl-C 全部停止。",
    ]
    return "\n".join(lines)


def note_running(platform: Embedded, process: Process, address: str) -> None:
    """Note the platform's address and its clock in a file, for programs in other terminals."""
    note(platform.folder, address, spelling_of(process.clock, platform.folder))


def spelling_of(clock: Clock, folder: Path) -> str:
    """A clock of the platform in this folder as GONGDAN_CLOCK names it."""
    if isinstance(clock, CatchingUpClock):
        return f"catching-up:{folder / 'history.clock'}"
    return f"simulated:{folder / 'clock.json'}" if isinstance(clock, SimulatedClock) else "real"


def note(folder: Path, address: str, clock: str) -> None:
    """Note for `make walk` the address of a platform and its clock, in the form of GONGDAN_CLOCK; seen whole or not at all."""
    draft = folder / "running.draft"
    draft.write_text(f"{address} {clock}", encoding="utf-8")
    draft.replace(folder / "running")


async def _until_ready(http: httpx.AsyncClient) -> None:
    deadline = asyncio.get_running_loop().time() + _READY_WITHIN
    while True:
        with contextlib.suppress(httpx.TransportError):
            if (await http.get("/readyz")).json()["status"] == "ready":
                return
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError(f"平台未能在 {_READY_WITHIN:.0f} 秒内就绪，请查看数据目录中的日志")
        await asyncio.sleep(0.05)


async def accompany(process: Process, platform: Embedded, address: str) -> None:
    """Load the district, print the text for newcomers, and run the simulated upstream until the platform stops."""
    standing = RunningPlatform(address, platform.folder, platform.secrets, process.clock, platform.upstream_sock)

    def hello() -> None:
        # The portal's sign-in page shows the accounts of the sample, where nobody but this machine can read them.
        if "127.0.0.1" in address:
            process.app.routes.insert(0, accounts_route(platform.secrets, process.clock))
        note_running(platform, process, address)
        print(greeting(platform, address, sample=True), flush=True)

    await run_sample(standing, hello)


async def live_through_history(
    platform: RunningPlatform, people: People, upstream: SimulatedUpstream, http: httpx.AsyncClient
) -> None:
    """What has to be lived through before the present, if this start has a history."""
    progress = Progress.read(platform.folder)
    if progress is None or progress.finished or not isinstance(platform.clock, CatchingUpClock):
        return
    addresses = platform.addresses or (platform.address,)
    history = History(progress, platform.clock, people, upstream, http, addresses, Teller())
    await history.live()
    for words in history.refused:
        _log.warning("step of the history refused", step=words)


class Teller:
    """Shows how far something is: in one line of a terminal, elsewhere now and then."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, words: str) -> None:
        """Show these words in place of the ones before; a line break ends them."""
        if sys.stdout.isatty():
            print(f"\r\033[K{words}", end="", flush=True)
        elif words.endswith("\n") or time.monotonic() >= self._next:
            self._next = time.monotonic() + _TELL_EVERY
            print(words.rstrip("\n"), flush=True)


async def run_sample(platform: RunningPlatform, hello: Callable[[], None]) -> None:
    """Load the district once, call `hello`, take the feedback and push orders until cancelled."""
    upstream = SimulatedUpstream(
        secrets=platform.secrets["channels"],
        clock=platform.clock,
        base_url=platform.address,
        state=platform.folder / "upstream.json",
        revisit_after=_seconds("GONGDAN_SAMPLE_REVISIT_SECONDS", _REVISIT_AFTER),
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
                await live_through_history(platform, people, upstream, http)
                group.create_task(upstream.keep_revisiting(http))
                await upstream.keep_pushing(http, every=_push_every())
            finally:
                server.should_exit = True
