"""The numbers of the circular of 2022 (烟莱政办字〔2022〕2号) as one frozen rule set, each with its clause (X3).

A clock keeps the version it was started under, so a later rule set never rewrites a running deadline.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from types import MappingProxyType
from typing import Final

from services.sla.policy.rulesets import CalendarDays, Count, Hours, RuleSet, SameDay, Workdays

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
    digest_above=Count(20, clause=""),
    red_daily_at=time(9),
)


RULE_SETS: Final[Mapping[str, RuleSet]] = MappingProxyType({CIRCULAR_2022.version: CIRCULAR_2022})
