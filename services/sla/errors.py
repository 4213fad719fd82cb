"""What sla refuses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from shared.errors import BusinessError, Forbidden, Incomplete, NotFound, NotListed


class ClockUnknown(NotFound):
    """No such clock, or another unit's (S4.2a)."""

    code = "clock_not_found"

    def __init__(self, clock_id: str) -> None:
        super().__init__("时限", clock_id)


class OrderHasNoClocks(NotFound):
    """No clock of this order, or the order belongs to another unit (S4.2a)."""

    code = "order_clocks_not_found"

    def __init__(self, order_id: str) -> None:
        super().__init__("工单时限", order_id)


class OrderNotReceived(NotFound):
    """An event of an order whose receipt never reached us: it waits for an operator (R26)."""

    code = "order_not_received"

    def __init__(self, order_id: str) -> None:
        super().__init__("已接收工单", order_id)


class BadPosition(Incomplete):
    """The cursor is none that we gave."""

    code = "bad_cursor"

    def __init__(self) -> None:
        super().__init__("翻页标记无效，请从第一页重新查询")


# -- rule sets ----------------------------------------------------------------------------------------------------------


class RulesUnknown(NotListed):
    """No rule set of this version."""

    code = "ruleset_not_found"

    def __init__(self, version: str) -> None:
        super().__init__("规则版本", version)


class RulesExist(BusinessError):
    """A version is given once (X3)."""

    code, clause = "ruleset_exists", "X3"

    def __init__(self, version: str) -> None:
        super().__init__(f"规则版本 {version} 已存在，请换用新的版本号")
        self.version = version


class RulesPublished(BusinessError):
    """A published rule set never changes: orders have started under it (X3)."""

    code, clause = "ruleset_published", "X3"

    def __init__(self, version: str) -> None:
        super().__init__(f"规则版本 {version} 已发布，不能再修改，请另建新版本")
        self.version = version


class NumberUnknown(Incomplete):
    """A rule set has no number of this name."""

    code, clause = "ruleset_number_unknown", "X3"

    def __init__(self, name: str) -> None:
        super().__init__(f"没有名为 {name} 的规则，请对照现行规则的名称填写")
        self.name = name


class NumberRefused(Incomplete):
    """A number that is malformed, negative or absurd; `clause` is the number's own."""

    code = "ruleset_number_refused"

    def __init__(self, name: str, clause: str, problem: str) -> None:
        super().__init__(f"规则 {name}：{problem}，请更正后重新提交")
        self.name, self.problem = name, problem
        self.clause = clause or "X3"  # type: ignore[misc]  # here the clause belongs to the number, not to the class


class EffectiveTooEarly(BusinessError):
    """A rule set may not reach back to orders that have started, nor before one published already (X3)."""

    code, clause = "ruleset_effective_too_early", "X3"

    def __init__(self, earliest: datetime) -> None:
        super().__init__("生效时间须晚于当前时间和最近一次发布的生效时间，已受理的工单沿用原规则，请更正生效时间")
        self.earliest = earliest.isoformat()


class CitationMissing(Incomplete):
    """A legal reason names its provision (S1.3.2a)."""

    code, clause = "citation_missing", "S1.3.2a"

    def __init__(self) -> None:
        super().__init__("以法律法规规定为由申请延期，须填写具体条款依据")


class ExplanationMissing(Incomplete):
    """A complex matter is explained (S1.3.2a)."""

    code, clause = "explanation_missing", "S1.3.2a"

    def __init__(self) -> None:
        super().__init__("以情况特别复杂为由申请延期，须填写具体说明")


CONSENT_PARTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "person": "沟通人（何人）",
        "agreed_at": "沟通时间（何时）",
        "phone": "沟通电话（何用电话）",
        "agreed": "来电人是否同意",
        "evidence": "佐证",
    }
)
"""What a consent has, by the names that a person knows."""


class ConsentRequired(Incomplete):
    """The caller agrees before the unit asks (S1.3.2b)."""

    code, clause = "consent_required", "S1.3.2b"

    def __init__(
        self,
        message: str = "延期前须先与来电人沟通并取得同意，请补充申请之前取得的同意记录（何人、何时、何用电话、佐证）",
    ) -> None:
        super().__init__(message)


