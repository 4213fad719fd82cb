"""Orders as a municipal 12345 centre forwards them: invented demands, places of the sample district, invented callers."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sample.district import STREETS

_SURNAMES: Final = "冷谭廖翟鞠隋初衣矫宫曲迟"
_GIVEN: Final = ("先生", "女士")
_PLACES: Final = ("枫林小区", "海韵家园", "锦绣新城", "杏花苑", "观海名居", "迎春里", "桐林村", "凤凰台社区")
_DEMANDS: Final = (
    (
        "供热问题",
        "投诉",
        "{place}{n}号楼暖气不热",
        "来电人反映{place}{n}号楼自供暖以来室内温度只有十四五度，多次联系供热公司未解决，家中有老人和孩子，请尽快处理。",
    ),
    (
        "停水问题",
        "求助",
        "{place}停水未通知",
        "来电人反映{place}从昨天下午起停水，没有接到任何通知，希望了解原因和恢复供水的时间。",
    ),
    (
        "物业管理",
        "投诉",
        "{place}电梯反复故障",
        "来电人反映{place}{n}号楼电梯一个月内停运多次，物业称维修基金未批，居民上下楼困难。",
    ),
    (
        "占道经营",
        "投诉",
        "{place}门口摊贩占道",
        "来电人反映{place}南门每天傍晚有十余个摊贩占道经营，影响车辆出入，油烟扰民。",
    ),
    (
        "交通设施",
        "建议",
        "{place}路口增设信号灯",
        "来电人建议在{place}东侧路口增设红绿灯，上下学时段车多人多，存在安全隐患。",
    ),
    (
        "噪声扰民",
        "投诉",
        "{place}旁工地夜间施工",
        "来电人反映{place}北侧工地夜间十一点后仍在施工，噪音大，扬尘严重，影响休息。",
    ),
    (
        "劳动保障",
        "求助",
        "某工程拖欠工资",
        "来电人反映在{place}附近项目务工三个月，工资一直未结清，希望相关部门协助追讨。",
    ),
    ("消费维权", "投诉", "预付卡无法退款", "来电人反映在{place}旁健身房办理的预付卡因门店停业无法使用，要求退还余额。"),
    ("教育政策", "咨询", "幼儿园入园条件咨询", "来电人咨询{place}片区公办幼儿园明年入园的条件、时间和需要准备的材料。"),
    ("环境卫生", "投诉", "{place}垃圾清运不及时", "来电人反映{place}内垃圾桶连续三天未清运，异味明显，要求尽快清理。"),
    ("公共照明", "求助", "{place}路灯不亮", "来电人反映{place}内主路多盏路灯不亮，夜间出行不便，希望尽快维修。"),
    (
        "燃气安全",
        "求助",
        "{place}疑似燃气泄漏",
        "来电人反映{place}{n}号楼楼道内闻到明显燃气味，担心燃气泄漏，请立即派人查看。",
    ),
)


@dataclass(frozen=True, slots=True)
class Demand:
    """One order before it is written in the format of a channel."""

    number: str
    title: str
    content: str
    category: str
    kind: str
    caller_name: str
    caller_phone: str
    address: str
    street: str
    called_at: datetime


def demand(serial: int, *, called_at: datetime, rng: random.Random, prefix: str = "YT") -> Demand:
    """The `serial`-th order of the sample; the same for the same random source."""
    category, kind, title, content = rng.choice(_DEMANDS)
    words: dict[str, Any] = {"place": rng.choice(_PLACES), "n": rng.randint(1, 28)}
    street = rng.choice(STREETS)
    return Demand(
        number=f"{prefix}{called_at:%Y%m%d}{serial:06d}",
        title=title.format(**words),
        content=content.format(**words),
        category=category,
        kind=kind,
        caller_name=rng.choice(_SURNAMES) + rng.choice(_GIVEN),
        # The 170-0000 block of the sample is invented; nobody is called by this program.
        caller_phone=f"1700000{rng.randint(0, 9999):04d}",
        address=f"烟台市莱山区{street}{words['place']}{words['n']}号楼",
        street=street,
        called_at=called_at,
    )
