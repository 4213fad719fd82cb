"""The numbers of the circular of 2022 (烟莱政办字〔2022〕2号) as one frozen rule set, each with its clause (X3).

A clock keeps the version it was started under, so a later rule set never rewrites a running deadline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from types import MappingProxyType
from typing import Final

from shared.contracts.sla import ClockKind


@dataclass(frozen=True, slots=True)
class Workdays:
    """A number of statutory working days."""

    count: int
    clause: str


@dataclass(frozen=True, slots=True)
class Hours:
    """A number of hours; where it is used says whether all hours count or only working time."""

    count: int
    clause: str


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
    first_contact: SameDay
    first_contact_warn: Hours
    same_day_dispatch: SameDay
    determined_dispatch: SameDay
    work_from: time
    work_until: time
    upstream_clause: str = "S1.1.1a"
    promise_clause: str = "S2.2.1e"


CIRCULAR_2022: Final = RuleSet(
    version="circular-2022",
    document="烟莱政办字〔2022〕2号",
    final=Workdays(3, clause="S1.1.4a"),
    final_enterprise=Workdays(13, clause="S1.2.2b"),  # from the same start as the first reply, not after it (A07)
    first_reply=Workdays(2, clause="S1.2.2a"),
    caller_reply=Hours(24, clause="S1.3.1c"),  # 天, not 工作日: around the clock, holidays included (A08)
    return_window=Workdays(1, clause="S2.2.1f"),  # A14
    first_contact=SameDay(clause="S2.2.1a", warn_at=time(16)),
    first_contact_warn=Hours(2, clause="S2.2.1a"),  # working time (A12)
    same_day_dispatch=SameDay(clause="S2.1b", warn_at=time(16), cut_off=time(17)),  # by receipt: the KPI of A11
    determined_dispatch=SameDay(clause="S2.1b", warn_at=time(16)),  # by determination: the letter of the circular
    work_from=time(8, 30),
    work_until=time(17, 30),
)

RULE_SETS: Final[Mapping[str, RuleSet]] = MappingProxyType({CIRCULAR_2022.version: CIRCULAR_2022})

TITLES: Final[Mapping[ClockKind, str]] = MappingProxyType(
    {
        "upstream_due": "上级平台时限",
        "same_day_dispatch": "当日交办",
        "accept": "签收认领",
        "first_contact": "首次联系",
        "caller_reply": "即时回复来电人",
        "first_reply": "首次答复",
        "final": "办结",
        "district_final": "全区办结",
        "return_window": "回退窗口",
        "progress_note": "当日进度说明",
        "next_contact": "再次联系承诺",
        "co_task": "协办任务",
        "consult": "会商研判",
        "review_turnaround": "审核把关",
        "chain_step": "签批环节",
        "plan": "列入计划",
        "revisit": "回访",
        "supervise_case": "挂牌督办",
        "rectify_promise": "整改承诺",
    }
)

# Whose clock it is. A return or a reassignment ends the first unit's clocks and leaves the district's running (A15);
# rework ends none (A19).
UNIT_CLOCKS: Final[frozenset[ClockKind]] = frozenset(
    {"first_contact", "caller_reply", "first_reply", "final", "return_window", "next_contact"}
)
