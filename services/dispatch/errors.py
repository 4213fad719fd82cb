"""What dispatch refuses, with the clause and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from shared.errors import BusinessError, Forbidden, Incomplete, NotFound, Unauthenticated

PARTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "reason": "回退原因",
        "policy_basis": "政策依据",
        "suggested_unit": "建议承办单位",
        "materials": "相关材料",
        "phone": "联系所用电话号码",
        "person": "联系人",
        "content": "沟通内容",
        "contact_person": "何人联系",
        "contact_at": "何时联系",
        "contact_phone": "何用电话号码",
        "findings": "问题落实情况",
        "satisfaction": "来电人满意度",
        "statement": "不在受理范围情况说明",
        "evidence": "证明材料",
        "legal_basis": "法律法规依据",
        "site_record": "现场核查材料",
        "plan_on": "计划完成日期",
        "active": "启用状态",
        "first_responsible": "第一责任人",
        "deputy": "分管领导",
        "office": "责任科室",
        "handlers": "在岗经办人",
    }
)
"""The Chinese name of each part that a request can lack; the machine name stands in the facts."""


def _named(missing: tuple[str, ...]) -> str:
    return "、".join(PARTS.get(part, part) for part in missing)


class OrderUnknown(NotFound):
    """No such order, or another unit's (S4.2a)."""

    code = "order_not_found"

    def __init__(self, order_id: str) -> None:
        super().__init__("工单", order_id)


class AttachmentUnknown(NotFound):
    """No such file, or another unit's (S4.2a)."""

    code = "attachment_not_found"

    def __init__(self, attachment_id: str) -> None:
        super().__init__("附件", attachment_id)


class UnitUnknown(NotFound):
    """No unit has this code."""

    code = "unit_not_found"

    def __init__(self, unit: str) -> None:
        super().__init__("承办单位", unit)


class UnitNotListed(Incomplete):
    """The request names a unit that there is not."""

    code = "unit_not_listed"

    def __init__(self, unit: str) -> None:
        super().__init__("没有该编码的承办单位，请从单位列表中选择")
        self.unit = unit


class AccountUnknown(NotFound):
    """No account of this name."""

    code = "account_not_found"

    def __init__(self, account: str) -> None:
        super().__init__("账号", account)


# --- The way of an order ----------------------------------------------------------------------------------------------


class IllegalMove(BusinessError):
    """The order stands where this cannot happen."""

    code = "illegal_move"

    def __init__(self, status: str, move: str, *, stands: str, does: str) -> None:
        super().__init__(f"工单当前为“{stands}”，不能{does}，请刷新后按可用操作办理")
        self.order_status, self.move = status, move


class UnitNotReady(BusinessError):
    """The unit lacks one of its four responsible people, or is closed: nothing can be assigned to it."""

    code, clause = "unit_not_ready", "S4.1a"

    def __init__(self, unit: str, missing: tuple[str, ...]) -> None:
        super().__init__(f"该单位尚不具备承办条件，请先完善：{_named(missing)}；或改选其他单位")
        self.unit, self.missing = unit, missing


class PanelDecisionNeeded(BusinessError):
    """After two accepted returns only the panel's decision gives the order to a unit."""

    code, clause = "panel_decision_needed", "S3.1h"

    def __init__(self, returns: int) -> None:
        super().__init__(f"该工单已回退 {returns} 次，须经分析研判小组研判，请由中心负责人填写研判决定后交办")
        self.returns = returns


class DecisionNotYours(Forbidden):
    """Only the head of the centre enters a decision of the panel."""

    code, clause = "decision_not_yours", "S3.1h"

    def __init__(self) -> None:
        super().__init__("研判决定须由中心负责人填写")


class ReassignReasonMissing(Incomplete):
    """The centre may move an order to another unit, but says why."""

    code, clause = "reassign_reason_missing", "S2.2.1h"

    def __init__(self) -> None:
        super().__init__("改派须填写理由（reason）")
        self.missing = ("reason",)


class SameUnit(BusinessError):
    """The order is with this unit already."""

    code = "same_unit"

    def __init__(self, unit: str) -> None:
        super().__init__("该工单已由该单位承办，无需改派")
        self.unit = unit


