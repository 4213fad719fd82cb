"""The letters of the three national platforms, which speak alike (S1.1.1a)."""

from __future__ import annotations

from typing import Any, Final

from services.intake.channels.model import Channel

_ORDER: Final = {
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
_NOTICES: Final = {
    "letterNo": "upstream_no",
    "reason": "reason",
    "time": "happened_at",
    "connected": "connected",
    "solved": "solved",
    "satisfied": "satisfied",
    "opinion": "opinion",
}
_FEEDBACK: Final = {
    "order_no": "letterNo",
    "reply_id": "replyId",
    "round": "round",
    "unit": "handleUnit",
    "disposition": "result",
    "contact_person": "contactPerson",
    "contact_at": "contactTime",
    "contact_phone": "contactPhone",
    "findings": "replyContent",
    "satisfaction": "satisfaction",
    "remarks": "remarks",
}
_EXAMPLE: Final[dict[str, Any]] = {
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


def _channel(code: str, title: str, number: str) -> Channel:
    return Channel(
        code=code,
        title=title,
        level="national",
        subject="person",
        scheme="national_report",
        spelling="iso",
        order=_ORDER,
        required=("upstream_no", "title", "content", "category", "called_at"),
        feedback=_FEEDBACK,
        example={**_EXAMPLE, "letterNo": number},
        notices=_NOTICES,
    )


NATIONAL: Final = (
    _channel("national_inspection", "互联网督查", "DC2026112300005"),
    _channel("national_portal", "国家政务网", "GW2026112300017"),
    _channel("national_message", "中国政府网留言", "LY2026112300031"),
)
