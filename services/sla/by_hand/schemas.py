"""Clocks by hand as people ask for them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from services.sla.by_hand.model import ManualClock
from shared.web import Body, Code, Identifier, SaneMoment, Text

ManualKind = Literal["co_task", "consult", "chain_step", "supervise_case", "rectify_promise"]


class ClockBody(Body):
    """A clock that an operator starts, because no event starts it yet."""

    order_id: Annotated[Identifier, Field(title="工单编号")]
    kind: Annotated[ManualKind, Field(title="时限种类", description="协办任务、会商研判、签批环节、挂牌督办、整改承诺")]
    unit: Annotated[Code | None, Field(title="承担单位", description="承担单位；为空表示区89000中心")] = None
    step: Annotated[
        Literal["centre", "office", "deputy_leader", "head_leader", "seal"] | None,
        Field(title="签批环节"),
    ] = None
    due_at: Annotated[SaneMoment | None, Field(title="截止时刻", description="截止时刻，与工作日数二者择一")] = None
    workdays: Annotated[int | None, Field(ge=1, le=250, title="工作日数")] = None
    reason: Annotated[Text, Field(title="启动理由", description="启动理由，加密保存")]

    def as_wanted(self) -> ManualClock:
        """The same for the handler."""
        return ManualClock(self.order_id, self.kind, self.unit, self.step, self.due_at, self.workdays, self.reason)


class StopBody(Body):
    """Why the clock stops."""

    reason: Annotated[Text, Field(title="停止理由", description="停止理由，加密保存")]
