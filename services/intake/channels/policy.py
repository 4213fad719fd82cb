"""The seven channels: each platform's field names for ours, and the limits for every request.

The three national platforms send letters and use the same field names (S1.1.1a).  The provincial platform sends tasks
of persons (S1.1.2) and of enterprises (S1.2.2a); the municipal platform orders of persons (S1.1.3) and of enterprises
(S1.2.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from services.intake.channels.model import Channel

SIGNATURE_WINDOW: Final = timedelta(minutes=5)
"""Standard Webhooks: a request dated further off is refused as a replay (R34)."""
SIGNATURES_READ: Final = 8
"""Signatures of one header that are tried: two keys are live at most, so more of them are no key rotation."""
UNKNOWN_FIELDS: Final = 50
"""Fields that we do not know in one request: with more of them it is another format."""
UNKNOWN_BYTES: Final = 16 * 1024
"""What their names and values may take together."""
UNKNOWN_NAME: Final = 64
UNKNOWN_SHOWN: Final = 20
"""Requests with such fields that one order shows; all are kept."""
FAST_CLOCK: Final = timedelta(minutes=10)
"""How far in the future a moment that has passed may be dated: twice the signature window, less than any time zone."""

# --- National ---------------------------------------------------------------------------------------------------------

# No field for a revision number: what a national platform sends last is the newest.
_NATIONAL_ORDER: Final = {
    "letterNo": "upstream_no",
    "oldLetterNo": "old_no",
    "title": "title",
    "content": "content",
    "topic": "category",
    "topicCode": "category_code",
    "keywords": "tags",
    "userName": "caller_name",
    "gender": "gender",
    "mobile": "caller_phone",
    "telephone": "contact_phone",
    "email": "email",
    "idType": "id_type",
    "idNumber": "id_number",
    "province": "caller_region",
    "letterType": "kind",
    "area": "area",
    "street": "street",
    "address": "address",
    "secret": "confidential",
    "anonymous": "anonymous",
    "open": "public",
    "submitTime": "called_at",
    "transferTime": "sent_at",
    "deadline": "due_at",
    "handleAdvice": "advice",
    "target": "against",
    "files": "attachments",
    "isTest": "is_test",
}
_NATIONAL_NOTICES: Final = {
    "letterNo": "upstream_no",
    "reason": "reason",
    "time": "happened_at",
    "connected": "connected",
    "solved": "solved",
    "satisfied": "satisfied",
    "opinion": "opinion",
}
_NATIONAL_FEEDBACK: Final = {
    "order_no": "letterNo",
    "reply_id": "replyId",
    "round": "round",
    "unit": "handleUnit",
    "replied_on": "replyDate",
    "leader_name": "reviewer",
    "demand_version": "demandVersion",
    "disposition": "result",
    "contact_person": "contactPerson",
    "contact_at": "contactTime",
    "contact_phone": "contactPhone",
    "findings": "replyContent",
    "satisfaction": "satisfaction",
    "remarks": "remarks",
}
_NATIONAL_EXAMPLE: Final[dict[str, Any]] = {
    "letterNo": "GW2026112300017",
    "title": "建议加快老旧小区加装电梯审批",
    "content": "本人居住的小区为六层无电梯老旧小区，加装电梯的申请提交已三个月，请有关部门说明办理进度和所需材料。",
    "topic": "城乡建设/老旧小区改造",
    "userName": "赵示例",
    "mobile": "13800138003",
    "letterType": "建议",
    "area": "莱山区",
    "street": "滨海路街道",
    "address": "山东省烟台市莱山区滨海路街道海天小区3号楼",
    "secret": False,
    "open": True,
    "submitTime": "2026-11-23T08:12:30+08:00",
    "transferTime": "2026-11-23T08:40:00+08:00",
    "deadline": "2026-12-08T17:30:00+08:00",
}
"""Invented people, real streets."""


def _national(code: str, title: str, number: str) -> Channel:
    return Channel(
        code=code,
        title=title,
        level="national",
        subject="person",
        scheme="national_report",
        spelling="iso",
        order=_NATIONAL_ORDER,
        required=("upstream_no", "title", "content", "category", "called_at"),
        feedback=_NATIONAL_FEEDBACK,
        example={**_NATIONAL_EXAMPLE, "letterNo": number},
        notices=_NATIONAL_NOTICES,
    )


NATIONAL: Final = (
    _national("national_inspection", "互联网督查", "DC2026112300005"),
    _national("national_portal", "国家政务网", "GW2026112300017"),
    _national("national_message", "中国政府网留言", "LY2026112300031"),
)

# --- Provincial -------------------------------------------------------------------------------------------------------

_PROVINCE_ORDER: Final = {
    "taskId": "upstream_no",
    "oldTaskId": "old_no",
    "repeatTaskId": "duplicate_of",
    "revision": "revision",
    "taskTitle": "title",
    "taskContent": "content",
    "appealType": "kind",
    "categoryName": "category",
    "categoryCode": "category_code",
    "tags": "tags",
    "source": "way",
    "appealName": "caller_name",
    "appealSex": "gender",
    "appealPhone": "caller_phone",
    "contactPhone": "contact_phone",
    "appealEmail": "email",
    "cardType": "id_type",
    "cardNo": "id_number",
    "isOldUser": "repeat_caller",
    "isSecret": "confidential",
    "isAnonymous": "anonymous",
    "isPublic": "public",
    "urgentLevel": "urgency",
    "reflectObject": "against",
    "reflectPhone": "against_phone",
    "countyName": "area",
    "streetName": "street",
    "communityName": "community",
    "eventAddress": "address",
    "lng": "longitude",
    "lat": "latitude",
    "appealTime": "called_at",
    "acceptTime": "accepted_at",
    "caseTime": "filed_at",
    "dispatchTime": "sent_at",
    "deadlineTime": "due_at",
    "handleDays": "time_limit",
    "handleUnit": "time_unit",
    "remark": "advice",
    "recordId": "recording_id",
    "attachList": "attachments",
    "testFlag": "is_test",
}
_PROVINCE_ENTERPRISE_ORDER: Final = {
    **_PROVINCE_ORDER,
    "entName": "enterprise_name",
    "creditCode": "credit_code",
}
_PROVINCE_NOTICES: Final = {
    "taskId": "upstream_no",
    "reason": "reason",
    "operateTime": "happened_at",
    "isConnected": "connected",
    "isSolved": "solved",
    "satisfyDegree": "satisfied",
    "visitOpinion": "opinion",
}
_PROVINCE_FEEDBACK: Final = {
    "order_no": "taskId",
    "reply_id": "replyId",
    "round": "round",
    "unit": "dealUnit",
    "replied_on": "dealDate",
    "leader_name": "reviewMan",
    "demand_version": "demandVersion",
    "disposition": "dealResult",
    "contact_person": "linkMan",
    "contact_at": "linkTime",
    "contact_phone": "linkPhone",
    "findings": "dealContent",
    "satisfaction": "satisfyDegree",
    "remarks": "remark",
}
_PROVINCE_EXAMPLE: Final[dict[str, Any]] = {
    "taskId": "SD20261123000842",
    "taskTitle": "供暖温度不达标",
    "taskContent": "市民反映家中供暖已一周，室内温度只有14度，多次联系供热公司没有解决，请尽快处理。",
    "appealType": "投诉",
    "categoryName": "公用事业/供热/温度不达标",
    "categoryCode": "030402",
    "source": "电话",
    "appealName": "钱示例",
    "appealPhone": "13800138001",
    "isSecret": "0",
    "countyName": "莱山区",
    "streetName": "初家街道",
    "eventAddress": "莱山区初家街道迎春小区12号楼2单元",
    "appealTime": 1795395600000,
    "dispatchTime": 1795396200000,
    "deadlineTime": 1795651200000,
    "handleDays": 3,
    "handleUnit": "工作日",
}
"""Invented people, real streets."""

PROVINCE_12345: Final = Channel(
    code="province_12345",
    title="省12345平台",
    level="provincial",
    subject="person",
    scheme="ordinary",
    spelling="millis",
    order=_PROVINCE_ORDER,
    required=("upstream_no", "title", "content", "category", "caller_phone", "called_at"),
    feedback=_PROVINCE_FEEDBACK,
    example=_PROVINCE_EXAMPLE,
    notices=_PROVINCE_NOTICES,
)
PROVINCE_ENTERPRISE: Final = Channel(
    code="province_enterprise",
    title="省接诉即办",
    level="provincial",
    subject="enterprise",
    scheme="enterprise_fast",
    spelling="millis",
    order=_PROVINCE_ENTERPRISE_ORDER,
    required=("upstream_no", "title", "content", "category", "enterprise_name", "caller_phone", "called_at"),
    feedback=_PROVINCE_FEEDBACK,
    example={
        **_PROVINCE_EXAMPLE,
        "taskId": "JSJB20261123000009",
        "taskTitle": "申请技改补贴未获答复",
        "taskContent": "企业反映技术改造补贴申报材料提交后一直没有收到审核结果，请主管部门说明进度和缺少的材料。",
        "appealType": "求助",
        "categoryName": "经济管理/惠企政策/补贴兑现",
        "categoryCode": "050201",
        "entName": "莱山示例电子有限公司",
        "creditCode": "91370613MA3SAMPLE0",
        "deadlineTime": 1796947200000,
        "handleDays": 13,
    },
    notices=_PROVINCE_NOTICES,
)

# --- Municipal --------------------------------------------------------------------------------------------------------

_CITY_ORDER: Final = {
    "orderNum": "upstream_no",
    "oldOrderNum": "old_no",
    "repeatOrderNum": "duplicate_of",
    "version": "revision",
    "title": "title",
    "eventDesc": "content",
    "originalContent": "original_letter",
    "orderType": "kind",
    "category": "category",
    "categoryCode": "category_code",
    "tags": "tags",
    "acceptWay": "way",
    "callerName": "caller_name",
    "callerSex": "gender",
    "callerPhone": "caller_phone",
    "linkPhone": "contact_phone",
    "callerEmail": "email",
    "idCardType": "id_type",
    "idCardNo": "id_number",
    "callerArea": "caller_region",
    "callerLabel": "caller_label",
    "oldCaller": "repeat_caller",
    "isSecret": "confidential",
    "isAnonymous": "anonymous",
    "isPublic": "public",
    "emergencyLevel": "urgency",
    "beReflected": "against",
    "beReflectedPhone": "against_phone",
    "area": "area",
    "street": "street",
    "community": "community",
    "plot": "spot",
    "address": "address",
    "lng": "longitude",
    "lat": "latitude",
    "callTime": "called_at",
    "acceptTime": "accepted_at",
    "filingTime": "filed_at",
    "sendTime": "sent_at",
    "limitTime": "due_at",
    "timeLimit": "time_limit",
    "timeUnit": "time_unit",
    "dispatchAdvice": "advice",
    "recordId": "recording_id",
    "attachments": "attachments",
    "isTest": "is_test",
}
_CITY_ENTERPRISE_ORDER: Final = {
    **_CITY_ORDER,
    "callerType": "subject",
    "enterpriseName": "enterprise_name",
    "socialCreditCode": "credit_code",
}
_CITY_NOTICES: Final = {
    "orderNum": "upstream_no",
    "reason": "reason",
    "operateTime": "happened_at",
    "isConnect": "connected",
    "isSolve": "solved",
    "satisfaction": "satisfied",
    "visitOpinion": "opinion",
}
_CITY_FEEDBACK: Final = {
    "order_no": "orderNum",
    "reply_id": "replyId",
    "round": "round",
    "unit": "unit",
    "replied_on": "replyDate",
    "leader_name": "reviewer",
    "demand_version": "demandVersion",
    "disposition": "disposition",
    "contact_person": "contactPerson",
    "contact_at": "contactAt",
    "contact_phone": "contactPhone",
    "findings": "findings",
    "satisfaction": "satisfaction",
    "remarks": "remarks",
}
_CITY_EXAMPLE: Final[dict[str, Any]] = {
    "orderNum": "YT20261123001234",
    "title": "小区门口占道经营",
    "eventDesc": "市民反映小区南门每天早晨有流动摊贩占道经营，堵塞消防通道，希望城管部门尽快处理并答复。",
    "orderType": "投诉",
    "category": "城市管理/市容环境/占道经营",
    "categoryCode": "020103",
    "acceptWay": "电话",
    "callerName": "张示例",
    "callerSex": "男",
    "callerPhone": "13800138000",
    "isSecret": "0",
    "isPublic": "1",
    "area": "莱山区",
    "street": "黄海路街道",
    "community": "黄海社区",
    "address": "烟台市莱山区黄海路街道黄海小区南门",
    "lng": 121.44,
    "lat": 37.51,
    "callTime": "2026-11-23 08:31:07",
    "sendTime": "2026-11-23 08:45:00",
    "limitTime": "2026-11-26 23:59:59",
    "timeLimit": 3,
    "timeUnit": "工作日",
}
"""Invented people, real streets."""

CITY_12345: Final = Channel(
    code="city_12345",
    title="市12345平台",
    level="municipal",
    subject="person",
    scheme="ordinary",
    spelling="local",
    order=_CITY_ORDER,
    required=("upstream_no", "title", "content", "category", "caller_phone", "called_at"),
    feedback=_CITY_FEEDBACK,
    example=_CITY_EXAMPLE,
    notices=_CITY_NOTICES,
)
CITY_ENTERPRISE: Final = Channel(
    code="city_enterprise",
    title="市政企通",
    level="municipal",
    subject="enterprise",
    scheme="ordinary",
    spelling="local",
    order=_CITY_ENTERPRISE_ORDER,
    required=("upstream_no", "title", "content", "category", "enterprise_name", "caller_phone", "called_at"),
    feedback=_CITY_FEEDBACK,
    example={
        **_CITY_EXAMPLE,
        "orderNum": "ZQT20261123000056",
        "title": "厂区道路破损影响运输",
        "eventDesc": "企业反映厂区门口道路破损严重，大型车辆通行困难，已影响订单交付，请协调维修并明确完成时间。",
        "orderType": "求助",
        "category": "城乡建设/市政设施/道路破损",
        "callerName": "李示例",
        "callerType": "enterprise",
        "enterpriseName": "烟台示例机械有限公司",
        "socialCreditCode": "91370613MA3EXAMPLE",
    },
    notices=_CITY_NOTICES,
)

# --- All --------------------------------------------------------------------------------------------------------------

_ALL: Final = (*NATIONAL, PROVINCE_12345, CITY_12345, CITY_ENTERPRISE, PROVINCE_ENTERPRISE)

CHANNELS: Final[Mapping[str, Channel]] = MappingProxyType({channel.code: channel for channel in _ALL})
"""The seven channels by code; a request for any other goes to the quarantine and is never taken for one of the city (S1.1.1a)."""
