"""What is refused of clocks that people start and stop."""

from __future__ import annotations

from datetime import date, datetime

from shared.errors import BusinessError, Incomplete


class DueNotAhead(Incomplete):
    """A deadline lies after its start (S1.1.4a)."""

    code, clause = "due_not_ahead", "S1.1.4a"

    def __init__(self) -> None:
        super().__init__("截止时刻须晚于当前时刻，请重新填写")


class DueTooFar(Incomplete):
    """No time of the circular is longer than the plan's: a later due moment is a typing error (S2.2.2e)."""

    code = "due_too_far"

    def __init__(self, clause: str, latest: date, days: int) -> None:
        super().__init__(f"截止日期最迟为 {latest}（自今日起 {days} 天内），请提前；事项更长的，请分阶段设定时限")
        self.latest = latest
        self.clause = clause  # type: ignore[misc]  # here the clause belongs to the kind of clock, not to the class


class SpanMissing(Incomplete):
    """A clock needs its length: a due moment or a number of working days, one of them (S1.1.4a)."""

    code, clause = "span_missing", "S1.1.4a"

    def __init__(self) -> None:
        super().__init__("请填写截止时刻或工作日数，二者择一")


class StepMissing(Incomplete):
    """A chain's clock names its step (S2.2.3i)."""

    code, clause = "step_missing", "S2.2.3i"

    def __init__(self, steps: tuple[str, ...]) -> None:
        super().__init__("请填写签批环节")
        self.steps = steps


class JointUnitMissing(Incomplete):
    """A joint task is a unit's: whoever is late with it answers for it (S3.1f)."""

    code, clause = "joint_unit_missing", "S3.1f"

    def __init__(self) -> None:
        super().__init__("协办任务由协办单位承担，请填写承担协办任务的单位")


class JointUnitLeads(BusinessError):
    """The unit leads the order: it is late by the order's own deadlines, not by a joint task's (S3.1f)."""

    code, clause = "joint_unit_leads", "S3.1f"

    def __init__(self, unit: str) -> None:
        super().__init__("该单位正牵头办理本工单，不能同时作为协办单位，请改选其他单位")
        self.unit = unit


class BeyondLead(Incomplete):
    """A co-unit is due by the lead's own deadline (S3.1e)."""

    code, clause = "beyond_lead", "S3.1e"

    def __init__(self, lead_due_at: datetime) -> None:
        super().__init__("协办时限不得晚于牵头单位的办结时限，请提前")
        self.lead_due_at = lead_due_at


class OrderEnded(BusinessError):
    """The order has ended: nothing starts any more."""

    code, clause = "order_ended", "S1.1.4a"

    def __init__(self) -> None:
        super().__init__("该工单已办结或撤单，不能再启动时限")


class NotByHand(BusinessError):
    """This clock is stopped by events only, not by a person (A04)."""

    code, clause = "not_by_hand", "S1.1.4a"

    def __init__(self, kind: str) -> None:
        super().__init__("该时限随办理事实自动停止，不能手工停止")
        self.kind = kind
