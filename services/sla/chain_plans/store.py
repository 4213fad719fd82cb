"""By when a signature chain has to be through, and how long the latest steps of chains took."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.clocks.model import State
from services.sla.clocks.tables import ClockRecord


async def chain_deadline(session: AsyncSession, order_id: str) -> datetime | None:
    """By when the whole chain has to be through: the earliest running deadline of the order itself."""
    moment: datetime | None = await session.scalar(
        select(func.min(ClockRecord.due_at)).where(
            ClockRecord.order_id == order_id,
            ClockRecord.state == State.RUNNING,
            ClockRecord.kind.in_(("upstream_due", "district_final", "final")),
        )
    )
    return moment


async def step_spans(session: AsyncSession, *, limit: int) -> dict[str, list[tuple[datetime, datetime]]]:
    """From when to when the latest steps of chains took, by their names."""
    found: dict[str, list[tuple[datetime, datetime]]] = {}
    for kind in ("review_turnaround", "chain_step"):
        rows = await session.execute(
            select(ClockRecord.occasion, ClockRecord.started_at, ClockRecord.stopped_at)
            # Written out, so that every plan of the statement may use the index that has these kinds alone.
            .where(ClockRecord.kind == literal_column(f"'{kind}'"), literal_column("state in ('met', 'late')"))
            .order_by(ClockRecord.stopped_at.desc())
            .limit(limit)
        )
        for occasion, started_at, stopped_at in rows:
            name = "centre" if kind == "review_turnaround" else occasion.split(":", 1)[0]
            if stopped_at is not None:
                found.setdefault(name, []).append((started_at, stopped_at))
    return found
