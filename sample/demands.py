"""Demands of the sample district with places, people and numbers filled in; and how each channel writes them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sample.enterprises import ENTERPRISE
from sample.orders import Demand
from sample.topics import STREET_UNIT, TOPICS, Topic
from shared.calendar import SHANGHAI

PLACES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "黄海路街道": ("海韵家园", "观海名居", "望潮苑", "黄海新村", "听涛花园"),
        "初家街道": ("枫林小区", "锦绣新城", "初和佳园", "柳岸春晓", "东泉苑"),
        "滨海路街道": ("银滩华府", "碧波里", "海棠湾小区", "渔歌苑", "金沙家园"),
        "解甲庄街道": ("杏花苑", "解甲新居", "青禾家园", "南岭小区", "桃源里"),
        "莱山街道": ("迎春里", "凤凰台社区", "盛泉小区", "文汇苑", "和平里"),
        "院格庄街道": ("院格新苑", "清泉小区", "丰谷家园", "梨园里", "山水名庭"),
    }
)
VILLAGES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "黄海路街道": ("岔河村", "北头村"),
        "初家街道": ("桐林村", "南塂村"),
        "滨海路街道": ("沙嘴村", "前海村"),
        "解甲庄街道": ("石岭村", "东解村"),
        "莱山街道": ("西泊村", "曲村"),
        "院格庄街道": ("上院村", "梨树村"),
    }
)
ROADS: Final = ("迎澜路", "观云街", "松涛路", "春晖路", "学苑街", "银杏大街", "长平路", "海星路", "桂花巷", "新苑南路")
SCHOOLS: Final = ("枫林小学", "观海实验学校", "迎春中学", "文汇小学", "解甲庄中心小学", "海棠湾幼儿园")
COMPANIES: Final = (
    "烟台澜石精密机械有限公司",
    "烟台禾川食品有限公司",
    "烟台云帆包装有限公司",
    "烟台远岫电子科技有限公司",
    "烟台鲁岬冷链物流有限公司",
    "烟台星槎新材料有限公司",
)
_SURNAMES: Final = "冷谭廖翟鞠隋初衣矫宫曲迟温阎柴蒲栾逄"
_OPENINGS: Final = ("", "", "", "", "烦请", "再次来电，", "代邻居来电，", "代父母来电，")
_TRIES: Final = 40


@dataclass(frozen=True, slots=True)
class Call:
    """A demand with what the district knows of it: its topic, the unit whose duty it is, and what the words filled in."""

    demand: Demand
    topic: Topic
    unit: str
    words: Mapping[str, Any]
    company: str

    def filled(self, text: str) -> str:
        """A text of the topic about this demand."""
        return text.format(**self.words)


@dataclass
class Calls:
    """Draws demands; no two of the last few hundred have one title."""

    street_codes: Mapping[str, str]
    recent: dict[str, None] = field(default_factory=dict)

    def draw(
        self,
        serial: int,
        *,
        called_at: datetime,
        rng: random.Random,
        prefix: str = "YT",
        enterprise: bool = False,
        topic: Topic | None = None,
    ) -> Call:
        """A demand, about this topic if one is given."""
        drawn = _drawn(rng, enterprise=enterprise, topic=topic)
        for _ in range(_TRIES):
            if drawn[3] not in self.recent:
                break
            drawn = _drawn(rng, enterprise=enterprise, topic=topic)
        chosen, street, words, title, content = drawn
        self.recent[title] = None
        while len(self.recent) > 400:  # noqa: PLR2004 - several pages
            del self.recent[next(iter(self.recent))]
        unit = self.street_codes[street] if chosen.unit == STREET_UNIT else chosen.unit
        demand = Demand(
            number=f"{prefix}{called_at.astimezone(SHANGHAI):%Y%m%d}{serial:06d}",
            title=title,
            content=rng.choice(_OPENINGS) + content,
            category=chosen.category,
            kind=chosen.kind,
            caller_name=rng.choice(_SURNAMES) + rng.choice(("先生", "女士")),
            # The 170-0000 block of the sample is invented; nobody is called by this program.
            caller_phone=f"1700000{rng.randint(0, 9999):04d}",
            address=f"烟台市莱山区{street}{words['place']}{words['n']}号楼",
            street=street,
            called_at=called_at,
        )
        return Call(demand, chosen, unit, MappingProxyType(words), words["company"] if enterprise else "")


def _drawn(rng: random.Random, *, enterprise: bool, topic: Topic | None) -> tuple[Topic, str, dict[str, Any], str, str]:
    """A topic, a street, the words that fill the slots, title and content."""
    known = ENTERPRISE if enterprise else TOPICS
    chosen = topic or rng.choices(known, weights=[one.weight for one in known])[0]
    street = rng.choice(tuple(PLACES))
    words = _words(street, rng)
    title, content = rng.choice(chosen.demands)
    return chosen, street, words, title.format(**words), content.format(**words)


def _words(street: str, rng: random.Random) -> dict[str, Any]:
    road, road2 = rng.sample(ROADS, 2)
    return {
        "place": rng.choice(PLACES[street]),
        "village": rng.choice(VILLAGES[street]),
        "road": road,
        "road2": road2,
        "school": rng.choice(SCHOOLS),
        "company": rng.choice(COMPANIES),
        "n": rng.randint(2, 28),
        "n2": rng.randint(80, 92),
        "u": rng.randint(1, 4),
        "f": rng.randint(3, 17),
        "d": rng.randint(2, 6),
        "h": rng.randint(19, 23),
        "t": rng.randint(13, 16),
    }


def _city(call: Call) -> dict[str, Any]:
    order = call.demand
    return {
        "orderNum": order.number,
        "title": order.title,
        "eventDesc": order.content,
        "orderType": order.kind,
        "category": order.category,
        "acceptWay": "电话",
        "callerName": order.caller_name,
        "callerPhone": order.caller_phone,
        "isSecret": "0",
        "area": "莱山区",
        "street": order.street,
        "address": order.address,
        "callTime": local_seconds(order.called_at),
        **({"callerType": "enterprise", "enterpriseName": call.company} if call.company else {}),
    }


def _province(call: Call) -> dict[str, Any]:
    order = call.demand
    return {
        "taskId": order.number,
        "taskTitle": order.title,
        "taskContent": order.content,
        "appealType": order.kind,
        "categoryName": order.category,
        "source": "网络",
        "appealName": order.caller_name,
        "appealPhone": order.caller_phone,
        "countyName": "莱山区",
        "streetName": order.street,
        "eventAddress": order.address,
        "appealTime": int(order.called_at.timestamp() * 1000),
        **({"entName": call.company} if call.company else {}),
    }


def _national(call: Call) -> dict[str, Any]:
    order = call.demand
    return {
        "letterNo": order.number,
        "title": order.title,
        "content": order.content,
        "topic": order.category,
        "letterType": order.kind,
        "userName": order.caller_name,
        "mobile": order.caller_phone,
        "area": "莱山区",
        "street": order.street,
        "address": order.address,
        "submitTime": order.called_at.astimezone(SHANGHAI).replace(microsecond=0).isoformat(),
    }


WRITTEN: Final[Mapping[str, Callable[[Call], dict[str, Any]]]] = MappingProxyType(
    {
        "national_inspection": _national,
        "national_portal": _national,
        "national_message": _national,
        "province_12345": _province,
        "province_enterprise": _province,
        "city_12345": _city,
        "city_enterprise": _city,
    }
)
"""How each channel writes an order."""
PREFIXES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "national_inspection": "DC",
        "national_portal": "GW",
        "national_message": "LY",
        "province_12345": "SD",
        "province_enterprise": "JSJB",
        "city_12345": "YT",
        "city_enterprise": "ZQT",
    }
)
"""How the order numbers of each channel begin."""
_REVISIT_FIELDS: Final = {
    "city": ("isConnect", "isSolve", "satisfaction", "visitOpinion"),
    "province": ("isConnected", "isSolved", "satisfyDegree", "visitOpinion"),
}


def local_seconds(moment: datetime) -> str:
    """A moment as the municipal platform writes it."""
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def notice(channel: str, number: str, at: datetime, **said: Any) -> dict[str, Any]:
    """A notice about an order in the words of its channel; `said` are the fields that all channels call alike."""
    if channel.startswith("national"):
        return {"letterNo": number, "time": at.astimezone(SHANGHAI).replace(microsecond=0).isoformat(), **said}
    if channel.startswith("province"):
        return {"taskId": number, "operateTime": int(at.timestamp() * 1000), **said}
    return {"orderNum": number, "operateTime": local_seconds(at), **said}


def revisit(channel: str, number: str, at: datetime, solved: str, satisfied: str) -> dict[str, Any]:
    """The result of a call-back in the words of its channel; nobody was reached where `solved` is empty."""
    connected, is_solved, is_satisfied, opinion = _REVISIT_FIELDS["city" if channel.startswith("city") else "province"]
    if not solved:
        return notice(channel, number, at, **{connected: "0"})
    said = {connected: "1", is_solved: solved, is_satisfied: satisfied}
    if satisfied == "不满意":
        said[opinion] = (
            "来电人认为问题没有解决到位，要求继续办理。" if solved == "未解决" else "来电人对办理过程的沟通不满意。"
        )
    return notice(channel, number, at, **said)
