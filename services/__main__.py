"""All five services in one process, with an embedded database and bus, a sample district and a simulated upstream."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final, TextIO

import uvloop

from sample.platform import accompany, greeting, note_running
from services.analytics.service import SERVICE as ANALYTICS
from services.dispatch.service import SERVICE as DISPATCH
from services.intake.service import SERVICE as INTAKE
from services.review.service import SERVICE as REVIEW
from services.sla.service import SERVICE as SLA
from shared.run.embedded import embedded
from shared.run.process import Process, serve
from shared.run.starting import REFUSALS, data_folder, refusal_in, telling, usable
from shared.service import Service
from shared.telemetry import configure_logs

ALL: Final[tuple[Service, ...]] = (INTAKE, DISPATCH, SLA, REVIEW, ANALYTICS)


def main() -> int:
    """Run until Ctrl-C; 2 with clear words when something of the machine stands in the way."""
    try:
        folder = usable(data_folder(Path("var")))
        with embedded(folder) as platform, _log_of(folder) as log:
            configure_logs(platform.settings.log_level, stream=log)

            async def ready(process: Process, address: str) -> None:
                if os.environ.get("GONGDAN_SAMPLE", "1") == "0":
                    note_running(platform, process, address)
                    print(greeting(platform, address, sample=False), flush=True)
                    return
                await accompany(process, platform, address)

            try:
                uvloop.run(serve(ALL, platform.settings, sock=platform.sock, ready=ready))
            finally:
                # Ours alone: one who was refused the folder must not hide the platform that runs in it.
                (folder / "running").unlink(missing_ok=True)
    except (*REFUSALS, BaseExceptionGroup) as fault:
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
