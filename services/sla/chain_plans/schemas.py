"""The plan of a signature chain as people see it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from services.sla.chain_plans.model import PlannedStep


class Step(BaseModel):
    """One step of the chain and the latest moment at which it may start."""

    name: str
    title: str
    latest_start: datetime
    latest_end: datetime
    hours: Annotated[float, Field(description="所需工作小时")]
    observed: Annotated[int, Field(description="所需时间依据的实际次数；0 表示采用默认值")]
    late: Annotated[bool, Field(description="最晚开始时刻已过")]

    @classmethod
    def of(cls, planned: PlannedStep, now: datetime) -> Step:
        """The step as of now."""
        step = planned.step
        return cls(
            name=step.name,
            title=step.title,
            latest_start=planned.latest_start,
            latest_end=planned.latest_end,
            hours=step.hours,
            observed=step.observed,
            late=planned.latest_start < now,
        )


class ChainPlan(BaseModel):
    """The chain counted backwards from the order's deadline (S2.2.3i)."""

    order_id: str
    due_at: datetime
    submit_by: Annotated[datetime, Field(description="承办单位最晚提交时刻：此后单位虽未超期，签批链已来不及")]
    at_risk: Annotated[bool, Field(description="单位尚有时间而签批链已来不及")]
    steps: list[Step]
