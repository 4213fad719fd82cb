"""The body and the answers of the routes for rebuilds."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, Field

from services.analytics.figures.model import Measure
from services.analytics.rebuilds.model import RebuildState, Source
from services.analytics.rebuilds.tables import RebuildRecord
from shared.web import Body, YesNo


class RebuildOrder(Body):
    """What to compute the figures from, and whether to replace the running ones."""

    source: Source = Field(default="bus", title="重算来源", description="bus 从事件总线自始重读 / facts 由已存事实重算")
    swap: YesNo = Field(default=False, title="是否替换现有统计", description="是否以重算结果替换现有统计；默认只核对")


class Difference(BaseModel):
    """A figure that differs."""

    unit: str = Field(description="单位编码；全区为空字符串")
    day: date
    measure: Measure
    running: int = Field(description="现有统计")
    rebuilt: int = Field(description="重算结果")


class RebuildReport(BaseModel):
    """What a rebuild found."""

    id: str
    source: Source
    swap: bool
    state: RebuildState = Field(
        description="running 进行中 / equal 一致 / different 不一致 / swapped 已替换 / failed 未完成"
    )
    asked_by: str
    asked_at: datetime
    finished_at: datetime | None
    facts: int = Field(description="参与重算的事实数")
    pending: int = Field(description="总线上尚未处理、未参与比较的事实数")
    facts_missing: int = Field(description="总线上有、现有事实中缺少或不同的")
    facts_surplus: int = Field(description="现有事实中有、总线上没有或不同的")
    figures_different: int = Field(description="不一致的统计项数")
    differences: list[Difference] = Field(description="不一致的统计项，最多 200 项")

    @classmethod
    def of(cls, record: RebuildRecord) -> RebuildReport:
        """From the row."""
        return cls.model_validate(
            {name: getattr(record, name) for name in cls.model_fields if name != "id"} | {"id": str(record.id)}
        )
