"""The fields of an upstream's order by our names, with their titles in Chinese.

`order.updated.v1` names by them what changed; whoever shows that writes the title beside the name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

FIELD_TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
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
    }
)

FLAGS: Final = frozenset({"urgent", "out_of_scope"})
"""What a person at the centre corrects by hand (S1.3.1a, S2.2.2a): no field of the upstream, and no change of the demand."""


def demand_fields(changed: Iterable[str]) -> tuple[str, ...]:
    """Of the changed fields those that change the demand: a reply to an earlier version may not answer them (S1.1.4c)."""
    return tuple(name for name in changed if name not in FLAGS)
