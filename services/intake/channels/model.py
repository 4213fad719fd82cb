"""A channel, the order in our field names, and what a request is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from shared.contracts.intake import Level, ReplyScheme, Subject

Spelling = Literal["local", "iso", "millis"]
"""How a platform writes moments: `2026-11-23 09:00:00` in local time, ISO 8601 with offset, or milliseconds since 1970."""
ChannelCode = Literal[
    "national_inspection",
    "national_portal",
    "national_message",
    "province_12345",
    "city_12345",
    "city_enterprise",
    "province_enterprise",
]


USUAL_SUCCESS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "code": frozenset({"0", "00", "000", "0000", "00000", "000000", "200", "201", "202", "success", "ok"}),
        "errcode": frozenset({"0"}),
        "success": frozenset({"true", "1", "success", "ok", "y", "yes"}),
        "status": frozenset(
            {"0", "1", "200", "201", "202", "true", "success", "succeeded", "ok", "accepted", "received"}
        ),
    }
)
"""How platforms usually answer; `1` is a success in `status` and not in `code`, as most of them use it."""


@dataclass(frozen=True, slots=True)
class Channel:
    """An upstream platform: the level and kind of its orders, and its field names for ours."""

    code: str
    title: str
    level: Level
    subject: Subject
    scheme: ReplyScheme
    spelling: Spelling
    order: Mapping[str, str]
    """Its field name -> ours, for orders.  Where it numbers the revisions of an order, one of them is our `revision`."""
    required: tuple[str, ...]
    """Our names of the fields that every order of this platform must have."""
    feedback: Mapping[str, str]
    """Our field name -> its, for the reply that is sent to it."""
    example: Mapping[str, Any]
    """A whole order as this platform writes it: shown in the API document and pushed by the simulated upstream."""
    notices: Mapping[str, str] = field(default_factory=dict)
    """Its field name -> ours, for cancellations, urges, revisits and redos."""
    success: Mapping[str, frozenset[str]] = field(default_factory=lambda: USUAL_SUCCESS)
    """Fields of its answers to our feedback that say whether it took it, with the values that say yes (lower case)."""

    def theirs(self, ours: str) -> str:
        """Its name for one of our order fields; ours when it has none."""
        return next((name for name, canonical in self.order.items() if canonical == ours), ours)


class UpstreamOrder(NamedTuple):
    """One order in our field names; all but four fields are optional.  Every moment has its offset.

    A tuple, because one is made for every order on the hot path, and a frozen dataclass is slower to make.
    """

    upstream_no: str
    title: str
    content: str
    category: str
    old_no: str | None = None
    duplicate_of: str | None = None
    revision: int | None = None
    is_test: bool = False
    way: str | None = None
    caller_name: str | None = None
    gender: str | None = None
    caller_phone: str | None = None
    contact_phone: str | None = None
    email: str | None = None
    id_type: str | None = None
    id_number: str | None = None
    caller_region: str | None = None
    subject: Subject | None = None
    enterprise_name: str | None = None
    credit_code: str | None = None
    caller_label: str | None = None
    repeat_caller: bool | None = None
    confidential: bool = False
    anonymous: bool = False
    public: bool | None = None
    kind: str | None = None
    original_letter: str | None = None
    category_code: str | None = None
    tags: tuple[str, ...] = ()
    urgency: str | None = None
    against: str | None = None
    against_phone: str | None = None
    attachments: tuple[dict[str, str], ...] = ()
    recording_id: str | None = None
    area: str | None = None
    street: str | None = None
    community: str | None = None
    spot: str | None = None
    address: str | None = None
    longitude: float | None = None
    latitude: float | None = None
    called_at: datetime | None = None
    accepted_at: datetime | None = None
    filed_at: datetime | None = None
    sent_at: datetime | None = None
    due_at: datetime | None = None
    time_limit: int | None = None
    time_unit: str | None = None
    advice: str | None = None

    @property
    def hidden(self) -> bool:
        """Whether the caller asked not to be known to units (X2)."""
        return self.confidential or self.anonymous


TITLES: Final[Mapping[str, str]] = {
    "upstream_no": "工单编号",
    "title": "诉求标题",
    "content": "诉求内容",
    "category": "问题分类",
    "old_no": "旧工单编号",
    "duplicate_of": "重复工单号",
    "revision": "版本号",
    "is_test": "测试标志",
    "way": "受理方式",
    "caller_name": "来电人姓名",
    "gender": "性别",
    "caller_phone": "来电号码",
    "contact_phone": "联系方式",
    "email": "邮箱",
    "id_type": "证件类型",
    "id_number": "证件号码",
    "caller_region": "来电人区域",
    "subject": "来电主体",
    "enterprise_name": "企业名称",
    "credit_code": "统一社会信用代码",
    "caller_label": "来电人标签",
    "repeat_caller": "是否老户",
    "confidential": "是否保密",
    "anonymous": "是否匿名",
    "public": "是否公开",
    "kind": "业务类别",
    "original_letter": "原信内容",
    "category_code": "问题分类编码",
    "tags": "标签",
    "urgency": "紧急程度",
    "against": "被反映对象",
    "against_phone": "被反映对象电话",
    "attachments": "附件",
    "recording_id": "录音编号",
    "area": "区域",
    "street": "街道（镇）",
    "community": "社区（村）",
    "spot": "小区点位",
    "address": "详细发生地",
    "longitude": "经度",
    "latitude": "纬度",
    "called_at": "来电时间",
    "accepted_at": "受理时间",
    "filed_at": "立案时间",
    "sent_at": "转办时间",
    "due_at": "办理截止时间",
    "time_limit": "处理时限",
    "time_unit": "时限单位",
    "advice": "派单意见",
    "reason": "原因",
    "happened_at": "时间",
    "connected": "是否接通",
    "solved": "是否解决",
    "satisfied": "是否满意",
    "opinion": "回访意见",
}
"""The field names in Chinese, of orders and notices: used in messages about a field that is missing or wrong."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a request is answered: 201 a new order, 200 done or known, 422 not understood.

    `replayed` when the very same request was answered before.
    """

    status: int
    order_id: str | None
    version: int | None = None
    replayed: bool = False
    quarantine_id: str | None = None
    not_applied: str | None = None
    """A stable code where nothing was done, because what is known is newer: `older_revision`."""
