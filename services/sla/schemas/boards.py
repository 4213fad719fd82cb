"""Boards, candidates of supervision and the plan of a chain as people see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from services.sla.model import PlannedStep
from services.sla.schemas.clocks import Clock
from services.sla.tables import CandidateRecord
from shared.contracts.sla import SupervisionCause
from shared.web import Page


class UnitCount(BaseModel):
    """How many clocks a unit has on a board."""

    unit: Annotated[str | None, Field(description="承担单位；为空表示区89000中心")]
    count: int


class BoardPage(Page[Clock]):
    """A board: the clocks, the most urgent first, and how many each unit has in all."""

    as_of: datetime
    units: list[UnitCount]


class Candidate(BaseModel):
    """A unit that has come under one of the triggers of supervision; the office decides (S3.4a)."""

    id: str
    unit: str
    cause: Annotated[SupervisionCause, Field(description="超期未办、解决不力、拒不承办、反映问题集中")]
    order_id: str | None
    facts: str
    raised_at: datetime

    @classmethod
    def of(cls, record: CandidateRecord) -> Candidate:
        """The record's public side."""
        cause: SupervisionCause = record.cause  # type: ignore[assignment]  # the database holds what the check names
        return cls(
            id=str(record.id),
            unit=record.unit,
            cause=cause,
            order_id=record.order_id,
            facts=record.facts,
            raised_at=record.raised_at,
        )


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
