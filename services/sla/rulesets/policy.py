"""What a rule set is, the circular of 2022 as the built-in one, and how far a number may go (X3).

The circular is 烟莱政办字〔2022〕2号. A clock keeps the version it was started under, so a later rule set never rewrites
a running deadline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Workdays:
    """A number of statutory working days; the clock turns yellow when `warn_left` of them are left."""

    count: int
    clause: str
    warn_left: int = 1


@dataclass(frozen=True, slots=True)
class CalendarDays:
    """A number of calendar days: 天, not 工作日."""

    count: int
    clause: str


@dataclass(frozen=True, slots=True)
class Count:
    """A plain number: a cap, or how often something has to happen."""

    count: int
    clause: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Whether something holds."""

    yes: bool
    clause: str


@dataclass(frozen=True, slots=True)
class Hours:
    """A number of hours; its use decides whether all hours count or only working time.

    A clock of hours turns yellow when `warn_percent` of them have passed.
    """

    count: int
    clause: str
    warn_percent: int = 50


@dataclass(frozen=True, slots=True)
class SameDay:
    """Until the end of the day; what starts after the cut-off has until `next_day_until` of the next day."""

    clause: str
    warn_at: time
    cut_off: time | None = None
    next_day_until: time = time(12)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """Every number that a clock is started by."""

    version: str
    document: str
    final: Workdays
    final_enterprise: Workdays
    first_reply: Workdays
    caller_reply: Hours
    return_window: Workdays
    returns_to_panel: Count
    first_contact: SameDay
    first_contact_warn: Hours
    same_day_dispatch: SameDay
    determined_dispatch: SameDay
    work_from: time
    work_until: time
    upstream_clause: str = "S1.1.1a"
    promise_clause: str = "S2.2.1e"
    accept: SameDay
    accept_warn: Hours
    progress_note: SameDay
    consult: Workdays
    consult_panel: Workdays
    review_turnaround: Workdays
    revisit: Workdays
    plan: CalendarDays
    extension_most: Workdays
    extension_times: Count
    redos_before_supervision: Count
    concentration_top: Count
    concentration_weeks: Count
    chain_centre: Hours
    chain_office: Hours
    chain_deputy_leader: Hours
    chain_head_leader: Hours
    chain_seal: Hours
    quiet_from: time
    quiet_until: time
    quiet_rest_days: Choice
    digest_above: Count
    red_daily_at: time


CIRCULAR_2022: Final = RuleSet(
    version="circular-2022",
    document="烟莱政办字〔2022〕2号",
    final=Workdays(3, clause="S1.1.4a"),
    final_enterprise=Workdays(13, clause="S1.2.2b"),  # from the same start as the first reply, not after it (A07)
    first_reply=Workdays(2, clause="S1.2.2a"),
    caller_reply=Hours(24, clause="S1.3.1c"),  # 天, not 工作日: around the clock, holidays included (A08)
    return_window=Workdays(1, clause="S2.2.1f"),  # A14
    returns_to_panel=Count(2, clause="S3.1h"),  # A21: accepted returns of one order
    first_contact=SameDay(clause="S2.2.1a", warn_at=time(16)),
    first_contact_warn=Hours(2, clause="S2.2.1a"),  # working time (A12)
    same_day_dispatch=SameDay(clause="S2.1b", warn_at=time(16), cut_off=time(17)),  # by receipt: the KPI of A11
    determined_dispatch=SameDay(clause="S2.1b", warn_at=time(16)),  # by determination: the letter of the circular
    work_from=time(8, 30),
    work_until=time(17, 30),
    accept=SameDay(clause="S3.1d", warn_at=time(16), cut_off=time(17)),  # the default of S3.1d: the same day
    accept_warn=Hours(4, clause="S3.3b"),  # working time
    progress_note=SameDay(clause="S2.2.1d", warn_at=time(20), cut_off=time(17)),  # A13
    consult=Workdays(1, clause="S3.3h"),  # A24: a joint meeting
    consult_panel=Workdays(3, clause="S3.3h"),  # A24: the panel
    review_turnaround=Workdays(1, clause="S2.3a"),  # the circular gives no figure: a start value
    revisit=Workdays(5, clause="S4.1d"),  # a start value
    plan=CalendarDays(90, clause="S2.2.2e"),  # A16
    extension_most=Workdays(10, clause="S1.3.2d"),  # A09
    extension_times=Count(1, clause="S1.3.2e"),  # A10
    redos_before_supervision=Count(2, clause="S3.4a"),  # A25
    concentration_top=Count(3, clause="S3.4a"),  # A25
    concentration_weeks=Count(2, clause="S3.4a"),  # A25
    # Working time of each step of a signature chain until enough of them were observed: start values.
    chain_centre=Hours(4, clause="S2.2.3i"),
    chain_office=Hours(4, clause="S2.2.3i"),
    chain_deputy_leader=Hours(4, clause="S2.2.3i"),
    chain_head_leader=Hours(4, clause="S2.2.3i"),
    chain_seal=Hours(2, clause="S2.2.3i"),
    # The circular is silent here; these are ours.
    quiet_from=time(22),
    quiet_until=time(7),
    quiet_rest_days=Choice(yes=True, clause=""),  # of what is not urgent; rosters of the units come later
    digest_above=Count(20, clause=""),
    red_daily_at=time(9),
)

