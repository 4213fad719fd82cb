"""What is refused of a reply."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from shared.errors import BusinessError, Incomplete

_PARTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "contact_person": "何人联系",
        "contact_at": "何时联系",
        "contact_phone": "何用电话号码",
        "findings": "问题落实情况",
        "satisfaction": "来电人满意度",
        "legal_basis": "法律法规依据",
        "site_record": "现场核查材料",
        "plan_on": "计划完成日期",
    }
)


class ReplyIncomplete(Incomplete):
    """One of the five elements of the template is missing."""

    code, clause = "reply_incomplete", "S2.2.3b"

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(f"答复缺少必备要素，请补充：{'、'.join(_PARTS[part] for part in missing)}")
        self.missing = missing


class ReplyContactAhead(Incomplete):
    """The contact that the reply names has not happened yet."""

    code, clause = "reply_contact_ahead", "S2.2.3b"

    def __init__(self) -> None:
        super().__init__("答复中的联系时间晚于当前时间，请核对")


class ResultContactMissing(Incomplete):
    """The unit tells the caller the result before it submits the reply."""

    code, clause = "result_contact_missing", "S2.2.3a"

    def __init__(self) -> None:
        super().__init__("提交答复前须先向来电人反馈，请登记联系记录后再提交")


class DemandChanged(BusinessError):
    """The upstream changed the order while the reply was written for an earlier version of it."""

    code, clause = "demand_changed", "S1.1.4c"

    def __init__(self, demand_version: int, changed: tuple[str, ...]) -> None:
        super().__init__(f"工单内容已变更为第 {demand_version} 版，请查看变更内容，核对后按新版本提交答复")
        self.demand_version, self.changed = demand_version, changed


class StatementMissing(Incomplete):
    """Outside acceptance needs a statement of the circumstances."""

    code, clause = "statement_missing", "S2.2.2b"

    def __init__(self) -> None:
        super().__init__("按“不在受理范围”答复须同步提交情况说明")
        self.missing = ("statement",)


class EvidenceMissing(Incomplete):
    """Not true needs evidence."""

    code, clause = "evidence_missing", "S2.2.2c"

    def __init__(self) -> None:
        super().__init__("按“反映不属实”答复须同步提交至少一份证明材料")
        self.missing = ("evidence",)


class ExplanationIncomplete(Incomplete):
    """An explanation needs the law and the visit on site."""

    code, clause = "explanation_incomplete", "S2.2.2d"

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(f"提报“解释说明”的材料不完整，请补充：{'、'.join(_PARTS[part] for part in missing)}")
        self.missing = missing


class PlanIncomplete(Incomplete):
    """A plan needs the law and a date."""

    code, clause = "plan_incomplete", "S2.2.2e"

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(f"提报“列入计划”的材料不完整，请补充：{'、'.join(_PARTS[part] for part in missing)}")
        self.missing = missing


class PlanOutside(Incomplete):
    """The plan's date is not in the future, or is too many days after the first assignment."""

    code, clause = "plan_outside", "S2.2.2e"

    def __init__(self, earliest_on: date, latest_on: date, days: int) -> None:
        super().__init__(
            f"计划完成日期应在 {earliest_on:%Y-%m-%d} 至 {latest_on:%Y-%m-%d} 之间（今日之后，自首次交办起不超过 {days} 天）；"
            "当日可以办结的，请按“办结”答复"
        )
        self.earliest_on, self.latest_on, self.days = earliest_on, latest_on, days


class DispositionNotOffered(BusinessError):
    """Explanation and plan exist for ordinary provincial, municipal and enterprise-channel orders only (A17)."""

    code, clause = "disposition_not_offered", "S2.2.2g"

    def __init__(self, disposition: str) -> None:
        super().__init__("该渠道的工单不能提报“解释说明”或“列入计划”，请按规定程序答复")
        self.disposition = disposition
