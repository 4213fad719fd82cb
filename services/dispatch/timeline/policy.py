"""The sentences of a timeline, as staff would say them, with exact units and moments (X1).

A sentence has no full stop at its end; `rules.sentence_of` sets it.  No sentence has words of callers or of units: an
entry names the contact, the reply or the return, where they are shown by right.
"""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import Final

from services.dispatch.timeline.model import Facts
from shared.contracts.fields import FIELD_TITLES, FLAGS
from shared.contracts.sla import CLOCK_TITLES

DISPOSITIONS: Final = MappingProxyType(
    {
        "solved": "办结",
        "out_of_scope": "不在受理范围",
        "not_true": "不属实",
        "explanation": "解释说明",
        "planned": "列入计划",
    }
)
_BASES: Final = {"duty": "职责", "territory": "属地", "industry": "行业"}
_ASSIGNED: Final = {"first": "交办给", "returned": "回退后重新交办给", "reassigned": "改派给", "redo": "重办交办给"}
_LEVELS: Final = {"national": "国家级", "provincial": "省级", "municipal": "市级"}
_URGENT: Final = {"policy": "政策咨询", "livelihood": "民生紧急", "safety": "安全紧急"}
_OUTCOMES: Final = {"reached": "已接通", "not_reached": "未接通", "refused": "来电人拒绝沟通"}
_SOLVED: Final = {"solved": "已解决", "mostly_solved": "基本解决", "unsolved": "未解决"}
_SATISFIED: Final = {"satisfied": "满意", "mostly_satisfied": "基本满意", "unsatisfied": "不满意"}
_GROUNDS: Final = {"legal": "法定程序所需", "complex": "情况复杂"}
_PROVED_BY: Final = {"revisit": "上级平台已回访", "redo": "上级平台已要求重办"}
_CANDIDATES: Final = {
    "overdue": "超期未办",
    "unsolved": "解决不力",
    "refused": "拒不承办",
    "concentrated": "反映问题集中",
}