class ConsentIncomplete(ConsentRequired):
    """Who asked the caller, when, by which number, the answer and its proof: each belongs to a consent (S1.3.2b)."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        names = "、".join(CONSENT_PARTS[part] for part in missing)
        super().__init__(f"来电人意见不完整，请补充：{names}；尚未与来电人沟通的，请先沟通并取得同意后再申请")
        self.missing = missing


class ConsentOfAnotherTime(ConsentRequired):
    """The caller agreed before the unit had the order, or is said to agree after the request (S1.3.2b)."""

    def __init__(self, *, before_order: bool) -> None:
        super().__init__(
            "取得同意的时间早于工单交办本单位的时间，不能作为本件工单的同意记录，请就延期重新征得来电人同意后再申请"
            if before_order
            else "取得同意的时间晚于提出申请的时间，请核对；尚未取得同意的，请先与来电人沟通后再申请"
        )
        self.before_order = before_order


class ConsentRefused(BusinessError):
    """The caller said no: no extension; the refusal is on record (S1.3.2c)."""

    code, clause = "consent_refused", "S1.3.2c"

    def __init__(self, extension_id: str) -> None:
        super().__init__("来电人不同意延期，已记录在案，请按原时限办理")
        self.extension_id = extension_id


class ConsentBeforeRefusal(BusinessError):
    """The caller agreed first and refused afterwards: what was said last holds (S1.3.2c)."""

    code, clause = "consent_before_refusal", "S1.3.2c"

    def __init__(self, refused_at: datetime) -> None:
        super().__init__(
            "来电人此后已表示不同意延期（已记录在案），此前的同意不再有效；请重新征得来电人同意后再申请，否则按原时限办理"
        )
        self.refused_at = refused_at


class ExtensionCap(Incomplete):
    """More than the circular allows, or than its head may ask for (S1.3.2d)."""

    code, clause = "extension_over_cap", "S1.3.2d"

    def __init__(self, workdays: int, most: int, longest: int) -> None:
        super().__init__(
            f"延期一般不超过 {most} 个工作日；确需更长的，请由区89000中心负责人说明理由后提出，最长 {longest} 个工作日"
        )
        self.workdays, self.most, self.longest = workdays, most, longest


class ExtensionWithoutDays(Incomplete):
    """An extension is of one working day at least (S1.3.2d)."""

    code, clause = "extension_workdays", "S1.3.2d"

    def __init__(self, workdays: int, most: int) -> None:
        super().__init__(f"请填写延长 1 至 {most} 个工作日；确需更长的，请由区89000中心负责人说明理由后提出")
        self.workdays, self.most = workdays, most


class OverrideNeedsReason(Incomplete):
    """An extension over the cap names its reason (S1.3.2d)."""

    code, clause = "override_reason_missing", "S1.3.2d"

    def __init__(self, workdays: int, most: int) -> None:
        super().__init__(f"延期超过 {most} 个工作日的，须填写突破上限的理由")
        self.workdays, self.most = workdays, most


class ExtensionTooLate(BusinessError):
    """The deadline is over (S1.3.2e)."""

    code, clause = "extension_too_late", "S1.3.2e"

    def __init__(self, due_at: datetime) -> None:
        super().__init__("办理时限已过，不能再申请延期，请尽快办结")
        self.due_at = due_at


class ExtensionUsed(BusinessError):
    """The order has had its extension (A10)."""

    code, clause = "extension_used", "S1.3.2e"

    def __init__(self, times: int) -> None:
        super().__init__(f"每件工单最多延期 {times} 次，请按现有时限办理")
        self.times = times


class NothingToExtend(BusinessError):
    """No deadline of the unit runs (S1.3.2e)."""

    code, clause = "nothing_to_extend", "S1.3.2e"

    def __init__(self) -> None:
        super().__init__("该工单当前没有正在计时的办结时限，无需延期")


class ExtensionUnknown(NotFound):
    """No such extension, or another unit's (S4.2a)."""

    code = "extension_not_found"

    def __init__(self, extension_id: str) -> None:
        super().__init__("延期申请", extension_id)


class ExtensionDecided(BusinessError):
    """The request has its answer already."""

    code, clause = "extension_decided", "S1.3.2e"

    def __init__(self, state: str) -> None:
        super().__init__("该延期申请已有处理结果，请刷新查看")
        self.state = state


class OnlyHeadOverrides(Forbidden):
    """What exceeds the cap is granted by the head of the centre (S1.3.2d)."""

    code, clause = "only_head_overrides", "S1.3.2d"

    def __init__(self) -> None:
        super().__init__("超过上限的延期须由区89000中心负责人批准")


class OwnExtension(Forbidden):
    """Who asked for more time does not grant it: two persons (S1.3.2d, S1.3.2e)."""

    code, clause = "own_extension", "S1.3.2e"

    def __init__(self) -> None:
        super().__init__("不得批准本人提出的延期申请，请由另一位有审批权限的人员办理")


