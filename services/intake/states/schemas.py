"""The question for an order's state, in a platform's field names, and its answer, in one wording for all platforms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from services.intake.channels.model import Channel
from services.intake.channels.policy import CHANNELS
from services.intake.channels.schemas import Number, not_understood, renamed, schema_name, schema_of
from services.intake.feedback.model import DeliveryState
from services.intake.orders.model import State
from services.intake.states.policy import DELIVERY_TITLES, STATE_TITLES
from services.intake.states.store import FoundOrder
from shared.calendar import SHANGHAI
from shared.web.fields import Body

Local = Annotated[datetime, AfterValidator(lambda moment: moment.astimezone(SHANGHAI))]
"""ISO 8601 with the offset of local time, +08:00."""


def _listed(titles: Mapping[Any, str]) -> str:
    return " / ".join(f"{value} {title}" for value, title in titles.items())


class StateBody(Body):
    """Which order."""

    upstream_no: Number


class SentReply(BaseModel):
    """A reply on its way to the platform."""

    id: str = Field(description="反馈编号，即反馈请求的 webhook-id，重发不变")
    state: DeliveryState = Field(description=_listed(DELIVERY_TITLES))
    state_title: str = Field(description="反馈状态（中文）")
    round: int = Field(description="第几轮答复")
    demand_version: int = Field(description="所答复的工单版本")
    created_at: Local = Field(description="审核通过时间")
    acked_at: Local | None = Field(description="贵平台确认收到的时间")


class OrderState(BaseModel):
    """How far an order is, as its platform may know it."""

    order_id: str = Field(description="本平台工单编号")
    platform_no: str = Field(description="上级平台工单编号")
    state: State = Field(description=_listed(STATE_TITLES))
    state_title: str = Field(description="进展（中文）")
    version: int = Field(description="工单内容的版本，首次推送为 1")
    unit_name: str | None = Field(description="当前承办单位；尚未交办为空")
    received_at: Local = Field(description="受理时间")
    changed_at: Local = Field(description="内容最近变更时间")
    upstream_due_at: Local | None = Field(description="贵平台要求的办理截止时间；未提供为空")
    urges: int = Field(description="已登记的催办次数")
    revisits: int = Field(description="已登记的回访次数")
    deliveries: list[SentReply] = Field(description="历次反馈，先后为序")

    @classmethod
    def of(cls, found: FoundOrder) -> OrderState:
        """From the rows."""
        record = found.record
        names = set(cls.model_fields) - {"state_title", "unit_name", "deliveries"}
        return cls(
            **{name: getattr(record, name) for name in names},
            state_title=STATE_TITLES[record.state],
            unit_name=found.unit_name,
            deliveries=[
                SentReply(
                    id=one.id,
                    state=one.state,
                    state_title=DELIVERY_TITLES[one.state],
                    round=one.round,
                    demand_version=one.demand_version,
                    created_at=one.created_at,
                    acked_at=one.acked_at,
                )
                for one in found.deliveries
            ],
        )


def number_of(channel: Channel, raw: Mapping[str, Any]) -> str:
    """The number that a platform asks for, under its own field name; NotUnderstood when there is none."""
    names = _names(channel)
    values = renamed(channel, names, raw, ("upstream_no",))
    try:
        return StateBody.model_validate(values).upstream_no
    except ValidationError as fault:
        raise not_understood(names, fault, StateBody.model_fields) from fault


def state_schema(channel: Channel) -> dict[str, Any]:
    """The JSON schema of a platform's question for the API document."""
    return schema_of(channel, "states", StateBody, names=_names(channel), required={"upstream_no"})


def state_schemas() -> dict[str, Any]:
    """Those of every channel, by their names in the API document."""
    return {schema_name(channel, "states"): state_schema(channel) for channel in CHANNELS.values()}


def state_example(channel: Channel) -> dict[str, Any]:
    """A platform's question for the order of its example."""
    name = channel.theirs("upstream_no")
    return {name: channel.example[name]}


def _names(channel: Channel) -> Mapping[str, str]:
    return {channel.theirs("upstream_no"): "upstream_no"}
