"""The messages of a platform, how far their order is, and the four ways in which a message ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Told(StrEnum):
    """What a platform says of an order."""

    SAME = "push_same"
    CHANGED = "push_changed"
    URGE = "urge"
    CANCEL = "cancel"
    REDO = "redo"
    REVISIT = "revisit"
    REVISIT_IN_VAIN = "revisit_in_vain"
    REVISIT_CONTRADICTS = "revisit_contradicts"


class Standing(StrEnum):
    """How far the order is for its platform; finer than the stored state, because a redo leaves an earlier reply behind."""

    UNKNOWN = "unknown"
    RECEIVED = "received"
    ASSIGNED = "assigned"
    APPROVED = "approved"
    FED_BACK = "fed_back"
    AGAIN = "handled_again"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Way(StrEnum):
    """How a message ends: it is never accepted and dropped."""

    ACCEPTED = "accepted"
    KNOWN = "known"
    KEPT = "kept"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a message ends, with the code of a refusal, and what it does, in Chinese."""

    way: Way
    effect: str
    code: str | None = None


TOLD_TITLES: Final[Mapping[Told, str]] = MappingProxyType(
    {
        Told.SAME: "再次推送，内容相同",
        Told.CHANGED: "再次推送，内容有变",
        Told.URGE: "催办",
        Told.CANCEL: "撤单",
        Told.REDO: "重办",
        Told.REVISIT: "回访结果（已接通）",
        Told.REVISIT_IN_VAIN: "回访结果（未接通）",
        Told.REVISIT_CONTRADICTS: "回访结果（自相矛盾）",
    }
)
STANDING_TITLES: Final[Mapping[Standing, str]] = MappingProxyType(
    {
        Standing.UNKNOWN: "从未收到",
        Standing.RECEIVED: "已接收，待交办",
        Standing.ASSIGNED: "办理中，尚无审核通过的答复",
        Standing.APPROVED: "答复已审核通过，反馈送达中",
        Standing.FED_BACK: "已反馈，待回访（含列入计划）",
        Standing.AGAIN: "重办中，尚无新的审核通过的答复",
        Standing.CLOSED: "已办结",
        Standing.CANCELLED: "已撤单",
    }
)
WAY_TITLES: Final[Mapping[Way, str]] = MappingProxyType(
    {Way.ACCEPTED: "受理", Way.KNOWN: "已知", Way.KEPT: "暂存", Way.REFUSED: "拒绝"}
)
