"""All five services in one process, with an embedded database and bus, a sample district and a simulated upstream."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

import uvloop

from sample.platform import accompany, greeting, note_running
from services.analytics.service import SERVICE as ANALYTICS
from services.dispatch.service import SERVICE as DISPATCH
from services.intake.service import SERVICE as INTAKE
from services.review.service import SERVICE as REVIEW
from services.sla.service import SERVICE as SLA
from shared.clock import BadClock
from shared.run.embedded import embedded
from shared.run.postgres import PostgresFailed, PostgresInUse
from shared.run.process import PortTaken, Process, serve
from shared.service import Service
from shared.settings import BadSetting
from shared.telemetry import configure_logs

ALL: Final[tuple[Service, ...]] = (INTAKE, DISPATCH, SLA, REVIEW, ANALYTICS)


def main() -> int:
    """Run until Ctrl-C; 2 with clear words when something of the machine stands in the way."""
    folder = Path(os.environ.get("GONGDAN_VAR", "var")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with embedded(folder) as platform, (folder / "gongdan.log").open("a", encoding="utf-8") as log:
            configure_logs(platform.settings.log_level, stream=log)

            async def ready(process: Process, address: str) -> None:
                note_running(platform, process, address)
                if os.environ.get("GONGDAN_SAMPLE", "1") == "0":
                    print(greeting(platform, address, sample=False), flush=True)
                    return
                await accompany(process, platform, address)

            try:
                uvloop.run(serve(ALL, platform.settings, sock=platform.sock, ready=ready))
            finally:
                # Ours alone: one who was refused the folder must not hide the platform that runs in it.
                (folder / "running").unlink(missing_ok=True)
    except (PortTaken, PostgresInUse, PostgresFailed, BadSetting, BadClock) as fault:
        print(f"无法启动：{fault}", file=sys.stderr)
        return 2
    print("stopped; `make run` goes on from here")
    return 0


if __name__ == "__main__":
    sys.exit(main())
