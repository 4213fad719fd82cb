"""All five services in one process, with an embedded database and bus, a sample district and a simulated upstream."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, TextIO

from shared.run.importing import without_collecting

with without_collecting():
    import uvloop

    from sample.history import history_in
    from sample.platform import accompany, greeting, note_running
    from services.analytics.service import SERVICE as ANALYTICS
    from services.dispatch.service import SERVICE as DISPATCH
    from services.intake.service import SERVICE as INTAKE
    from services.review.service import SERVICE as REVIEW
    from services.sla.service import SERVICE as SLA
    from shared.run.embedded import Embedded, embedded
    from shared.run.process import Process, serve
    from shared.run.starting import REFUSALS, data_folder, refusal_in, telling, usable
    from shared.run.watching import NotStartedAgain, database_ground, keep_running
    from shared.service import Service
    from shared.telemetry import configure_logs

ALL: Final[tuple[Service, ...]] = (INTAKE, DISPATCH, SLA, REVIEW, ANALYTICS)


async def _run(platform: Embedded, ready: Callable[[Process, str], Coroutine[Any, Any, None]]) -> None:
    """Serve until Ctrl-C, on a database that is started again when it ends by itself."""
    async with asyncio.TaskGroup() as group:
        keeper = None
        if platform.server is not None:
            keeper = group.create_task(keep_running(database_ground(platform.server)), name="database")
        await serve(ALL, platform.settings, sock=platform.sock, ready=ready)
        # Not before: until here the last requests need the database.  The server is stopped when this has ended.
        if keeper is not None:
            keeper.cancel()


def main() -> int:
    """Run until Ctrl-C; 2 with clear words when something of the machine stands in the way, 1 when it cannot go on."""
    try:
        folder = usable(data_folder(Path("var")))
        history = history_in(folder)
        clock = None if history is None else f"catching-up:{history.clock_path}"
        with embedded(folder, clock=clock) as platform, _log_of(folder) as log:
            configure_logs(platform.settings.log_level, stream=log)

            async def ready(process: Process, address: str) -> None:
                if os.environ.get("GONGDAN_SAMPLE", "1") == "0":
                    note_running(platform, process, address)
                    print(greeting(platform, address, sample=False), flush=True)
                    return
                await accompany(process, platform, address)

            try:
                uvloop.run(_run(platform, ready))
            finally:
                # Ours alone: one who was refused the folder must not hide the platform that runs in it.
                (folder / "running").unlink(missing_ok=True)
    except (*REFUSALS, NotStartedAgain, BaseExceptionGroup) as fault:
        if (given_up := refusal_in(fault, (NotStartedAgain,))) is not None:
            print(f"平台已停止：{given_up}", file=sys.stderr)
            return 1
        if (refusal := refusal_in(fault, REFUSALS)) is not None:
            print(f"无法启动：{refusal}", file=sys.stderr)
            return 2
        raise
    print("已停止；再次执行 make run 从这里继续。")
    return 0


def _log_of(folder: Path) -> TextIO:
    with telling(folder):
        return (folder / "gongdan.log").open("a", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
