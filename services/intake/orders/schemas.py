"""What the API shows of the upstream copy."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from services.intake.orders.model import State
from shared.contracts.intake import Level, ReplyScheme, Subject, Urgency
from shared.web.fields import Body, Line


class OrderLine(BaseModel):
    """An order in a listing."""

    order_id: str
    channel: str
    channel_title: str
    platform_no: str = Field(description="上级平台工单编号")
    level: Level
    subject: Subject
    scheme: ReplyScheme
    title: str | None = Field(description="诉求标题；无权查看时为空")
    category: str
    street: str | None
    urgent: list[Urgency]
    out_of_scope: str | None = Field(description="疑似不在受理范围的类别")
    flagged_by: str = Field(
        description="rules 为规则判定，否则为修改人账号；人工判定对以后各版本一直有效，直至再次修改"
    )
    confidential: bool
    is_test: bool
    state: State
    holder_unit: str | None
    version: int
    received_at: datetime = Field(description="原始请求首次到达的时间，区级时限由此起算")
    released_at: datetime | None = Field(description="曾被隔离的，人工放行或平台更正后重新推送的时间")
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


class UnknownFieldsView(BaseModel):
    """What one request of the platform had that we have no field for."""

    kind: str = Field(description="orders、cancellations、urges、revisits 或 redos")
    received_at: datetime
    fields: dict[str, str] = Field(description="上级平台的字段名与内容")


class QuarantinedView(BaseModel):
    """What the platform sent of an order that nobody could read yet; nothing of its content is told."""

    count: int = Field(description="份数；0 为没有")
    since: datetime | None = Field(description="最早一份到达的时间；没有的为空")


class UpstreamFile(BaseModel):
    """A file that is stored at the platform; nothing of it is stored here."""

    name: str | None = Field(description="文件名")
    url: str | None = Field(description="上级平台的下载地址；无权下载工单附件的为空")


class OrderDetail(OrderLine):
    """One order; personal data masked, and no identity at all for a unit when the caller asked for confidentiality."""

    urgent_found: list[Urgency] = Field(
        description="规则从最新文本中判断的紧急类别；与 urgent 不同时，以人工判定的 urgent 为准，请核对"
    )
    content: str | None = Field(description="诉求内容；无权查看时为空")
    details: dict[str, Any] = Field(description="其余不涉及个人的字段")
    caller: MaskedCaller | None
    attachments: list[UpstreamFile] = Field(
        description="上级平台随最近一版推送的附件；无权查看诉求内容或须对来电人保密的为空"
    )
    quarantined: QuarantinedView = Field(
        description="上级平台就此编号发来、未能识别而在隔离区等待处理的内容，可能改变诉求；版本号不高于现有内容的不计"
    )
    unknown_fields: list[UnknownFieldsView] = Field(
        description="上级平台推送的、本平台不认识的字段，最近的在前；无权查看诉求内容或须对来电人保密的为空"
    )


class VersionView(BaseModel):
    """One version of an order's content."""

    version: int
    received_at: datetime
    category: str
    changed: list[str] = Field(description="与上一版本不同的字段")
    title: str | None = Field(description="诉求标题；无权查看时为空")
    content: str | None = Field(description="诉求内容；无权查看时为空")
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
