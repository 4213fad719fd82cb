"""Which topic concerns whom: one table.  What a topic is made of stands with each kind of entry in `timeline`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from services.dispatch.news.model import Audience
from services.dispatch.timeline.model import Topic

UNIT: Final = frozenset({"caseworker", "unit_deputy", "unit_head"})
_DESK: Final = frozenset({"dispatcher", "centre_head"})
_REVIEW: Final = frozenset({"reviewer", "centre_head"})
_PRINCIPALS: Final = frozenset({"unit_head", "unit_deputy"})

AUDIENCES: Final[Mapping[Topic, Audience]] = MappingProxyType(
    {
        Topic.NEW: Audience(of_centre=_DESK),
        Topic.ASSIGNED: Audience(of_unit=UNIT),
        Topic.RETURN_ASKED: Audience(of_centre=_DESK),
        Topic.RETURNED: Audience(of_unit=UNIT, of_centre=_DESK),  # back in triage
        Topic.RETURN_REFUSED: Audience(of_unit=UNIT),
        Topic.SUBMITTED: Audience(of_unit=_PRINCIPALS),
        Topic.TO_REVIEW: Audience(of_centre=_REVIEW),
        Topic.SENT_BACK: Audience(of_unit=UNIT),
        Topic.APPROVED: Audience(of_unit=UNIT),
        Topic.REDO: Audience(of_unit=UNIT, of_centre=frozenset({"revisitor"})),
        Topic.REVISITED: Audience(of_unit=UNIT, of_centre=frozenset({"revisitor"})),
        Topic.CLOSED: Audience(of_unit=UNIT),
        Topic.URGED: Audience(of_unit=UNIT, of_nobody=_DESK),
        Topic.CHANGED: Audience(of_unit=UNIT, of_nobody=_DESK),
        Topic.CANCELLED: Audience(of_unit=UNIT, of_nobody=_DESK),
        Topic.DUE_SOON: Audience(of_unit=UNIT, of_nobody=_DESK),
        Topic.OVERDUE: Audience(of_unit=UNIT, of_centre=_DESK | {"office"}),
        Topic.EXCUSED: Audience(of_unit=UNIT, of_centre=_DESK),
        Topic.REVIEW_DUE: Audience(of_centre=_REVIEW),
        Topic.REVIEW_OVERDUE: Audience(of_centre=_REVIEW),
        Topic.PROMISE_DUE: Audience(of_unit=UNIT),
        Topic.PROMISE_BROKEN: Audience(of_unit=UNIT, of_centre=_DESK),
        Topic.PLAN_DUE: Audience(of_unit=UNIT),
        Topic.EXTENSION_ASKED: Audience(of_centre=_DESK),
        Topic.EXTENSION_DECIDED: Audience(of_unit=UNIT),
        Topic.FEEDBACK_FAILED: Audience(of_centre=_DESK),
        Topic.SUPERVISION: Audience(of_unit=_PRINCIPALS, of_centre=frozenset({"office", "centre_head"})),
    }
)
"""Topic -> whom it concerns."""

TITLES: Final[Mapping[Topic, str]] = MappingProxyType(
    {
        Topic.NEW: "新收工单",
        Topic.ASSIGNED: "新交办",
        Topic.RETURN_ASKED: "回退待审",
        Topic.RETURNED: "回退已同意",
        Topic.RETURN_REFUSED: "回退被驳回",
        Topic.SUBMITTED: "答复待审阅",
        Topic.TO_REVIEW: "答复待审核",
        Topic.SENT_BACK: "答复被退回",
        Topic.APPROVED: "答复已通过",
        Topic.REDO: "重办",
        Topic.REVISITED: "回访结果",
        Topic.CLOSED: "办结",
        Topic.URGED: "催办",
        Topic.CHANGED: "诉求变更",
        Topic.CANCELLED: "撤单",
        Topic.DUE_SOON: "即将到期",
        Topic.OVERDUE: "超期",
        Topic.EXCUSED: "超期撤回",
        Topic.REVIEW_DUE: "审核即将到期",
        Topic.REVIEW_OVERDUE: "审核超期",
        Topic.PROMISE_DUE: "约定联系将到",
        Topic.PROMISE_BROKEN: "失约",
        Topic.PLAN_DUE: "计划到期",
        Topic.EXTENSION_ASKED: "延期待审",
        Topic.EXTENSION_DECIDED: "延期已审定",
        Topic.FEEDBACK_FAILED: "反馈失败",
        Topic.SUPERVISION: "督办建议",
    }
)

COUNTED: Final = 1_000
"""So many unread news are counted; beyond that a person reads "more than"."""

STREAMS_PER_PERSON: Final = 8
"""Open in one process: some tabs on two machines; more are a fault of a program."""
