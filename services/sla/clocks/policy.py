"""What each kind of clock is called."""

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

STEP_KINDS: Final[tuple[ClockKind, ...]] = ("review_turnaround", "chain_step")
"""The clocks of the steps of a signature chain: the centre's review, and the steps after it (S2.2.3i)."""
