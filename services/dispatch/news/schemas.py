"""News as they are shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.dispatch.news.model import News
from services.dispatch.news.policy import TITLES
from services.dispatch.orders.schemas import title_of
from services.dispatch.orders.tables import CaseRecord
from services.dispatch.timeline import rules
from services.dispatch.timeline.model import Topic
from services.dispatch.timeline.schemas import ClockRef, References, UnitRef, clock_out, unit_out
from services.dispatch.timeline.store import Names
from shared.access import Sight
from shared.personal.sealing import Sealer
from shared.web import Body, Page


class NewsOut(BaseModel):
    """One thing that changed for the reader."""

    id: int = Field(description="编号，越大越新；可作为 since、upto 和 Last-Event-ID")
    topic: Topic = Field(description="动态类别代码，稳定不变")
    topic_title: str = Field(description="动态类别")
    at: datetime = Field(description="发生的时间")
    kind: str = Field(description="事项代码，与工单时间线相同")
    text: str = Field(description="一句话说明")
    order_id: str
    platform_no: str | None = Field(description="工单编号；空为工单尚未到达")
    title: str | None = Field(description="诉求标题，按权限显示")
    unit: UnitRef | None = Field(description="事项所属的承办单位；空为中心")
    clock: ClockRef | None = Field(description="所涉时限；空为不涉时限")
    references: References = Field(description="所涉记录的标识")


class NewsPage(Page[NewsOut]):
    """News, the newest first, and how far the reader has read."""

    unread: int = Field(description="未读条数，最多数到 1000")
    unread_more: bool = Field(description="未读是否超过 1000 条")
    seen_upto: int = Field(description="已读到的编号；0 为从未标记已读")
    newest: int = Field(description="此时的最新编号：以它作为事件流的 after，与本页之间不漏不重")


class SeenBody(Body):
    """Up to where the reader has read."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"upto": 120}]})

    upto: Annotated[int, Field(ge=0, lt=2**53, title="已读到的编号", description="所见最新一条的编号")]


class SeenOut(BaseModel):
    """Up to where the reader has read by now."""

    seen_upto: int = Field(description="已读到的编号：只进不退，不超过最新编号")


def news_out(one: News, record: CaseRecord | None, sight: Sight | None, names: Names, sealer: Sealer) -> NewsOut:
    """One of the news as this reader sees it."""
    facts = dict(one.facts)
    return NewsOut(
        id=one.position,
        topic=Topic(one.topic),
        topic_title=TITLES[Topic(one.topic)],
        at=one.at,
        kind=one.kind,
        text=rules.sentence_of(one.kind, facts, one.unit, names.units),
        order_id=one.order_id,
        platform_no=None if record is None else record.platform_no,
        title=None if record is None or sight is None else title_of(sealer, record, sight),
        unit=unit_out(one.unit, names),
        clock=clock_out(one.kind, facts),
        references=References(**rules.references_of(facts)),
    )
