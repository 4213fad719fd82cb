"""How a person releases a quarantined request."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from services.intake.channels.model import ChannelCode
from shared.web.fields import Body, Line


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


class ReleasedView(BaseModel):
    """What a release led to."""

    order_id: str
    version: int | None
