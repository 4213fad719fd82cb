"""What the API shows and takes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.intake.model import ChannelCode, State
from shared.contracts.intake import Level, ReplyScheme, Subject, Urgency
from shared.web.fields import Body, Line

ScopeClass = Literal["litigation", "criminal", "petition", "discipline", "unlawful"]
QuarantineState = Literal["waiting", "released", "dropped"]
DeliveryState = Literal["waiting", "sending", "acked", "failed"]


class AcceptedView(BaseModel):
    """The answer to an order that was taken in."""

    order_id: str = Field(description="本平台工单编号")
    version: int = Field(description="内容版本，首次为 1")


class NoticeView(BaseModel):
    """The answer to a cancellation, urge, revisit result or redo."""

    order_id: str


class OrderLine(BaseModel):
    """An order in a listing."""

    order_id: str
    channel: str
    channel_title: str
    platform_no: str = Field(description="上级平台工单编号")
    level: Level
    subject: Subject
    scheme: ReplyScheme
    title: str
    category: str
    street: str | None
    urgent: list[Urgency]
    out_of_scope: str | None = Field(description="疑似不在受理范围的类别")
    flagged_by: str = Field(description="rules 为规则判定，否则为修改人账号")
    confidential: bool
    is_test: bool
    state: State
    holder_unit: str | None
    version: int
    received_at: datetime
    changed_at: datetime
    upstream_due_at: datetime | None
    urges: int
    revisits: int


class MaskedCaller(BaseModel):
    """The caller, masked (138****8000, 张**)."""

    name: str | None
    phone: str | None
    contact_phone: str | None
    id_number: str | None
    email: str | None
    address: str | None


class OrderDetail(OrderLine):
    """One order; personal data masked, and no identity at all for a unit when the caller asked to stay unknown."""

    content: str
    details: dict[str, Any] = Field(description="其余不涉及个人的字段")
    caller: MaskedCaller | None


class VersionView(BaseModel):
    """One version of an order's content."""

    version: int
    received_at: datetime
    category: str
    changed: list[str] = Field(description="与上一版本不同的字段")
    title: str
    content: str
    details: dict[str, Any]


class RevealBody(Body):
    """Why the identity is needed."""

    purpose: Line = Field(title="查看用途", description="查看用途，将被记录", examples=["电话联系来电人核实诉求"])


class RevealedCaller(BaseModel):
    """The caller's identity in clear."""

    name: str | None
    phone: str | None
    contact_phone: str | None
    id_number: str | None
    email: str | None
    address: str | None
    more: dict[str, Any]


class FlagsBody(Body):
    """A person's judgement of the flags."""

    urgent: Annotated[list[Urgency], Field(max_length=3, title="紧急类别")]
    out_of_scope: Annotated[ScopeClass | None, Field(title="不在受理范围的类别")]
    reason: Annotated[Line, Field(title="更改理由")]


class QuarantineLine(BaseModel):
    """A quarantined request in a listing."""

    id: str
    channel: str
    kind: str
    verified: bool = Field(description="签名是否已通过校验")
    signed_by: str | None = Field(description="签名所用密钥所属的渠道，推送地址写错时据此核对；未签名的为空")
    source: str
    reason: str
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


class ReleaseBody(Body):
    """How a quarantined request is to be taken in."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"channel": "city_12345", "reason": "推送地址填写有误，内容无误"}]}
    )

    channel: ChannelCode | None = Field(default=None, title="渠道", description="未知渠道的请求须指明按哪个渠道受理")
    payload: dict[str, Any] | None = Field(
        default=None, title="更正后的内容", description="更正后的内容，字段名用该渠道的；不填则按原文"
    )
    reason: Annotated[Line, Field(title="处理理由")]


class DropBody(Body):
    """Why a quarantined request is dropped."""

    reason: Annotated[Line, Field(title="处理理由")]


class ReleasedView(BaseModel):
    """What a release led to."""

    order_id: str
    version: int | None


class DeliveryLine(BaseModel):
    """A reply on its way to its platform."""

    id: str
    order_id: str
    reply_id: str
    channel: str
    round: int
    unit: str
    disposition: str
    state: DeliveryState
    attempts: int
    created_at: datetime
    next_at: datetime | None
    acked_at: datetime | None


class AttemptView(BaseModel):
    """One attempt; `ended_at` empty when nobody knows how it ended."""

    number: int
    started_at: datetime
    ended_at: datetime | None
    status: int | None
    outcome: str | None


class DeliveryDetail(DeliveryLine):
    """A delivery with its attempts."""

    history: list[AttemptView]
