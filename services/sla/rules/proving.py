"""Why a clock is due when it is, by the code that computed it."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from services.sla.model import ProofLine, Span
from shared.calendar import SHANGHAI, WorkCalendar


def proof(
    span: Span, amount: int, started_at: datetime, due_at: datetime, calendar: WorkCalendar
) -> tuple[ProofLine, ...]:
    """Why a clock is due when it is, line by line, by the same code that computed it (S1.1.4a)."""
    if span is Span.WORKDAYS:
        days = calendar.explain(started_at, amount)
        return tuple(ProofLine(day.reason, day.on.isoformat(), day.kind.value, day.ordinal, day.known) for day in days)
    texts = {
        Span.HOURS: f"自起算时刻起连续计 {amount} 小时，节假日不扣除",
        Span.DAY: "当日事项，计至当日 24:00；当日截止时点之后接收的顺延至次日 12:00",
        Span.MOMENT: "按上级平台或承诺写明的时刻截止",
    }
    return (
        ProofLine(f"{local_text(started_at)} 起算"),
        ProofLine(texts[span]),
        ProofLine(f"{local_text(due_at)} 截止"),
    )


def local_text(moment: datetime) -> str:
    """A moment as people read it: in Asia/Shanghai, midnight as 24:00 of the day that ends."""
    local = moment.astimezone(SHANGHAI)
    if local.time() == time(0):
        return f"{local.date() - timedelta(days=1):%Y-%m-%d} 24:00"
    return f"{local:%Y-%m-%d %H:%M}"
