"""How a person releases a quarantined request."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from services.intake.channels.model import ChannelCode
from services.intake.quarantine.model import Kind
from shared.web.fields import Body, Line, Text


class ReleaseBody(Body):
    """How a quarantined request is to be accepted."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"channel": "city_12345", "reason": "推送地址填写有误，内容无误"}]}
    )

    channel: ChannelCode | None = Field(default=None, title="渠道", description="未知渠道的请求须指明按哪个渠道受理")
    payload: dict[str, Any] | None = Field(
        default=None, title="更正后的内容", description="更正后的内容，字段名用该渠道的；不填则按原文"
    )
    reason: Annotated[Line, Field(title="处理理由")]


class ReleaseGroupBody(Body):
    """Which group of quarantined requests is to be accepted."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "channel": "city_12345",
                    "kind": "orders",
                    "cause": "invalid: missing callerPhone",
                    "reason": "渠道已不再要求来电号码，内容无误",
                }
            ]
        }
    )

    channel: Annotated[Line, Field(title="渠道代码", description="该组的渠道代码")]
    kind: Kind = Field(title="请求种类", description="该组的请求种类")
    cause: Annotated[Text, Field(title="原因", description="该组的原因")]
    as_channel: ChannelCode | None = Field(
        default=None, title="受理渠道", description="未知渠道的请求须指明按哪个渠道受理"
    )
    reason: Annotated[Line, Field(title="处理理由")]


class OutcomeView(BaseModel):
    """How the release of one request ended."""

    quarantine_id: str
    order_id: str | None = Field(description="放行后的工单编号；未放行的为空")
    version: int | None
    code: str | None = Field(description="未放行的原因代码")
    message: str | None = Field(description="未放行的原因")
    faults: list[dict[str, str]]


class ReleasedGroupView(BaseModel):
    """What the release of a group led to."""

    released: int = Field(description="已放行的件数")
    refused: int = Field(description="未放行、以新的原因继续隔离的件数")
    remaining: int = Field(description="该组仍待处理的件数；大于零时可再次放行")
    items: list[OutcomeView]


class ReleasedView(BaseModel):
    """What a release led to."""

    order_id: str
    version: int | None
