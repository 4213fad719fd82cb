"""How a clock is counted: working days, hours, the same day, a named moment; its due moment and its warnings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from services.sla.counting.model import ClockPlan, Lapse, ProofLine, Quiet, Rung, Span
from services.sla.rulesets.policy import Hours, RuleSet, SameDay, Workdays
from shared.calendar import SHANGHAI, Day, DayKind, Due, WorkCalendar, local_text
from shared.contracts.sla import ClockKind

YELLOW: Final = "yellow"
RED: Final = "red"
CHAIN: Final = "chain"  # the unit still has time, and the signature chain after it has not
WAKE: Final = "wake"  # a planned order's day has come: not a warning, so it fires at midnight, in quiet hours too


def workday_clock(
    kind: ClockKind,
    occasion: str,
    unit: str | None,
    start: datetime,
    rule: Workdays,
    calendar: WorkCalendar,
    lapse: Lapse = Lapse.BREACH,
) -> ClockPlan:
    """Ends with the nth statutory working day; yellow when one working day is left, or as many as the rule says."""
    due, rungs = workday_moments(start, rule.count, calendar, warn_left=rule.warn_left)
    return ClockPlan(kind, occasion, unit, start, Span.WORKDAYS, rule.count, due, rungs, rule.clause, lapse)


def final_of(scheme: str, rules: RuleSet) -> Workdays:
    """How long an order of this scheme may take in all (S1.1.4a, S1.2.2b)."""
    return rules.final_enterprise if scheme == "enterprise_fast" else rules.final


def workday_moments(
    start: datetime, count: int, calendar: WorkCalendar, *, warn_left: int = 1, extended: int = 0
) -> tuple[Due, tuple[Rung, ...]]:
    """Due and rungs of a working-day clock: also how a running one is recomputed on another calendar (A01).

    `extended` working days are counted from the due moment that was (A10).
    """
    due = calendar.due_at(start, count)
    if extended:
        due = extended_due(due, extended, calendar)
    before = calendar.due_at(start, max(count + extended - warn_left, 0)).at
    return due, rungs_before(start, due, before)


def extended_due(was: Due, workdays: int, calendar: WorkCalendar) -> Due:
    """The end of so many working days after the due day that was (A10)."""
    last_moment = was.at - timedelta(microseconds=1)  # 24:00 belongs to the day that it ends
    due = calendar.due_at(last_moment, workdays)
    return Due(due.at, due.on, due.provisional or was.provisional)


def hour_clock(kind: ClockKind, occasion: str, unit: str | None, start: datetime, rule: Hours) -> ClockPlan:
    """Ends after so many hours, holidays included (A08); yellow at the half."""
    due = due_of(start + timedelta(hours=rule.count))
    rungs = rungs_before(start, due, start + (due.at - start) * rule.warn_percent / 100)
    return ClockPlan(kind, occasion, unit, start, Span.HOURS, rule.count, due, rungs, rule.clause)


def same_day_clock(
    kind: ClockKind, occasion: str, unit: str | None, start: datetime, rule: SameDay, calendar: WorkCalendar
) -> ClockPlan:
    """Ends with the start's own day, or at noon of the next after the cut-off (A11, A13); yellow at a stated hour."""
    local = start.astimezone(SHANGHAI)
    if after_cut_off(start, rule):
        due = due_of(moment_on(local.date() + timedelta(days=1), rule.next_day_until))
    else:
        due = calendar.due_at(start, 0)
    rungs = rungs_before(start, due, moment_on(local.date(), rule.warn_at))
    return ClockPlan(kind, occasion, unit, start, Span.DAY, 0, due, rungs, rule.clause)


def contact_moments(start: datetime, rules: RuleSet, calendar: WorkCalendar) -> tuple[Due, tuple[Rung, ...]]:
    """立即 (S2.2.1a, A12): due with the start's own day, but not before the unit has had its working time.

    Two hours of it by the circular's rule set: an order of 17:29 or of a Friday night is due on the next working
    morning. Yellow when that working time has passed, or half of it where the deadline itself ends with it.
    """
    needed = timedelta(hours=rules.first_contact_warn.count)
    day, reached = calendar.due_at(start, 0), work_time_after(start, needed, rules, calendar)
    if reached <= day.at:
        return day, rungs_before(start, day, reached)
    on = reached.date()
    days = (date.fromordinal(ordinal) for ordinal in range(day.on.toordinal() + 1, on.toordinal() + 1))
    due = Due(reached.astimezone(UTC), on, provisional=not all(calendar.is_known(each) for each in days))
    return due, rungs_before(start, due, work_time_after(start, needed / 2, rules, calendar))