class DueNotAhead(Incomplete):
    """A deadline lies after its start (S1.1.4a)."""

    code, clause = "due_not_ahead", "S1.1.4a"

    def __init__(self) -> None:
        super().__init__("截止时刻须晚于当前时刻，请重新填写")


class DueTooFar(Incomplete):
    """No time of the circular is longer than the plan's: a later due moment is a slip of the pen (S2.2.2e)."""

    code = "due_too_far"

    def __init__(self, clause: str, latest: date, days: int) -> None:
        super().__init__(f"截止日期最迟为 {latest}（自今日起 {days} 天内），请提前；事项更长的，请分阶段设定时限")
        self.latest = latest
        self.clause = clause  # type: ignore[misc]  # here the clause belongs to the kind of clock, not to the class


class UnitNotListed(Incomplete):
    """The request names a unit that there is not, or of which nothing was heard so far (S4.1a)."""

    code, clause = "unit_not_listed", "S4.1a"

    def __init__(self, unit: str) -> None:
        super().__init__("没有该编码的承办单位，请从单位列表中选择；单位刚登记的，请稍候重试")
        self.unit = unit


class UnitInactive(BusinessError):
    """The unit is closed: nothing new is asked of it (S4.1a)."""

    code, clause = "unit_inactive", "S4.1a"

    def __init__(self, unit: str, name: str) -> None:
        super().__init__(f"{name}已停用，不能再启动该单位的时限，请改选其他单位")
        self.unit = unit


class SpanMissing(Incomplete):
    """A clock needs its length: a due moment or a number of working days, one of them (S1.1.4a)."""

    code, clause = "span_missing", "S1.1.4a"

    def __init__(self) -> None:
        super().__init__("请填写截止时刻或工作日数，二者择一")


class StepMissing(Incomplete):
    """A chain's clock names its step (S2.2.3i)."""

    code, clause = "step_missing", "S2.2.3i"

    def __init__(self, steps: tuple[str, ...]) -> None:
        super().__init__("请填写签批环节")
        self.steps = steps


class JointUnitMissing(Incomplete):
    """A joint task is a unit's: whoever is late with it answers for it (S3.1f)."""

    code, clause = "joint_unit_missing", "S3.1f"

    def __init__(self) -> None:
        super().__init__("协办任务由协办单位承担，请填写承担协办任务的单位")


class JointUnitLeads(BusinessError):
    """The unit leads the order: it is late by the order's own deadlines, not by a joint task's (S3.1f)."""

    code, clause = "joint_unit_leads", "S3.1f"

    def __init__(self, unit: str) -> None:
        super().__init__("该单位正牵头办理本工单，不能同时作为协办单位，请改选其他单位")
        self.unit = unit


class BeyondLead(Incomplete):
    """A co-unit is due by the lead's own deadline (S3.1e)."""

    code, clause = "beyond_lead", "S3.1e"

    def __init__(self, lead_due_at: datetime) -> None:
        super().__init__("协办时限不得晚于牵头单位的办结时限，请提前")
        self.lead_due_at = lead_due_at


class OrderEnded(BusinessError):
    """The order's way is at its end: nothing starts any more."""

    code, clause = "order_ended", "S1.1.4a"

    def __init__(self) -> None:
        super().__init__("该工单已办结或撤单，不能再启动时限")


class NotByHand(BusinessError):
    """Only what happened stops this clock: nobody's click does (A04)."""

    code, clause = "not_by_hand", "S1.1.4a"

    def __init__(self, kind: str) -> None:
        super().__init__("该时限随办理事实自动停止，不能手工停止")
        self.kind = kind


class NotRunning(BusinessError):
    """The clock has ended already."""

    code, clause = "clock_not_running", "S1.1.4a"

    def __init__(self, state: str) -> None:
        super().__init__("该时限已经结束，请刷新查看")
        self.state = state


# -- the calendar -------------------------------------------------------------------------------------------------------


class CalendarVersionUnknown(NotListed):
    """No calendar version of this name."""

    code = "calendar_version_not_found"

    def __init__(self, version: str) -> None:
        super().__init__("日历版本", version)


class CalendarUnchanged(BusinessError):
    """What was sent is what the calendar says already."""

    code, clause = "calendar_unchanged", "S1.1.4a"

    def __init__(self, version: str) -> None:
        super().__init__("所提交的内容与现行日历一致，无需更新")
        self.version = version


class CalendarMovedOn(BusinessError):
    """The preview was made on a version that holds no more."""

    code, clause = "calendar_moved_on", "S1.1.4a"

    def __init__(self, base: str, version: str) -> None:
        super().__init__("预览之后日历已被更新，请重新预览后再提交")
        self.base, self.version = base, version
