"""`python -m services.analytics` runs this service alone; `... rebuild --check` or `--swap` compares and ends.

Configured by the environment in both cases.  The rebuild may run beside the service; it ends with 0 when the figures
are right (or were put right), with 1 when they differ.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from typing import get_args

from shared.run.importing import without_collecting

with without_collecting():
    from services.analytics.rebuilds import handlers, store
    from services.analytics.rebuilds.model import Source
    from services.analytics.rebuilds.schemas import RebuildReport
    from services.analytics.service import SERVICE
    from shared.clock import clock_of
    from shared.db.migrate import upgrade
    from shared.errors import BusinessError
    from shared.identity import SYSTEM
    from shared.run.process import build_runtime, bus_of, run_service
    from shared.settings import Settings


async def rebuild(settings: Settings, *, source: Source, swap: bool) -> RebuildReport:
    """One rebuild outside the running service."""
    bus = bus_of(settings)
    runtime = build_runtime(SERVICE, settings, bus=bus, clock=clock_of(settings.clock))
    await upgrade(settings.database_of(SERVICE.name), SERVICE.name)
    await bus.start()
    try:
        rebuild_id = await handlers.rebuild(runtime, SYSTEM, source=source, swap=swap)
        async with runtime.works.read() as session:
            return RebuildReport.of(await store.rebuild_of(session, rebuild_id))
    finally:
        await runtime.works.close()
        await bus.stop()


def _print_report(report: RebuildReport) -> None:
    states = {"equal": "一致", "different": "不一致", "swapped": "已替换"}
    print(f"重算 {report.id}：{states.get(report.state, report.state)}")
    print(f"  事实 {report.facts}，未处理 {report.pending}，缺少 {report.facts_missing}，多出 {report.facts_surplus}")
    print(f"  不一致的统计项 {report.figures_different}")
    for one in report.differences:
        print(f"  {one.day} {one.unit or '全区'} {one.measure.value}：现有 {one.running}，重算 {one.rebuilt}")


def main(arguments: Sequence[str]) -> int:
    """Run what the arguments ask for; the exit code."""
    if not arguments:
        run_service(SERVICE)
        return 0
    parser = argparse.ArgumentParser(prog="python -m services.analytics", description="统计分析服务；重算并核对统计")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("rebuild", help="由事件重算统计，与现有结果逐项核对")
    how = command.add_mutually_exclusive_group(required=True)
    how.add_argument("--check", action="store_true", help="只核对，不改动")
    how.add_argument("--swap", action="store_true", help="以重算结果替换现有统计")
    command.add_argument("--source", choices=get_args(Source), default="bus", help="自事件总线重读，或由已存事实重算")
    given = parser.parse_args(arguments)
    try:
        report = asyncio.run(rebuild(Settings(), source=given.source, swap=given.swap))
    except BusinessError as refusal:
        print(refusal.message, file=sys.stderr)
        return 2
    _print_report(report)
    return 1 if report.state == "different" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
