"""The kinds of clock: what each is called, and whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from shared.contracts.sla import ClockKind

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
    {
        "accept",
        "first_contact",
        "caller_reply",
        "first_reply",
        "final",
        "return_window",
        "progress_note",
        "next_contact",
        "plan",
    }
)

# Whose start nobody tells yet: an operator starts them by name, with a reason.
STARTED_BY_HAND: Final[frozenset[ClockKind]] = frozenset(
    {"co_task", "consult", "chain_step", "supervise_case", "rectify_promise"}
)
