"""The pass with which a browser opens a stream."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from services.sla.streams.model import StreamName
from shared.web import Body


class PassBody(Body):
    """For which stream."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"stream": "breaches"}]})

    stream: StreamName = Field(title="事件流", description="breaches 超期事件流 / warnings 预警事件流")


class StreamPass(BaseModel):
    """A pass and the address that it opens, once."""

    stream_pass: str = Field(description="一次性凭证，30 秒内有效，仅可使用一次")
    path: str = Field(description="事件流地址，已含凭证，供浏览器 EventSource 使用")
    expires_at: datetime = Field(description="凭证失效时间")
