"""The bodies and answers of the routes for rounds."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from services.review.checks.model import DemandChange, Element, Finding, Reply, Severity
from services.review.rounds.model import Move, State, VoidReason
from services.review.rounds.tables import RoundRecord
from shared.access import Sight
from shared.contracts.dispatch import Disposition
from shared.contracts.fields import FIELD_TITLES
from shared.web import Body, Text


class Nothing(Body):
    """A decision without a text."""


class Opinion(Body):
    """Why a reply goes back, and what has to change."""

    opinion: Text = Field(title="修改意见")


class Approval(Body):
    """The centre's approval."""

    override_reason: Text | None = Field(
        default=None, title="仍予通过的理由", description="预审有必须处理的问题而仍予通过的理由"
    )
    demand_version: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        title="工单内容版本",
        description="审核时所核对的工单内容版本（demand_changes 中的最新一版，没有变更的同 demand_version）；"
        "工单在答复之后有变更而仍予通过的必须填写，只对该版本有效",
    )


class RoundSummary(BaseModel):
    """One round without the reply's text."""

    reply_id: str = Field(description="答复编号")
    order_id: str = Field(description="工单编号")
    unit: str = Field(description="承办单位")
    round: int = Field(description="第几轮答复")
    state: State = Field(
        description="leader_review 单位领导审阅 / centre_review 中心审核 / approved 通过 / rejected 中心退回（含平台自动退回） / "
        "leader_rejected 单位领导退回 / void 作废"
    )
    disposition: Disposition = Field(description="办理结论")
    blocking: int = Field(description="预审发现的必须处理的问题数")
    submitted_by: str = Field(description="提交人")
    submitted_at: datetime = Field(description="提交时间")
    waiting_since: datetime | None = Field(description="在本环节等待的起始时间；已有结果的为空")
    findings_count: int = Field(description="机器预审意见的条数，含必须处理的")
    taken_back_at: datetime | None = Field(
        description="平台自动退回的时间：上级平台变更了工单，而审核通过时依据的是变更前的内容，答复没有反馈上级"
    )
    void_reason: VoidReason | None = Field(
        description="作废的原因：cancelled 上级平台撤单 / reassigned 重新交办 / reopened 上级要求重办 / superseded 另有新的答复；"
        "已审核通过（centre_at 不为空）而作废的，没有反馈上级"
    )

    @classmethod
    def of(cls, record: RoundRecord, findings: int) -> RoundSummary:
        """From the row, and how many findings it has."""
        waits = {State.LEADER_REVIEW: record.submitted_at, State.CENTRE_REVIEW: record.leader_at}
        names = set(RoundSummary.model_fields) - {"waiting_since", "findings_count"}
        return cls(
            **{name: getattr(record, name) for name in names},
            waiting_since=waits.get(record.state),
            findings_count=findings,
        )


class ReplyText(BaseModel):
    """The five elements and the remarks (S2.2.3b)."""

    contact_person: str = Field(description="联系人（何人）")
    contact_at: datetime | None = Field(description="联系时间（何时）")
    contact_phone: str = Field(description="联系电话（何电话号码）")
    findings: str = Field(description="问题落实情况")
    satisfaction: str = Field(description="来电人满意度")
    remarks: str = Field(description="备注")

    @classmethod
    def of(cls, reply: Reply, sight: Sight) -> ReplyText:
        """The reply as its reader sees it."""

        def show(text: str) -> str:
            return sight.shows(text) or ""

        return cls(
            contact_person=show(reply.contact_person),
            contact_at=reply.contact_at,
            contact_phone=show(reply.contact_phone),
            findings=show(reply.findings),
            satisfaction=reply.satisfaction,
            remarks=show(reply.remarks),
        )


class FindingText(BaseModel):
    """A finding of the pre-check, with the sentence that it is about."""

    code: str = Field(description="稳定的代码")
    severity: Severity = Field(description="blocking 必须处理 / advice 提醒")
    element: Element = Field(description="所涉要素")
    sentence: str = Field(description="原文语句；缺项时为空，无权查看答复内容时也为空")
    message: str = Field(description="说明")

    @classmethod
    def of(cls, finding: Finding, sight: Sight) -> FindingText:
        """The finding; its sentence is shown as the reply is."""
        return cls(
            code=finding.code,
            severity=finding.severity,
            element=finding.element,
            sentence=sight.shows(finding.sentence) or "",
            message=finding.message,
        )


class ChangedField(BaseModel):
    """A field of the order that the upstream changed."""

    name: str = Field(description="字段代码")
    title: str = Field(description="字段名称")


class ChangedDemand(BaseModel):
    """A version of the order that the reply does not answer (S1.1.4c)."""

    version: int = Field(description="工单内容版本")
    at: datetime = Field(description="上级平台变更的时间")
    fields: list[ChangedField] = Field(description="变更的字段")

    @classmethod
    def of(cls, change: DemandChange) -> ChangedDemand:
        """From the change as it was told."""
        fields = [ChangedField(name=name, title=FIELD_TITLES.get(name, name)) for name in change.fields]
        return cls(version=change.version, at=change.at, fields=fields)


class ClosedMoveOut(BaseModel):
    """A decision that is not open now."""

    move: Move
    code: str = Field(description="稳定的代码，如 under_leader_review、own_reply、doc_chain_incomplete")
    detail: str = Field(description="为何不能，下一步是什么")


class Round(RoundSummary):
    """One round with everything in it."""

    version: int = Field(description="版本，同 ETag")
    demand_version: int = Field(description="答复所针对的工单内容版本，1 为首版")
    demand_changes: list[ChangedDemand] = Field(description="答复之后上级平台对工单的变更，先后为序；空为没有")
    reply: ReplyText | None = Field(description="答复内容；无权查看时为空")
    findings: list[FindingText] = Field(description="机器预审意见")
    leader_by: str | None = Field(description="审阅的单位领导")
    leader_at: datetime | None
    centre_by: str | None = Field(description="中心审核员；平台自动退回的，为此前审核通过的审核员")
    centre_at: datetime | None
    opinion: str | None = Field(description="退回修改意见；平台自动退回的，为退回原因与变更的内容")
    opinion_by: str | None = Field(
        description="提出修改意见的人：退回答复的单位领导或中心审核员；平台自动退回的为 system；空为没有修改意见"
    )
    override_reason: str | None = Field(description="预审问题未改而通过的理由")
    voided_at: datetime | None
    can: list[Move] = Field(description="当前登录人可执行的操作")
    cannot: list[ClosedMoveOut] = Field(description="当前登录人的角色可以执行、但现在不能的操作及原因")


class Rounds(BaseModel):
    """Every round of an order, the first one first (S2.3c)."""

    order_id: str
    rounds: list[Round]