class DeterminedOutside(Incomplete):
    """The unit is determined after the receipt and not in the future."""

    code, clause = "determined_outside", "S2.1b"

    def __init__(self, received_at: datetime) -> None:
        super().__init__("确定承办单位的时间应在接收之后、当前时间之前")
        self.received_at = received_at


# --- Returns ----------------------------------------------------------------------------------------------------------


class ReturnForbidden(BusinessError):
    """The centre confirmed the unit: the order cannot be returned any more."""

    code, clause = "no_return", "S3.1d"

    def __init__(self) -> None:
        super().__init__("该工单经研判确认由本单位承办，不得回退，请按答复程序办理")


class ReturnedBefore(BusinessError):
    """A unit asks once per order (A20)."""

    code, clause = "returned_before", "S3.1b"

    def __init__(self, unit: str) -> None:
        super().__init__("本单位已申请回退过该工单，不得再次回退，请按答复程序办理")
        self.unit = unit


class ReturnWindowClosed(BusinessError):
    """The first working day after the assignment is over."""

    code, clause = "return_window_closed", "S2.2.1f"

    def __init__(self, closed_at: datetime) -> None:
        super().__init__("已超过 1 个工作日，不得回退，请按答复程序办理")
        self.closed_at = closed_at


class ReturnIncomplete(Incomplete):
    """One of the four parts of a return is missing."""

    code, clause = "return_incomplete", "S2.2.1g"

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(f"回退材料不完整，请补充：{_named(missing)}")
        self.missing = missing


class SuggestedUnitUnfit(Incomplete):
    """The proposed unit is unknown, closed, or the one that asks."""

    code, clause = "suggested_unit_unfit", "S2.2.1g"

    def __init__(self, unit: str) -> None:
        super().__init__("建议承办单位应为本单位以外、已启用的单位，请重新选择")
        self.unit = unit


class RejectionReasonMissing(Incomplete):
    """The centre says why it leaves the order with the unit."""

    code, clause = "rejection_reason_missing", "S2.2.1i"

    def __init__(self) -> None:
        super().__init__("驳回回退须填写理由（reason）")
        self.missing = ("reason",)


# --- Contact, progress, reply -----------------------------------------------------------------------------------------


class ContactIncomplete(Incomplete):
    """A contact says who, when, by which number and what; otherwise no clock stops."""

    code, clause = "contact_incomplete", "S1.2.2d"

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(f"联系记录不完整，请补充：{_named(missing)}")
        self.missing = missing


class ContactOutside(Incomplete):
    """The contact lies in the future, or before the order was the unit's."""

    code, clause = "contact_outside", "S2.2.1b"

    def __init__(self, assigned_at: datetime) -> None:
        super().__init__("联系时间应在交办之后、当前时间之前")
        self.assigned_at = assigned_at


class PromiseNotAhead(Incomplete):
    """The next contact that is promised lies in the future."""

    code, clause = "promise_not_ahead", "S2.2.1d"

    def __init__(self) -> None:
        super().__init__("再次联系时间应晚于当前时间")


class PromiseTooFar(Incomplete):
    """The next contact is promised for a day after every deadline of the order."""

    code, clause = "promise_too_far", "S2.2.1d"

    def __init__(self, latest_on: date, workdays: int) -> None:
        super().__init__(
            f"再次联系时间最迟为 {latest_on:%Y-%m-%d}（{workdays} 个工作日内），请约定更早的时间，届时可再行约定"
        )
        self.latest_on = latest_on


class ReplyIncomplete(Incomplete):
    """One of the five elements of the template is missing."""

    code, clause = "reply_incomplete", "S2.2.3b"

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(f"答复缺少必备要素，请补充：{_named(missing)}")
        self.missing = missing


class ReplyContactAhead(Incomplete):
    """The contact that the reply tells of has not happened yet."""

    code, clause = "reply_contact_ahead", "S2.2.3b"

    def __init__(self) -> None:
        super().__init__("答复中的联系时间晚于当前时间，请核对")


