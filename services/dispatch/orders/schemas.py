"""What is shown of orders in lists, and of their history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from services.dispatch.orders.model import STATUS_TITLES, Status
from services.dispatch.orders.tables import CaseRecord
from shared.access import Sight
from shared.personal.sealing import Sealer


class OrderOut(BaseModel):
    """An order in the queue."""

    order_id: str
    platform: str
    platform_no: str
    level: str
    category: str
    title: str | None = Field(description="诉求标题；无权查看时为空")
    urgent: list[str] = Field(description="policy 政策咨询 / livelihood 民生紧急 / safety 安全紧急；空为普通")
    street: str | None
    status: Status
    status_title: str
    unit: str | None = Field(description="当前承办单位；空为中心")
    first_unit: str | None = Field(description="首接单位，不再改变")
    returns: int
    redos: int
    urges: int
    no_return: bool
    received_at: datetime
    assigned_at: datetime | None
    promised_at: datetime | None
    ended_at: datetime | None


def title_of(sealer: Sealer, record: CaseRecord, sight: Sight) -> str | None:
    """The title as this reader sees it (X2)."""
    return sight.shows(record.open_demand(sealer).title)


def listed_fields(sealer: Sealer, record: CaseRecord, sight: Sight) -> dict[str, Any]:
    """The fields of OrderOut."""
    fields = {name: getattr(record, name) for name in set(OrderOut.model_fields) - {"title", "status_title"}}
    return {**fields, "title": title_of(sealer, record, sight), "status_title": STATUS_TITLES[record.status]}


def order_out(sealer: Sealer, record: CaseRecord, sight: Sight) -> OrderOut:
    """A row of the queue."""
    return OrderOut(**listed_fields(sealer, record, sight))


class HistoryOut(BaseModel):
    """Who did what (X1)."""

    at: datetime
    actor: str
    role: str
    unit: str | None
    action: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str | None = Field(
        description="理由；assignment:<序号>、return:<标识> 指责任链、回退记录中的相应一条，其文字按权限显示"
    )


class DeskOut(BaseModel):
    """How many orders are in each state, of those that are not at their end."""

    counts: dict[Status, int]
    estimated: list[Status] = Field(description="其件数为估计数的状态")
