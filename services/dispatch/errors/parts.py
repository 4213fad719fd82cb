"""The parts that a request can lack, by the names that a person knows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

PARTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "reason": "回退原因",
        "policy_basis": "政策依据",
        "suggested_unit": "建议承办单位",
        "materials": "相关材料",
        "phone": "联系所用电话号码",
        "person": "联系人",
        "content": "沟通内容",
        "contact_person": "何人联系",
        "contact_at": "何时联系",
        "contact_phone": "何用电话号码",
        "findings": "问题落实情况",
        "satisfaction": "来电人满意度",
        "statement": "不在受理范围情况说明",
        "evidence": "证明材料",
        "legal_basis": "法律法规依据",
        "site_record": "现场核查材料",
        "plan_on": "计划完成日期",
        "active": "启用状态",
        "first_responsible": "第一责任人",
        "deputy": "分管领导",
        "office": "责任科室",
        "handlers": "在岗经办人",
    }
)
"""The Chinese name of each part that a request can lack; the machine name stands in the facts."""


def named(missing: tuple[str, ...]) -> str:
    """The parts as a person reads them."""
    return "、".join(PARTS.get(part, part) for part in missing)