class ResultContactMissing(Incomplete):
    """The caller hears the result before the centre does."""

    code, clause = "result_contact_missing", "S2.2.3a"

    def __init__(self) -> None:
        super().__init__("提交答复前须先向来电人反馈，请登记联系记录后再提交")


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
        super().__init__(f"提报“解释说明”的材料不完整，请补充：{_named(missing)}")
        self.missing = missing


class PlanIncomplete(Incomplete):
    """A plan needs the law and a date."""

    code, clause = "plan_incomplete", "S2.2.2e"

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(f"提报“列入计划”的材料不完整，请补充：{_named(missing)}")
        self.missing = missing


class PlanOutside(Incomplete):
    """The plan's date does not lie ahead, or is more than ninety days after the first assignment."""

    code, clause = "plan_outside", "S2.2.2e"

    def __init__(self, earliest_on: date, latest_on: date) -> None:
        super().__init__(
            f"计划完成日期应在 {earliest_on:%Y-%m-%d} 至 {latest_on:%Y-%m-%d} 之间（今日之后，自首次交办起不超过 90 天）；"
            "当日可以办结的，请按“办结”答复"
        )
        self.earliest_on, self.latest_on = earliest_on, latest_on


class DispositionNotOffered(BusinessError):
    """Explanation and plan exist for ordinary provincial, municipal and enterprise-channel orders only (A17)."""

    code, clause = "disposition_not_offered", "S2.2.2g"

    def __init__(self, disposition: str) -> None:
        super().__init__("该渠道的工单不能提报“解释说明”或“列入计划”，请按规定程序答复")
        self.disposition = disposition


class MaterialUnfit(Incomplete):
    """A file is not what it says it is."""

    code, clause = "material_unfit", "S2.2.1g"

    def __init__(self, name: str, why: str) -> None:
        words = {
            "not_base64": "内容不是有效的 base64",
            "sha256": "校验值与内容不符",
            "kind": "只接受 PDF、PNG 或 JPEG 文件",
        }
        super().__init__(f"附件“{name}”无法接收：{words.get(why, why)}")
        self.name, self.why = name, why


class MaterialsTooLarge(Incomplete):
    """The files of one request are too large together."""

    code = "materials_too_large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"附件合计超过 {limit_bytes // 1024} KB，请压缩后重新提交")
        self.limit_bytes = limit_bytes


# --- Units and accounts -----------------------------------------------------------------------------------------------


class UnitExists(BusinessError):
    """The code is taken."""

    code = "unit_exists"

    def __init__(self, unit: str) -> None:
        super().__init__("该单位编码已存在，请改用修改操作")
        self.unit = unit


class AccountExists(BusinessError):
    """The account name is taken."""

    code = "account_exists"

    def __init__(self, account: str) -> None:
        super().__init__("该账号已存在，请换用其他账号名")
        self.account = account


class RolesUnfit(Incomplete):
    """Roles of a unit need a unit, other roles must not have one, and nobody is the platform itself."""

    code, clause = "roles_unfit", "S4.2a"

    def __init__(self) -> None:
        super().__init__("承办单位角色必须且只能与所属单位（unit）同时填写，且不能与其他角色混用")


class PasswordUnfit(Incomplete):
    """Too short, or the account's own name."""

    code = "password_unfit"

    def __init__(self, shortest: int) -> None:
        super().__init__(f"密码至少 {shortest} 位，且不能包含账号名")
        self.shortest = shortest


class LastAdministrator(BusinessError):
    """The last active administrator stays."""

    code = "last_administrator"

    def __init__(self) -> None:
        super().__init__("至少须保留一名启用的系统管理员")


class LoginRefused(Unauthenticated):
    """Account unknown, closed, or another password: the three look alike on purpose."""

    code = "login_refused"

    def __init__(self) -> None:
        super().__init__("账号或密码不正确，或账号已停用，请核对后重试")


class LoginLocked(BusinessError):
    """Too many failures; known and unknown accounts look alike."""

    code, status = "login_locked", 429

    def __init__(self, locked_until: datetime) -> None:
        super().__init__("连续登录失败次数过多，账号已暂时锁定，请 15 分钟后重试或联系系统管理员")
        self.locked_until = locked_until
