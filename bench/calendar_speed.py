"""Deadline arithmetic against `holidays.get_nth_working_day`, both in one run: CPU time, median of the rounds.

    python -m bench.calendar_speed

Goals: dates at least 50 times, zone-aware moments at least 5 times, zero differences.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import holidays

from shared.calendar import SHANGHAI, statutory_calendar

ROUNDS = 5
CASES = 20_000
PEER_CASES = 2_000


def per_call(work: Callable[[], object], calls: int) -> float:
    """Microseconds of CPU time per call."""
    figures = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        figures.append((time.process_time() - started) / calls * 1e6)
    return statistics.median(figures)


def main() -> int:
    pick = random.Random(12345)
    starts = [date(2024, 1, 1) + timedelta(days=pick.randrange(1_050)) for _ in range(CASES)]
    counts = [pick.choice((1, 2, 3, 10, 13)) for _ in range(CASES)]
    moments = [
        datetime(day.year, day.month, day.day, pick.randrange(24), pick.randrange(60), tzinfo=SHANGHAI).astimezone(UTC)
        for day in starts
    ]
    calendar = statutory_calendar()
    peer = holidays.country_holidays("CN", years=range(2023, 2028))
    dates, instants = list(zip(starts, counts, strict=True)), list(zip(moments, counts, strict=True))

    wrong = sum(calendar.add_workdays(d, n) != peer.get_nth_working_day(d, n) for d, n in dates[:PEER_CASES])
    wrong += sum(
        calendar.due_at(m, n).on != calendar.add_workdays(d, n) for d, m, n in zip(starts, moments, counts, strict=True)
    )
    peer_us = per_call(lambda: [peer.get_nth_working_day(d, n) for d, n in dates[:PEER_CASES]], PEER_CASES)
    date_us = per_call(lambda: [calendar.add_workdays(d, n) for d, n in dates], CASES)
    due_us = per_call(lambda: [calendar.due_at(m, n) for m, n in instants], CASES)

    print(f"{'method':<44}{'us/call':>10}{'ratio':>8}{'goal':>6}")
    print(f"{'holidays.get_nth_working_day, date':<44}{peer_us:>10.3f}{1:>8}{'':>6}")
    print(f"{'WorkCalendar.add_workdays, date':<44}{date_us:>10.3f}{peer_us / date_us:>8.1f}{50:>6}")
    print(f"{'WorkCalendar.due_at, moment in and out':<44}{due_us:>10.3f}{peer_us / due_us:>8.1f}{5:>6}")
    print(f"differences: {wrong}")
    reached = wrong == 0 and peer_us / date_us >= 50 and peer_us / due_us >= 5
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