def accept_rungs(start: datetime, due: Due, rules: RuleSet, calendar: WorkCalendar) -> tuple[Rung, ...]:
    """An order that is not taken up warns after four working hours (S3.3b)."""
    return rungs_before(start, due, work_time_after(start, timedelta(hours=rules.accept_warn.count), rules, calendar))


def after_cut_off(start: datetime, rule: SameDay) -> bool:
    """Whether what starts then has until the next day: the cut-off itself is still of its own day."""
    return rule.cut_off is not None and start.astimezone(SHANGHAI).time() > rule.cut_off


def moment_clock(
    kind: ClockKind,
    occasion: str,
    unit: str | None,
    start: datetime,
    named: datetime,
    calendar: WorkCalendar,
    clause: str,
) -> ClockPlan:
    """Ends at a moment that somebody named; yellow one working day before, or at the half of a shorter span."""
    due = due_of(named)
    rungs = rungs_before(start, due, workday_before(named, calendar))
    return ClockPlan(kind, occasion, unit, start, Span.MOMENT, 0, due, rungs, clause)


def workday_before(end: datetime, calendar: WorkCalendar) -> datetime:
    """The last moment from which a whole working day is left: Tuesday 17:30 gives Monday 17:30.

    A deadline at an hour of the day has its warning at the same hour, so that the unit still has a whole working day.
    Days off count for nothing: Saturday 10:00 gives Friday 00:00, and so does Friday's own end.
    """
    local = end.astimezone(SHANGHAI)
    hour = local.time() if calendar.is_workday(local.date()) else time()
    day = local.date() - timedelta(days=1)
    while not calendar.is_workday(day):
        day -= timedelta(days=1)
    return moment_on(day, hour)


def work_time_after(start: datetime, needed: timedelta, rules: RuleSet, calendar: WorkCalendar) -> datetime:
    """The moment at which so much working time has passed since `start`, on statutory working days only."""
    local = start.astimezone(SHANGHAI)
    day = local.date()
    while True:
        opens, closes = moment_on(day, rules.work_from), moment_on(day, rules.work_until)
        begin = max(opens, local)
        if calendar.is_workday(day) and begin < closes:
            if closes - begin >= needed:
                return begin + needed
            needed -= closes - begin
        day += timedelta(days=1)


def moment_on(day: date, at: time) -> datetime:
    """A local day and hour as a moment."""
    return datetime.combine(day, at, tzinfo=SHANGHAI)


def due_of(at: datetime) -> Due:
    """A moment that is certain as a due moment."""
    # The end of a day belongs to that day: 24:00 is the next day's 00:00.
    return Due(at.astimezone(UTC), (at.astimezone(SHANGHAI) - timedelta(microseconds=1)).date(), provisional=False)


def rearmed(rungs: Sequence[Rung], told: Collection[str], now: datetime) -> tuple[tuple[Rung, ...], int]:
    """A running clock's new warnings in order, and how many of them, the first, have been published and stay so.

    One whose moment is still to come is given again; what has been said is not repeated.
    """
    said = [rung for rung in rungs if rung.name in told and rung.at <= now]
    rest = sorted((rung for rung in rungs if rung not in said), key=lambda rung: rung.at)
    return (*said, *rest), len(said)


def rungs_before(start: datetime, due: Due, wanted: datetime | None) -> tuple[Rung, ...]:
    """One yellow warning at the wanted moment, or at the half of the span when that moment is not inside it."""
    if wanted is None or not start < wanted < due.at:
        wanted = start + (due.at - start) / 2
    return (Rung(YELLOW, wanted.astimezone(UTC)),)


def work_time_before(end: datetime, needed: timedelta, rules: RuleSet, calendar: WorkCalendar) -> datetime:
    """The latest moment from which so much working time is left until `end` (S2.2.3i)."""
    local = end.astimezone(SHANGHAI)
    day = local.date()
    while True:
        opens, closes = moment_on(day, rules.work_from), moment_on(day, rules.work_until)
        last = min(closes, local)
        if calendar.is_workday(day) and last > opens:
            if last - opens >= needed:
                return (last - needed).astimezone(UTC)
            needed -= last - opens
        day -= timedelta(days=1)


