"""What is shown of orders in lists, and of their history."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from services.dispatch.orders.model import STATUS_TITLES, Group, Status
from services.dispatch.orders.store import SeenOrder
from services.dispatch.orders.tables import CaseRecord
from shared.access import Part, Sight
from shared.contracts.fields import FIELD_TITLES
from shared.contracts.sla import CLOCK_TITLES, ClockKind
from shared.personal.sealing import Sealer


class ChangedField(BaseModel):
    """A field of the order that the upstream changed."""

    name: str = Field(description="字段代码")
    title: str = Field(description="字段名称")


class ChangedDemand(BaseModel):
    """A version of the order that the unit has not answered yet (S1.1.4c)."""

    version: int = Field(description="工单内容版本，1 为首版")
    at: datetime = Field(description="上级平台变更的时间")
    fields: list[ChangedField] = Field(description="变更的字段")

    @classmethod
    def of(cls, given: dict[str, Any]) -> ChangedDemand:
        """From the JSON object that a change is stored as."""
        fields = [ChangedField(name=name, title=FIELD_TITLES.get(name, name)) for name in given["fields"]]
        return cls(version=given["version"], at=given["at"], fields=fields)


class PressingClock(BaseModel):
    """The deadline of the order that comes first."""

    clock_id: str = Field(description="时限编号，逐日依据见时限服务")
    kind: ClockKind
    title: str = Field(description="时限名称")
    due_at: datetime
    state: Literal["running", "provisional", "overdue"] = Field(
        description="running 计时中 / provisional 暂定，放假安排公布后可能变动 / overdue 已超期"
    )

    @classmethod
    def of(cls, record: CaseRecord, now: datetime) -> PressingClock | None:
        """What presses at this moment; None while no clock runs."""
        if record.pressing_kind is None or record.pressing_clock is None:
            return None
        running: Literal["running", "provisional"] = "provisional" if record.pressing_provisional else "running"
        return cls(
            clock_id=record.pressing_clock,
            kind=record.pressing_kind,
            title=CLOCK_TITLES[record.pressing_kind],
            due_at=record.pressing_at,
            state="overdue" if record.pressing_at < now else running,
        )


class OrderOut(BaseModel):
    """An order in the queue."""

    order_id: str
    platform: str
    platform_no: str
    level: str
    category: str
    title: str | None = Field(description="诉求标题；无权查看时为空")
    demand_version: int = Field(description="工单内容版本，1 为首版")
    demand_changes: list[ChangedDemand] = Field(
        description="交办或最近一次提交答复以来上级平台对工单的变更，先后为序；空为没有"
    )
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
    changed_at: datetime | None = Field(description="上级平台最近一次变更工单的时间")
    due_at: datetime | None = Field(description="最紧迫的时限的截止时刻；没有正在计时的为空")
    clock: PressingClock | None = Field(description="最紧迫的时限；没有正在计时的为空")


def title_of(sealer: Sealer, record: CaseRecord, sight: Sight) -> str | None:
    """The title as this reader sees it (X2)."""
    return sight.shows(record.open_demand(sealer).title)


def listed_fields(sealer: Sealer, record: CaseRecord, sight: Sight, now: datetime) -> dict[str, Any]:
    """The fields of OrderOut."""
    made = {"title", "status_title", "demand_changes", "due_at", "clock"}
    clock = PressingClock.of(record, now)
    fields = {name: getattr(record, name) for name in set(OrderOut.model_fields) - made}
    return {
        **fields,
        "title": title_of(sealer, record, sight),
        "status_title": STATUS_TITLES[record.status],
        "demand_changes": [ChangedDemand.of(change) for change in record.demand_changes],
        "due_at": None if clock is None else clock.due_at,
        "clock": clock,
    }


def order_out(sealer: Sealer, record: CaseRecord, sight: Sight, now: datetime) -> OrderOut:
    """A row of the queue."""
    return OrderOut(**listed_fields(sealer, record, sight, now))


class NamedOrder(BaseModel):
    """By what a person recognises an order in a list of another service; a unit that had it before sees number and title."""

    order_id: str
    platform: str
    platform_no: str = Field(description="上级平台工单编号")
    title: str | None = Field(description="诉求标题；无权查看时为空")
    part: Part | None = Field(description="本单位与工单的关系：lead 承办 / joint 协办 / former 曾承办；空为无")
    unit: str | None = Field(description="当前承办单位；空为中心，曾承办的单位不显示")
    status: Status | None = Field(description="曾承办的单位不显示")
    status_title: str | None
    urgent: list[str]
    street: str | None
    due_at: datetime | None = Field(description="最紧迫的时限的截止时刻；没有正在计时的为空")
    clock: PressingClock | None

    @classmethod
    def of(cls, found: SeenOrder, sealer: Sealer, now: datetime) -> NamedOrder:
        """The order as its reader may see it (S4.2a)."""
        record, former = found.record, found.only is not None
        clock = None if former else PressingClock.of(record, now)
        return cls(
            order_id=record.order_id,
            platform=record.platform,
            platform_no=record.platform_no,
            title=title_of(sealer, record, found.sight),
            part=found.part,
            unit=None if former else record.unit,
            status=None if former else record.status,
            status_title=None if former else STATUS_TITLES[record.status],
            urgent=[] if former else record.urgent,
            street=None if former else record.street,
            due_at=None if clock is None else clock.due_at,
            clock=clock,
        )


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
        description="理由；assignment:<序号>、return:<标识>、reply:<标识> 指责任链、回退记录、答复（意见）中的相应一条，其文字按权限显示"
    )


class DeskOut(BaseModel):
    """How many orders are in each state, of those that are not at their end."""

    counts: dict[Status, int]
    estimated: list[Status] = Field(description="其件数为估计数的状态")
    groups: dict[Group, int] = Field(description="各列表（group）未办结的件数；没有的不列")
    groups_complete: bool = Field(description="否：未办结的超过五万件，groups 只计其中五万件")
    as_of: datetime = Field(description="统计时刻")
