"""Why a clock is due when it is, by the code that computed it."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from services.sla.model import ProofLine, Span
from services.sla.policy import SameDay
from services.sla.rules.counting import after_cut_off
from shared.calendar import SHANGHAI, WorkCalendar


def proof(
    span: Span,
    amount: int,
    started_at: datetime,
    due_at: datetime,
    calendar: WorkCalendar,
    *,
    extended: int = 0,
    same_day: SameDay | None = None,
) -> tuple[ProofLine, ...]:
    """Why a clock is due when it is, line by line, by the same code that computed it (S1.1.4a).

    `extended` working days follow the due moment that was (A10); `same_day` is the rule of a same-day clock.
    """
    if span is Span.WORKDAYS:
        lines = _days(calendar, started_at, amount)
        if extended:
            was = calendar.due_at(started_at, amount)
            # 24:00 belongs to the day that it ends: the extension counts from the day after, as the due moment does.
            more = _days(calendar, was.at - timedelta(microseconds=1), extended)
            lines += (ProofLine(f"经批准延期 {extended} 个工作日，自原截止日之后起算"), *more[1:])
        return lines
    texts = {
        Span.HOURS: f"自起算时刻起连续计 {amount} 小时，节假日不扣除",
        Span.DAY: _same_day(started_at, same_day),
        Span.MOMENT: "按上级平台或承诺写明的时刻截止",
    }
    return (
        ProofLine(f"{local_text(started_at)} 起算"),
        ProofLine(texts[span]),
        ProofLine(f"{local_text(due_at)} 截止"),
    )


def _same_day(started_at: datetime, rule: SameDay | None) -> str:
    """The half of the rule that decided, with its hours."""
    if rule is None or rule.cut_off is None:
        return "当日事项，计至当日 24:00"
    if after_cut_off(started_at, rule):
        return f"当日事项，当日 {rule.cut_off:%H:%M} 之后起算的，计至次日 {rule.next_day_until:%H:%M}"
    return f"当日事项，当日 {rule.cut_off:%H:%M} 及以前起算的，计至当日 24:00"


def _days(calendar: WorkCalendar, started_at: datetime, amount: int) -> tuple[ProofLine, ...]:
    days = calendar.explain(started_at, amount)
    return tuple(ProofLine(day.reason, day.on.isoformat(), day.kind.value, day.ordinal, day.known) for day in days)


def local_text(moment: datetime) -> str:
    """A moment as people read it: in Asia/Shanghai, midnight as 24:00 of the day that ends."""
    local = moment.astimezone(SHANGHAI)
    if local.time() == time(0):
        return f"{local.date() - timedelta(days=1):%Y-%m-%d} 24:00"
    return f"{local:%Y-%m-%d %H:%M}"
