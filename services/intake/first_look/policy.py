"""The words that the first look searches for.  A person can always overrule what they suggest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.contracts.intake import Urgency

URGENT: Final[Mapping[Urgency, tuple[str, ...]]] = {
    # 一(三)1: 政策咨询类、民生紧急类、安全紧急类 (S1.3.1a)
    "safety": (
        "燃气泄漏",
        "煤气泄漏",
        "天然气泄漏",
        "漏气",
        "起火",
        "着火",
        "失火",
        "火灾",
        "爆炸",
        "坍塌",
        "塌陷",
        "塌方",
        "触电",
        "漏电",
        "电线掉落",
        "井盖缺失",
        "井盖丢失",
        "没有井盖",
        "危房",
        "墙体脱落",
        "外墙脱落",
        "高空坠物",
        "被困",
        "溺水",
        "中毒",
        "轻生",
        "跳楼",
        "有人受伤",
    ),
    "livelihood": (
        "停水",
        "停电",
        "停气",
        "停暖",
        "停供",
        "断水",
        "断电",
        "没水",
        "没电",
        "没有水",
        "没有电",
        "没有暖气",
        "暖气不热",
        "爆管",
        "水管爆裂",
        "污水外溢",
        "污水倒灌",
        "电梯困人",
        "急救",
        "断药",
        "拖欠工资",
        "欠薪",
    ),
    "policy": (
        "咨询政策",
        "政策咨询",
        "咨询一下政策",
        "相关政策",
        "补贴政策",
        "如何申请",
        "怎么申请",
        "申请条件",
        "办理条件",
        "办理流程",
        "需要什么材料",
        "需要哪些材料",
    ),
}

OUT_OF_SCOPE: Final[Mapping[str, tuple[str, ...]]] = {
    # 二(二)2: 涉法涉诉涉信访、不符合法规政策的事项 (S2.2.2a)
    "litigation": (
        "法院判决",
        "判决不服",
        "不服判决",
        "已经判决",
        "正在诉讼",
        "已起诉",
        "已经起诉",
        "诉讼中",
        "二审",
        "再审",
        "执行局",
        "申请强制执行",
        "仲裁裁决",
        "劳动仲裁中",
    ),
    "criminal": ("刑事案件", "已立案侦查", "立案侦查", "公安已立案", "检察院", "举报犯罪", "诈骗案"),
    "petition": ("信访事项", "信访局", "信访答复", "信访复查", "信访复核", "信访件", "上访"),
    "discipline": ("纪委监委", "违纪违法", "贪污受贿", "受贿"),
    "unlawful": ("要求违建合法", "保留违建", "非法集资返还"),
}

DISTRICT: Final = "莱山区"
STREETS: Final = ("黄海路街道", "初家街道", "滨海路街道", "解甲庄街道", "莱山街道", "院格庄街道")
"""The streets of 莱山区 by the administrative code table (370613001-006)."""
OTHER_DISTRICTS: Final = (
    "芝罘区",
    "福山区",
    "牟平区",
    "蓬莱区",
    "开发区",
    "高新区",
    "昆嵛",
    "长岛",
    "龙口",
    "莱阳",
    "莱州",
    "招远",
    "栖霞",
    "海阳",
)
"""Where the text names one of these and not 莱山区, the place is outside the district: 滨海路 runs through three."""