def work_time_between(start: datetime, end: datetime, rules: RuleSet, calendar: WorkCalendar) -> timedelta:
    """How much working time lies between two moments."""
    first, last = start.astimezone(SHANGHAI), end.astimezone(SHANGHAI)
    total, day = timedelta(), first.date()
    while day <= last.date():
        if calendar.is_workday(day):
            opens, closes = moment_on(day, rules.work_from), moment_on(day, rules.work_until)
            total += max(min(closes, last) - max(opens, first), timedelta())
        day += timedelta(days=1)
    return total


def quiet_of(span: Span | str, rules: RuleSet, *, urgent: bool, safety: bool) -> Quiet:
    """Which quiet times the warnings of a clock keep.

    A safety emergency knows none. What is urgent in another way is warned of on days off too, and so is every clock of
    hours, because the caller waits on these days as well (S1.3.1b, S1.3.1c).
    """
    rests = rules.quiet_rest_days.yes and not urgent and not safety and span != Span.HOURS
    return Quiet(night=not safety, rest_days=rests)


def quiet_ends(at: datetime, rules: RuleSet, calendar: WorkCalendar, quiet: Quiet) -> tuple[datetime, ...]:
    """When the quiet times end that the moment lies in, the latest first; none outside of them."""
    ends = {around[1] for around in _quiet_times(at, rules, calendar, quiet)}
    return tuple(sorted(ends, reverse=True))


def _quiet(local: time, quiet_from: time, quiet_until: time) -> bool:
    if quiet_from <= quiet_until:
        return quiet_from <= local < quiet_until
    return local >= quiet_from or local < quiet_until


def outside_quiet_hours(
    at: datetime, start: datetime, due: datetime, rules: RuleSet, calendar: WorkCalendar, quiet: Quiet
) -> datetime:
    """When a warning of that moment fires: after the quiet times; before them, when the deadline would be over then.

    First days off with the nights around them are avoided, then the night alone. A warning is never dropped: within a
    clock that lies in the quiet times as a whole it keeps its moment.
    """
    for before, after in _quiet_times(at, rules, calendar, quiet):
        if after < due:
            return after
        if before > start:
            return before
    return at


def _quiet_times(
    at: datetime, rules: RuleSet, calendar: WorkCalendar, quiet: Quiet
) -> Iterator[tuple[datetime, datetime]]:
    """The last moment before, and the end, of the days off and of the night that the moment lies in."""
    if quiet.rest_days and (around := _rest_around(at, rules, calendar)) is not None:
        yield around
    if quiet.night and (around := _quiet_around(at, rules.quiet_from, rules.quiet_until)) is not None:
        yield around


def _rest_around(at: datetime, rules: RuleSet, calendar: WorkCalendar) -> tuple[datetime, datetime] | None:
    """The last working moment before the days off that the moment lies in, and the working morning after them.

    The evening before a day off and the night after it belong to it.
    """
    local = at.astimezone(SHANGHAI)
    day, over_midnight = local.date(), rules.quiet_from > rules.quiet_until
    if calendar.is_workday(day):
        if over_midnight and local.time() >= rules.quiet_from:
            day += timedelta(days=1)
        elif over_midnight and local.time() < rules.quiet_until:
            day -= timedelta(days=1)
        if calendar.is_workday(day):
            return None
    before = after = day
    while not calendar.is_workday(before):
        before -= timedelta(days=1)
    while not calendar.is_workday(after):
        after += timedelta(days=1)
    ends = min(rules.work_until, rules.quiet_from) if over_midnight else rules.work_until
    begins = rules.quiet_until if over_midnight else rules.work_from
    last = moment_on(before, ends) - timedelta(minutes=1)
    return last.astimezone(UTC), moment_on(after, begins).astimezone(UTC)


@lru_cache(
    maxsize=4096
)  # warnings fall on few moments, most of them midnights, and thousands of clocks may ask for them at once
def _quiet_around(at: datetime, quiet_from: time, quiet_until: time) -> tuple[datetime, datetime] | None:
    """The last minute before the quiet hours that the moment lies in, and their end; None outside of them."""
    local = at.astimezone(SHANGHAI)
    hour = local.time()
    if not _quiet(hour, quiet_from, quiet_until):
        return None
    over_midnight = quiet_from > quiet_until
    after = _at_hour(local, quiet_until)
    if over_midnight and hour >= quiet_from:
        after += timedelta(days=1)
    before = _at_hour(local, quiet_from) - timedelta(minutes=1)
    if over_midnight and hour < quiet_from:
        before -= timedelta(days=1)
    return before.astimezone(UTC), after.astimezone(UTC)


