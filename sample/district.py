"""The sample district: the real streets of 莱山区 and departments that every district has, with invented people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["duty", "territory", "industry"]


@dataclass(frozen=True, slots=True)
class Duty:
    """A line of the duty catalogue."""

    text: str
    kind: Kind
    keywords: tuple[str, ...] = ()
    streets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit with the four persons that S4.1a asks for."""

    code: str
    name: str
    group: Literal["department", "street"]
    principal: str
    deputy: str
    section: str
    duties: tuple[Duty, ...] = field(default_factory=tuple)


STREETS: Final = ("黄海路街道", "初家街道", "滨海路街道", "解甲庄街道", "莱山街道", "院格庄街道")
_STREET_CODES: Final = ("huanghailu", "chujia", "binhailu", "jiejiazhuang", "laishan", "yuangezhuang")


def _department(code: str, name: str, persons: str, section: str, duty: str, *keywords: str) -> Unit:
    principal, deputy = persons.split()
    return Unit(code, name, "department", principal, deputy, section, (Duty(duty, "duty", keywords),))


DEPARTMENTS: Final = (
    _department(
        "chengguan",
        "区综合行政执法局",
        "孔令川 邹一鸣",
        "热线办理科",
        "市容环境、占道经营、违法建设、餐饮油烟的监督管理",
        "占道",
        "摊贩",
        "油烟",
        "违建",
        "广告牌",
        "噪音",
        "烧烤",
    ),
    _department(
        "zhujian",
        "区住房和城乡建设局",
        "费晓岚 蓝志远",
        "物业科",
        "物业管理、供热供气、房屋维修、建筑工地的监督管理",
        "物业",
        "供暖",
        "供热",
        "燃气",
        "暖气",
        "漏水",
        "工地",
        "电梯",
        "维修基金",
    ),
    _department(
        "jiaotong",
        "区交通运输局",
        "丛伯安 卫朝阳",
        "公路科",
        "农村公路养护、公交线路、道路运输的管理",
        "公交",
        "站点",
        "客运",
        "农村公路",
        "货车",
    ),
    _department(
        "shuiwu",
        "区水务局",
        "苗清和 阮成林",
        "供水排水科",
        "供水、排水、河道的管理",
        "停水",
        "自来水",
        "排水",
        "下水道",
        "河道",
        "污水",
        "水压",
    ),
    _department(
        "jiaoti",
        "区教育和体育局",
        "荀若兰 柴永宁",
        "基础教育科",
        "中小学、幼儿园、校外培训、体育设施的管理",
        "学校",
        "入学",
        "幼儿园",
        "培训",
        "退费",
        "健身",
    ),
    _department(
        "renshe",
        "区人力资源和社会保障局",
        "乔守正 童惠",
        "劳动监察大队",
        "劳动保障、社会保险、拖欠工资的处理",
        "工资",
        "社保",
        "养老金",
        "劳动合同",
        "拖欠",
        "失业",
    ),
    _department(
        "weijian",
        "区卫生健康局",
        "姜以宁 路遥知",
        "医政科",
        "医疗机构、公共卫生、疫苗接种的管理",
        "医院",
        "诊所",
        "疫苗",
        "卫生室",
        "就诊",
    ),
    _department(
        "shichang",
        "区市场监督管理局",
        "霍启明 梅若溪",
        "消费维权科",
        "食品药品安全、消费维权、价格监督",
        "食品",
        "退款",
        "消费",
        "价格",
        "假货",
        "超市",
        "餐馆",
        "预付卡",
    ),
    _department(
        "huanbao",
        "市生态环境局莱山分局",
        "汤一泓 葛青山",
        "监察科",
        "大气、水、噪声污染的监督管理",
        "异味",
        "废气",
        "扬尘",
        "污染",
        "排放",
    ),
    _department(
        "minzheng",
        "区民政局",
        "白凤仪 秦可为",
        "社会救助科",
        "社会救助、养老服务、殡葬、地名的管理",
        "低保",
        "救助",
        "养老",
        "补贴",
        "残疾",
    ),
    _department(
        "ziran",
        "区自然资源局",
        "严守成 石景行",
        "执法科",
        "土地、林木、规划的管理",
        "土地",
        "宅基地",
        "耕地",
        "林木",
        "规划",
    ),
    _department(
        "jiaojing",
        "区交警大队",
        "纪若衡 展鹏",
        "秩序科",
        "交通秩序、信号灯、停车的管理",
        "红绿灯",
        "信号灯",
        "停车",
        "违停",
        "堵车",
        "标线",
    ),
)
STREET_UNITS: Final = tuple(
    Unit(
        code,
        name,
        "street",
        principal,
        deputy,
        "民生服务办公室",
        (
            Duty(
                f"{name}辖区内的属地管理、社区服务和环境卫生",
                "territory",
                ("社区", "小区", "村", "垃圾", "路灯", "邻里", "卫生"),
                (name,),
            ),
        ),
    )
    for code, name, principal, deputy in zip(
        _STREET_CODES,
        STREETS,
        ("盛怀远", "贺知秋", "段承平", "尤晓东", "裴文轩", "安如山"),
        ("温书言", "甘雨辰", "向明德", "凌一凡", "柏长青", "苗景云"),
        strict=True,
    )
)
UNITS: Final = (*DEPARTMENTS, *STREET_UNITS)


@dataclass(frozen=True, slots=True)
class Staff:
    """An account."""

    account: str
    name: str
    roles: tuple[str, ...]
    unit: str | None = None


CENTRE: Final = (
    Staff("paidan", "苏映雪", ("dispatcher",)),
    Staff("shenhe", "郎清平", ("reviewer",)),
    Staff("huifang", "康乐怡", ("revisitor",)),
    Staff("fenxi", "习远航", ("analyst",)),
    Staff("zhuren", "欧阳启", ("centre_head",)),
    Staff("fuzhuren", "闻人雅", ("centre_head",)),
    Staff("qufuban", "常思齐", ("office",)),
    Staff("shenji", "连山", ("auditor",)),
)


def staff_of(unit: Unit) -> tuple[Staff, ...]:
    """The caseworker, the deputy and the principal leader of a unit."""
    return (
        Staff(f"{unit.code}-jingban", f"{unit.name}经办人", ("caseworker",), unit.code),
        Staff(f"{unit.code}-fenguan", unit.deputy, ("unit_deputy",), unit.code),
        Staff(f"{unit.code}-lingdao", unit.principal, ("unit_head",), unit.code),
    )