def _length(length: timedelta) -> str:
    """A length of time as people say it; less than a minute is one."""
    minutes = max(1, int(length.total_seconds()) // 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    said = [f"{days} 天" if days else "", f"{hours} 小时" if hours else "", f"{minutes} 分钟" if minutes else ""]
    return " ".join(part for part in said if part)


def _title(facts: Facts) -> str:
    return f"“{CLOCK_TITLES.get(facts['kind'], facts['kind'])}”时限"


def _provisional(facts: Facts) -> str:
    return "（暂定，待日历公布）" if facts["provisional"] else ""


def _urgent(facts: Facts) -> str:
    return "、".join(_URGENT[one] for one in facts["urgent"] or ())


def received(facts: Facts) -> str:
    """An upstream sent the order."""
    said = f"收到上级平台工单 {facts['platform_no']}（{_LEVELS[facts['level']]}，{facts['category']}）"
    if facts["urgent"]:
        said += f"，紧急类别：{_urgent(facts)}"
    if facts["confidential"]:
        said += "，来电人要求保密"
    if facts["upstream_due_at"]:
        said += f"，上级平台要求 {facts.at('upstream_due_at')} 前办结"
    if facts["released_at"]:
        said += f"；曾暂存，{facts.at('released_at')} 放行"
    return said + ("（测试工单）" if facts["is_test"] else "")


def updated(facts: Facts) -> str:
    """Its content or its flags changed."""
    changed = [FIELD_TITLES.get(name, name) for name in facts["changed"] if name not in FLAGS]
    said = [f"上级平台变更工单（第 {facts['version']} 版）：{'、'.join(changed)}"] if changed else []
    if "urgent" in facts["changed"]:
        said.append(f"紧急类别核定为{_urgent(facts) or '普通'}")
    if "out_of_scope" in facts["changed"]:
        said.append("标记为疑似不在受理范围" if facts["out_of_scope"] else "取消疑似不在受理范围的标记")
    return "；".join(said) or f"上级平台重发工单（第 {facts['version']} 版）"


def revisited(facts: Facts) -> str:
    """The upstream asked the caller."""
    said = f"上级平台第 {facts['revisit']} 次回访"
    if facts["of_earlier_reply"]:
        said += "（针对此前的答复）"
    if not facts["valid"]:
        return said + "，未联系上来电人"
    return said + f"来电人：{_SOLVED[facts['solved']]}，{_SATISFIED[facts['satisfied']]}"


def repeated(facts: Facts) -> str:
    """The upstream said once more what holds already."""
    return {
        "cancellation": "上级平台再次撤单，工单此前已撤销",
        "redo": "上级平台再次要求重办；所针对的答复此前已要求重办",
    }[facts["notice"]]


def fed_back(facts: Facts) -> str:
    """The upstream has the reply; a notice that proves it may come before its acknowledgement, and before it is sent."""
    proved = _PROVED_BY.get(facts["by"])
    return f"{proved}，视为收到答复" if proved else f"上级平台已收到答复（第 {facts['attempts']} 次发送）"


def feedback_failed(facts: Facts) -> str:
    """The reply did not reach the upstream."""
    said = f"第 {facts['attempt']} 次向上级平台反馈未成功"
    return said + ("，不再自动发送，需人工重发" if facts["final"] else "，将自动重发")


def assigned(facts: Facts) -> str:
    """A unit was given the order."""
    said = f"{_ASSIGNED[facts['cause']]}{facts.unit}（依据：{_BASES[facts['basis']]}）"
    return said + ("，不得回退" if facts["no_return"] else "")


def contacted(facts: Facts) -> str:
    """The unit spoke, or tried to speak, with the caller."""
    said = f"{facts.unit}第 {facts['attempt']} 次联系来电人，{_OUTCOMES[facts['outcome']]}"
    if not facts["counts"]:
        said += "，不计为有效联系"
    if facts["promised_at"]:
        said += f"，约定 {facts.at('promised_at')} 再次联系"
    if facts.moment("recorded_at") - facts.moment("contacted_at") >= timedelta(minutes=1):
        said += f"（{facts.at('recorded_at')} 登记）"
    return said


def return_requested(facts: Facts) -> str:
    """The unit asks to give it back."""
    return f"{facts.unit}申请回退，建议由{facts.unit_of(facts['suggested_unit'])}承办"


def reply(facts: Facts) -> str:
    """Which reply of which unit."""
    return f"{facts.unit}第 {facts['round']} 次答复"


def submitted(facts: Facts) -> str:
    """The unit submitted a reply."""
    said = f"{facts.unit}提交第 {facts['round']} 次答复（办理结论：{DISPOSITIONS[facts['disposition']]}）"
    return said + "，报本单位主要领导审阅"


def outdated(facts: Facts) -> str:
    """An approved reply is not sent, because the demand had changed."""
    fields = "、".join(FIELD_TITLES.get(name, name) for name in facts["changed"])
    version = f"第 {facts['version']} 版" + (f"：{fields}" if fields else "")
    return f"{reply(facts)}不予反馈：上级平台变更了工单（{version}），审核通过时依据的是变更前的内容"


def not_sent(facts: Facts) -> str:
    """An approved reply is not sent, because its order was cancelled or reopened."""
    why = {"cancelled": "上级平台已撤单", "reopened": "工单已重办，由承办单位重新答复"}[facts["reason"]]
    return f"{reply(facts)}虽经审核通过，没有反馈上级平台：{why}"


def rejected(facts: Facts) -> str:
    """The reply went back to its unit."""
    by = "平台自动退回已审核通过的" if facts["taken_back"] else "中心审核退回"
    return f"{by}{reply(facts)}，退回重办，时限不重新计算"


def closed(facts: Facts) -> str:
    """It is done."""
    return f"办结归档，承办单位：{facts.unit}，办理结论：{DISPOSITIONS[facts['disposition']]}"


def reopened(facts: Facts) -> str:
    """It is handled once more."""
    why = {"unsolved": "问题未解决", "unsatisfied": "来电人不满意"}[facts["reason"]]
    return f"工单重办（第 {facts['redos']} 次，{why}），由{facts.unit}继续办理"


def clock_started(facts: Facts) -> str:
    """A deadline began to run."""
    return f"{_title(facts)}起算，责任单位：{facts.unit}，{facts.at('due_at')} 截止{_provisional(facts)}"


def clock_changed(facts: Facts) -> str:
    """A deadline moved."""
    said = f"{_title(facts)}由 {facts.at('was_due_at')} 调整为 {facts.at('due_at')}{_provisional(facts)}"
    said += "，时限继续计算" if facts["reopened"] else ""
    said += "，此前的超期撤回" if facts["excused"] else ""
    return said + (f"；{facts['reason']}" if facts["reason"] else "")


def clock_stopped(facts: Facts) -> str:
    """A deadline ended."""
    if facts["void"]:
        return f"{_title(facts)}终止，不再计算"
    due = f"{facts.at('due_at')} 截止"
    if facts["original_due_at"] and facts["original_due_at"] != facts["due_at"]:
        due += f"，原为 {facts.at('original_due_at')}"
    if facts["met"]:
        return f"{_title(facts)}按时完成（{due}）"
    return f"{_title(facts)}超期完成（{due}，超出 {_length(facts.moment('stopped_at') - facts.moment('due_at'))}）"


def clock_warned(facts: Facts) -> str:
    """A deadline is near, or has passed and is still open."""
    due, warned = facts.moment("due_at"), facts.moment("warned_at")
    if warned < due:
        return f"{_title(facts)}临近，{facts.at('due_at')} 截止，还剩 {_length(due - warned)}，责任单位：{facts.unit}"
    return f"{_title(facts)}已超出 {_length(warned - due)}，仍未完成，责任单位：{facts.unit}"


def clock_breached(facts: Facts) -> str:
    """A deadline passed."""
    return f"{_title(facts)}超期，应于 {facts.at('due_at')} 前完成，责任单位：{facts.unit}"


def breach_excused(facts: Facts) -> str:
    """A breach does not count any more."""
    said = f"撤回{_title(facts)}的超期（原应于 {facts.at('due_at')} 前完成）"
    if facts["now_due_at"]:
        said += f"，现为 {facts.at('now_due_at')} 截止"
    return f"{said}；{facts['reason']}"


def extension_requested(facts: Facts) -> str:
    """The unit asks for more time."""
    said = f"{facts.unit}申请延期 {facts['workdays']} 个工作日（{_GROUNDS[facts['reason_code']]}），"
    return said + f"现为 {facts.at('due_at')} 截止" + ("，超出规定天数" if facts["overridden"] else "")


def extension_granted(facts: Facts) -> str:
    """It gets more time."""
    moved = f"截止时间由 {facts.at('was_due_at')} 延至 {facts.at('due_at')}"
    return f"中心同意{facts.unit}延期 {facts['workdays']} 个工作日，{moved}"


def extension_refused(facts: Facts) -> str:
    """It gets no more time."""
    return f"来电人不同意延期，{facts.unit}不得延期" if facts["cause"] == "caller" else f"中心不同意{facts.unit}延期"


def promise_kept(facts: Facts) -> str:
    """The promised contact was made."""
    return f"{facts.unit}已按约定（{facts.at('promised_at')} 前）再次联系来电人"


def promise_broken(facts: Facts) -> str:
    """The promised contact was not made."""
    return f"{facts.unit}未按约定于 {facts.at('promised_at')} 前再次联系来电人，计为失约"


def supervision(facts: Facts) -> str:
    """The unit has come under a trigger of supervision."""
    return f"列为督办建议：{facts.unit}{_CANDIDATES[facts['cause']]}"