def _at_hour(local: datetime, at: time) -> datetime:
    return local.replace(hour=at.hour, minute=at.minute, second=at.second, microsecond=at.microsecond)


def quietened_rungs(
    rungs: tuple[Rung, ...], start: datetime, due: datetime, rules: RuleSet, calendar: WorkCalendar, quiet: Quiet
) -> tuple[Rung, ...]:
    """A clock's warnings outside of the quiet times that it keeps."""
    moved = tuple([_quiet_rung(rung, start, due, rules, calendar, quiet) for rung in rungs])
    return rungs if moved == rungs else tuple(sorted(moved, key=lambda rung: rung.at))


def _quiet_rung(
    rung: Rung, start: datetime, due: datetime, rules: RuleSet, calendar: WorkCalendar, quiet: Quiet
) -> Rung:
    if rung.name == WAKE:
        return rung
    at = outside_quiet_hours(rung.at, start, due, rules, calendar, quiet)
    return rung if at == rung.at else rung._replace(at=at, wanted=rung.at)


def last_red(now: datetime, rules: RuleSet, calendar: WorkCalendar, quiet: Quiet) -> datetime:
    """When breached clocks reminded last, at the latest now: what was due before that has been reminded of already."""
    return _red(now, rules, calendar, quiet, days=-1)


def next_red(now: datetime, rules: RuleSet, calendar: WorkCalendar, quiet: Quiet) -> datetime:
    """When a breached clock reminds again: at the stated hour of a day, of a working day where days off are quiet."""
    return _red(now, rules, calendar, quiet, days=1)


def _red(now: datetime, rules: RuleSet, calendar: WorkCalendar, quiet: Quiet, *, days: int) -> datetime:
    local = now.astimezone(SHANGHAI)
    day = local.date()
    while True:
        at = moment_on(day, rules.red_daily_at)
        passed = at > local if days > 0 else at <= local
        if passed and (not quiet.rest_days or calendar.is_workday(day)):
            return at.astimezone(UTC)
        day += timedelta(days=days)


# -- proof --------------------------------------------------------------------------------------------------------------


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


def contact_proof(
    started_at: datetime, due_at: datetime, rules: RuleSet, calendar: WorkCalendar
) -> tuple[ProofLine, ...]:
    """Why a first contact is due when it is: the working time of each day, where the start's own day had too little."""
    hours = rules.first_contact_warn.count
    first, last = started_at.astimezone(SHANGHAI).date(), due_at.astimezone(SHANGHAI)
    start, end = ProofLine(f"{local_text(started_at)} 起算"), ProofLine(f"{local_text(due_at)} 截止")
    if due_at <= calendar.due_at(started_at, 0).at:
        return start, ProofLine(f"当日事项，计至当日 24:00，当日工作时间不少于 {hours} 小时"), end
    worked = f"工作时间为工作日 {rules.work_from:%H:%M} 至 {rules.work_until:%H:%M}"
    lines = [start, ProofLine(f"当日事项，当日工作时间不足 {hours} 小时，顺延至满 {hours} 小时工作时间为止；{worked}")]
    for ordinal in range(first.toordinal(), last.date().toordinal() + 1):
        day = calendar.day(date.fromordinal(ordinal))
        begins = max(started_at, moment_on(day.on, time(0)))
        until = min(last, moment_on(day.on + timedelta(days=1), time(0)))
        minutes = work_time_between(begins, until, rules, calendar) // timedelta(minutes=1)
        text = f"{day.on:%m-%d} {_named(day)} 工作时间 {minutes} 分钟"
        lines.append(ProofLine(text, day.on.isoformat(), day.kind.value, None, day.known))
    return (*lines, end)


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


def _named(day: Day) -> str:
    names = {DayKind.WORKING: "工作日", DayKind.WEEKEND: "周末", DayKind.MAKE_UP: "调休上班"}
    return names.get(day.kind) or f"{day.holiday}放假"
