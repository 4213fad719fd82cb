"""What the API shows and takes of quarantined requests."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from services.intake.quarantine.model import Kind, QuarantineState
from shared.web.fields import Body, Line


class QuarantineLine(BaseModel):
    """A quarantined request in a listing."""

    id: str
    channel: str
    kind: str
    verified: bool = Field(description="签名是否已通过校验")
    signed_by: str | None = Field(description="签名所用密钥所属的渠道，推送地址写错时据此核对；未签名的为空")
    source: str
    platform_revision: int | None = Field(description="上级平台的版本号；该渠道没有版本号的，或无法辨认的，为空")
    reason: str
    cause: str = Field(description="原因代码，及各项错误的代码与字段；相同的为一组，可一并放行")
    size: int = Field(description="字节数")
    state: QuarantineState
    received_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    why: str | None
    order_id: str | None


class QuarantineDetail(QuarantineLine):
    """One quarantined request with its bytes."""

    faults: list[dict[str, Any]]
    body_base64: str = Field(description="原始字节（base64）")
    body_text: str | None = Field(description="可按 UTF-8 解读时的原文")


class QuarantineGroup(BaseModel):
    """Waiting requests of one cause."""

    channel: str
    kind: Kind
    cause: str = Field(description="原因代码，及各项错误的代码与字段")
    reason: str
    waiting: int = Field(description="待处理的件数")
    first_received_at: datetime
    last_received_at: datetime


class QuarantineGroups(BaseModel):
    """All of them, those with the most requests first; at most two hundred."""

    items: list[QuarantineGroup]


class DropBody(Body):
    """Why a quarantined request is dropped."""

    reason: Annotated[Line, Field(title="处理理由")]
