"""The words of the channels and of the orders that the model's upstream sends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

CONTENTS: Final = (
    ("楼下垃圾无人清运", ()),
    ("楼下垃圾无人清运，异味明显", ()),
    ("楼道内闻到异味，疑似燃气泄漏", ("safety",)),
    ("小区从昨天起停水", ("livelihood",)),
)
"""What an order may say, and the urgent classes that its words suggest (S1.3.1a)."""
RESULTS: Final = {
    "解决": "solved",
    "基本解决": "mostly_solved",
    "未解决": "unsolved",
    "满意": "satisfied",
    "基本满意": "mostly_satisfied",
    "不满意": "unsatisfied",
}
CITY: Final = "city_12345"
FAST: Final = "province_enterprise"
WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    FAST: {
        "orderNum": "taskId",
        "title": "taskTitle",
        "eventDesc": "taskContent",
        "category": "categoryName",
        "callerPhone": "appealPhone",
        "area": "countyName",
        "street": "streetName",
        "callTime": "appealTime",
        "limitTime": "deadlineTime",
        "version": "revision",
        "isConnect": "isConnected",
        "isSolve": "isSolved",
        "satisfaction": "satisfyDegree",
    }
}
"""The fields of a channel, by those of the city's."""


def in_words(channel: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """A message in the words of its channel."""
    names = WORDS.get(channel, {})
    said = {names.get(name, name): value for name, value in body.items()}
    for name, value in said.items():
        if isinstance(value, datetime):
            said[name] = int(value.timestamp() * 1000) if channel == FAST else f"{value:%Y-%m-%d %H:%M:%S}"
    return said
