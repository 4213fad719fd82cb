"""What is refused of extensions (S1.3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from services.sla.clocks.errors import NotRunning
from shared.errors import BusinessError, Forbidden, Incomplete, NotFound


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

    def __init__(self, times: int, *, waiting: bool) -> None:
        super().__init__(
            f"已申请延期，等待中心审批；每件工单最多延期 {times} 次，请等待审批结果"
            if waiting
            else f"每件工单最多延期 {times} 次，请按现有时限办理"
        )
        self.times, self.waiting = times, waiting


class NothingToExtend(BusinessError):
    """No deadline of the unit runs (S1.3.2e)."""

    code, clause = "nothing_to_extend", "S1.3.2e"

    def __init__(self) -> None:
        super().__init__("该工单当前没有正在计时的办结时限，无需延期")


class NotTheLead(BusinessError):
    """Another unit has the order, and asks for its deadline."""

    code, clause = "not_the_lead", "S1.3.2e"

    def __init__(self) -> None:
        super().__init__("该工单由其他单位承办，由承办单位申请延期")


class ClockEnded(NotRunning):
    """The deadline that was to be extended has ended meanwhile (S1.3.2e)."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.message = "该办结时限已经结束（已答复、改派、回退或撤单），不能再延期；请驳回该申请"


class ExtensionUnknown(NotFound):
    """No such extension, or another unit's (S4.2a)."""

    code = "extension_not_found"

    def __init__(self, extension_id: str) -> None:
        super().__init__("延期申请", extension_id)


_ANSWERS: Final = {
    "granted": "该延期申请已获批准，无需再次审批",
    "refused": "该延期申请已被驳回；仍需延期的，由承办单位重新申请",
    "declined": "来电人不同意延期，已记录在案，无需审批；请按原时限办理",
}


class ExtensionDecided(BusinessError):
    """The request has its answer already."""

    code, clause = "extension_decided", "S1.3.2e"

    def __init__(self, state: str) -> None:
        super().__init__(_ANSWERS[state])
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
