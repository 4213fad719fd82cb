"""The table: every message of a platform in every state of its order (S1.1.4c, S2.3b, A31-A34)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from services.intake.endings.errors import (
    NotFedBack,
    OrderIsCancelled,
    OrderIsClosed,
    OrderIsFedBack,
    Refusal,
    RevisitRecordedOtherwise,
)
from services.intake.endings.model import Ending, Standing, Told, Way

UNKNOWN_ORDER: Final = "unknown_order"
CONTRADICTS: Final = "revisit_contradicts"


def _accepted(effect: str) -> Ending:
    return Ending(Way.ACCEPTED, effect)


def _refused(refusal: type[Refusal]) -> Ending:
    return Ending(Way.REFUSED, "", refusal.code)


_SAME: Final = Ending(Way.KNOWN, "同一工单，答复与首次相同")
_CHANGED: Final = _accepted("成为工单的新版本")
_CHANGED_APPROVED: Final = _accepted("成为工单的新版本；已开始反馈的答复照常送达，反馈中指明所答复的版本")
_CHANGED_LATE: Final = _accepted("成为工单的新版本，留痕可见；仍需办理的请推送重办要求")
_URGED: Final = _accepted("催办次数加一，派单与承办单位可见")
_CANCELLED: Final = _accepted("工单撤销，各项时限终止")
_REDO: Final = _accepted("退回原承办单位重办，重新计算办结时限")
_REDO_PROVES: Final = _accepted("视为答复已送达，退回原承办单位重办，重新计算办结时限")
_REVISIT: Final = _accepted("解决且满意则办结，否则重办；列入计划的仅作记录")
_REVISIT_PROVES: Final = _accepted("视为答复已送达；解决且满意则办结，否则重办；列入计划的仅作记录")
_IN_VAIN: Final = _accepted("记录一次未接通；两日均未接通则办结，不计入双率")
_IN_VAIN_PROVES: Final = _accepted("视为答复已送达；记录一次未接通")
_CONTRADICTS: Final = Ending(Way.REFUSED, "隔离保存，待人工核对", CONTRADICTS)
_KEPT: Final = Ending(Way.KEPT, "隔离保存，工单到达后由人工放行", UNKNOWN_ORDER)

_BEFORE_A_REPLY: Final = {
    Told.SAME: _SAME,
    Told.CHANGED: _CHANGED,
    Told.URGE: _URGED,
    Told.CANCEL: _CANCELLED,
    Told.REDO: _refused(NotFedBack),
    Told.REVISIT: _refused(NotFedBack),
    Told.REVISIT_IN_VAIN: _refused(NotFedBack),
    Told.REVISIT_CONTRADICTS: _CONTRADICTS,
}

TABLE: Final[Mapping[Standing, Mapping[Told, Ending]]] = MappingProxyType(
    {
        Standing.UNKNOWN: {
            Told.SAME: _accepted("新工单"),
            Told.CHANGED: _accepted("新工单"),
            Told.URGE: _KEPT,
            Told.CANCEL: _KEPT,
            Told.REDO: _KEPT,
            Told.REVISIT: _KEPT,
            Told.REVISIT_IN_VAIN: _KEPT,
            Told.REVISIT_CONTRADICTS: _CONTRADICTS,
        },
        Standing.RECEIVED: _BEFORE_A_REPLY,
        Standing.ASSIGNED: _BEFORE_A_REPLY,
        Standing.APPROVED: {
            Told.SAME: _SAME,
            Told.CHANGED: _CHANGED_APPROVED,
            Told.URGE: _URGED,
            Told.CANCEL: _CANCELLED,
            Told.REDO: _REDO_PROVES,
            Told.REVISIT: _REVISIT_PROVES,
            Told.REVISIT_IN_VAIN: _IN_VAIN_PROVES,
            Told.REVISIT_CONTRADICTS: _CONTRADICTS,
        },
        Standing.FED_BACK: {
            Told.SAME: _SAME,
            Told.CHANGED: _CHANGED_LATE,
            Told.URGE: _refused(OrderIsFedBack),
            Told.CANCEL: _refused(OrderIsFedBack),
            Told.REDO: _REDO,
            Told.REVISIT: _REVISIT,
            Told.REVISIT_IN_VAIN: _IN_VAIN,
            Told.REVISIT_CONTRADICTS: _CONTRADICTS,
        },
        Standing.AGAIN: {
            Told.SAME: _SAME,
            Told.CHANGED: _CHANGED,
            Told.URGE: _URGED,
            Told.CANCEL: _CANCELLED,
            Told.REDO: Ending(Way.KNOWN, "已在重办，不重复开启，理由留痕"),
            Told.REVISIT: _accepted("作为上一次答复的回访结果记录，重办继续"),
            Told.REVISIT_IN_VAIN: _accepted("作为上一次答复的回访结果记录，重办继续"),
            Told.REVISIT_CONTRADICTS: _CONTRADICTS,
        },
        Standing.CLOSED: {
            Told.SAME: _SAME,
            Told.CHANGED: _refused(OrderIsClosed),
            Told.URGE: _refused(OrderIsClosed),
            Told.CANCEL: _refused(OrderIsClosed),
            Told.REDO: _REDO,
            Told.REVISIT: _accepted("未解决或不满意则重办；不在受理范围、不属实的，以及解决且满意的，仅作记录"),
            Told.REVISIT_IN_VAIN: _accepted("仅作记录"),
            Told.REVISIT_CONTRADICTS: _CONTRADICTS,
        },
        Standing.CANCELLED: {
            Told.SAME: _SAME,
            Told.CHANGED: _refused(OrderIsCancelled),
            Told.URGE: _refused(OrderIsCancelled),
            Told.CANCEL: Ending(Way.KNOWN, "已撤单，答复与首次相同"),
            Told.REDO: _refused(OrderIsCancelled),
            Told.REVISIT: _refused(OrderIsCancelled),
            Told.REVISIT_IN_VAIN: _refused(OrderIsCancelled),
            Told.REVISIT_CONTRADICTS: _CONTRADICTS,
        },
    }
)

EARLIER: Final[Mapping[Told, Ending]] = MappingProxyType(
    {
        Told.REDO: Ending(Way.KNOWN, "所针对的答复此后已经重办，不再开启，理由留痕"),
        Told.REVISIT: _accepted("作为所针对答复的回访结果记录，不影响此后的答复"),
        Told.REVISIT_IN_VAIN: _accepted("作为所针对答复的回访结果记录，不影响此后的答复"),
    }
)
"""Of a notice whose own moment lies before the approval of the present cycle's reply: it is about an earlier one (S1.1.4c)."""
ANSWERED: Final = frozenset({Standing.APPROVED, Standing.FED_BACK, Standing.CLOSED})
"""Where that makes a difference: the present cycle has a reply."""

REFUSALS: Final[Mapping[str, type[Refusal]]] = MappingProxyType(
    {
        refusal.code: refusal
        for refusal in (NotFedBack, OrderIsFedBack, OrderIsClosed, OrderIsCancelled, RevisitRecordedOtherwise)
    }
)