RULE_SETS: Final[Mapping[str, RuleSet]] = MappingProxyType({CIRCULAR_2022.version: CIRCULAR_2022})

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "final": "办结",
        "final_enterprise": "涉企快办办结",
        "first_reply": "涉企快办首次答复",
        "caller_reply": "紧急工单回复来电人",
        "return_window": "申请回退的期限",
        "returns_to_panel": "回退几次提交研判小组",
        "first_contact": "首次联系",
        "first_contact_warn": "首次联系提前提醒",
        "same_day_dispatch": "当日派单（自接收）",
        "determined_dispatch": "当日派单（自确定单位）",
        "work_from": "上班时刻",
        "work_until": "下班时刻",
        "accept": "认领",
        "accept_warn": "认领提前提醒",
        "progress_note": "登记办理进度",
        "consult": "会商",
        "consult_panel": "研判小组研判",
        "review_turnaround": "中心审核",
        "revisit": "回访",
        "plan": "列入计划的最长期限",
        "extension_most": "一次延期最多",
        "extension_times": "最多延期几次",
        "redos_before_supervision": "重办几次列入督办",
        "concentration_top": "集中诉求取前几名",
        "concentration_weeks": "集中诉求连续几周",
        "chain_centre": "签批链：中心",
        "chain_office": "签批链：区府办",
        "chain_deputy_leader": "签批链：分管区领导",
        "chain_head_leader": "签批链：主要区领导",
        "chain_seal": "签批链：用印",
        "quiet_from": "免打扰自",
        "quiet_until": "免打扰至",
        "quiet_rest_days": "休息日不提醒（紧急除外）",
        "digest_above": "一次超过几条合并提醒",
        "red_daily_at": "超期的每日提醒",
    }
)
"""What people call the numbers of a rule set."""

# Where the circular is open, the default reading; shown beside the number, so that an office can confirm or change it.
READINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "final": "A04 clock.unit_start=ASSIGNED",
        "final_enterprise": "A07",
        "first_reply": "A07",
        "caller_reply": "A08 urgent.reply_hours=24",
        "return_window": "A14 return.window_wd=1",
        "returns_to_panel": "A21 returns.escalate_at=2",
        "first_contact": "A12",
        "first_contact_warn": "A12 contact.warn_hours=2",
        "same_day_dispatch": "A11 dispatch.*",
        "determined_dispatch": "A11 dispatch.*",
        "progress_note": "A13",
        "consult": "A24",
        "consult_panel": "A24",
        "plan": "A16 plan.max_days=90",
        "extension_most": "A09 extension.max_wd=10",
        "extension_times": "A10 extension.max_times=1",
        "redos_before_supervision": "A25 supervise.*",
        "concentration_top": "A25 supervise.*",
        "concentration_weeks": "A25 supervise.*",
    }
)

# The least and the most of each measure. What lies outside is a typing error, not a policy: the longest term of any
# known regulation is 37 working days (15 + 15 + 7), the longest plan 90 days.
WORKDAYS_BOUNDS: Final = (1, 60)

DAYS_BOUNDS: Final = (1, 366)

HOURS_BOUNDS: Final = (1, 240)

COUNT_BOUNDS: Final = (0, 1_000)

# A year's working days: what the head of the centre may ask for beyond the cap of an extension has a limit too.
LONGEST_EXTENSION: Final = 250

# Numbers that are bounded closer than their measure: without a return there is nothing for the panel to settle, and a
# panel that waits for an eleventh return would never meet.
OWN_BOUNDS: Final[Mapping[str, tuple[int, int]]] = MappingProxyType({"returns_to_panel": (1, 10)})

# Pairs of which the first may not be longer than the second.
NOT_LONGER: Final = (("first_reply", "final_enterprise"), ("return_window", "final"), ("final", "final_enterprise"))

# A same-day rule is for people at work: what it names lies after their day has begun, and a warning leaves them an hour.
LATEST_WARNING: Final = time(23)

# Quiet hours are a night. Longer ones are its ends exchanged (07:00 to 22:00), and no warning would be read in time.
MOST_QUIET: Final = timedelta(hours=14)
