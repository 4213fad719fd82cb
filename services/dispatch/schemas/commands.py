"""What the commands on an order take.

Parts that a rule demands by name (S2.2.1g, S2.2.3b, S1.2.2d) are optional here: the rule says in Chinese which of them
is missing, and by which clause.
"""

from __future__ import annotations

import base64
import binascii
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.dispatch.errors import MaterialUnfit
from services.dispatch.model import AssignmentOrder, Contact, Material, Outcome, Reply, ReturnRequest
from services.dispatch.rules.materials import material_of
from shared.contracts.dispatch import Basis, Disposition, Satisfaction
from shared.web import Body, Code, Line, PastMoment, SaneMoment, Text


class MaterialBody(Body):
    """A file: PDF, PNG or JPEG, 700 KB together."""

    name: Annotated[Line, Field(title="文件名")]
    sha256: Annotated[
        str, Field(pattern=r"^[0-9a-f]{64}$", title="文件内容的 SHA-256", description="内容的 SHA-256，小写十六进制")
    ]
    content: Annotated[str, Field(min_length=1, max_length=960_000, title="文件内容", description="内容，base64")]

    def as_material(self) -> Material:
        """The file itself; MaterialUnfit when it is not what it says."""
        try:
            content = base64.b64decode(self.content, validate=True)
        except (binascii.Error, ValueError) as fault:
            raise MaterialUnfit(self.name, "not_base64") from fault
        return material_of(self.name, self.sha256, content)


Materials = Annotated[list[MaterialBody], Field(max_length=10)]


class AssignBody(Body):
    """The desk's decision (S2.1c)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"unit": "zhujian", "basis": "duty", "grounds": "物业管理由住建部门负责（职责目录第 3 条）"}]
        }
    )

    unit: Annotated[Code, Field(title="承办单位", description="承办单位编码")]
    basis: Annotated[Basis, Field(title="交办依据", description="依据：duty 职责 / territory 属地 / industry 行业")]
    grounds: Annotated[Text, Field(title="依据说明")]
    determined_at: Annotated[
        PastMoment | None, Field(title="确定承办单位的时间", description="确定承办单位的时间；不填即为交办时间")
    ] = None
    reason: Annotated[Text | None, Field(title="改派理由")] = None
    decision: Annotated[Text | None, Field(title="研判决定", description="研判决定，仅中心负责人填写")] = None

    def as_order(self) -> AssignmentOrder:
        """For the handler."""
        return AssignmentOrder(self.unit, self.basis, self.grounds, self.determined_at, self.reason, self.decision)


class AssignedOut(BaseModel):
    """Which link of the chain of responsibility it is."""

    assignment: int


class ContactBody(Body):
    """An attempt to speak with the caller."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "outcome": "reached",
                    "contacted_at": "2026-11-23T10:20:00+08:00",
                    "phone": "0535-6891234",
                    "person": "王科员",
                    "content": "已了解诉求，约定周三上门查看。",
                }
            ]
        }
    )

    outcome: Annotated[Outcome, Field(title="联系结果", description="reached 接通 / not_reached 未接通 / refused 拒绝")]
    contacted_at: Annotated[PastMoment, Field(title="联系时间")]
    phone: Annotated[Line | None, Field(title="联系所用电话号码", description="联系所用电话号码，必填")] = None
    person: Annotated[Line | None, Field(title="联系人", description="何人联系；未接通时可不填")] = None
    content: Annotated[Text | None, Field(title="沟通内容", description="沟通内容；未接通时可不填")] = None
    promised_at: Annotated[
        SaneMoment | None, Field(title="再次联系时间", description="约定的再次联系时间，13 个工作日内")
    ] = None

    def as_contact(self) -> Contact:
        """For the handler."""
        return Contact(self.outcome, self.contacted_at, self.phone, self.person, self.content, self.promised_at)


class ContactRecorded(BaseModel):
    """What the record amounts to."""

    contact_id: str
    attempt: int = Field(description="本次承办以来的第几次联系")
    counts: bool = Field(description="是否计为有效联系")


class NoteBody(Body):
    """How far the unit is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"text": "已联系物业公司，待其报价。", "promised_at": "2026-11-25T09:00:00+08:00"}]
        }
    )

    text: Annotated[Text, Field(title="办理进度")]
    promised_at: Annotated[SaneMoment, Field(title="再次联系时间", description="再次联系时间，13 个工作日内")]


class NoteRecorded(BaseModel):
    """The note's id."""

    note_id: str


class ReturnBody(Body):
    """A return with its four parts (S2.2.1g)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "reason": "不属于本单位职责",
                    "policy_basis": "三定方案第四条",
                    "suggested_unit": "chengguan",
                    "materials": [
                        {
                            "name": "现场照片.pdf",
                            "sha256": "13bc80c808bed2e495b0d3f2b0668d4da3d5e1363345dc79d3541fd7f4666365",
                            "content": "JVBERi0xLjcgYSBzbWFsbCBmaWxl",
                        }
                    ],
                }
            ]
        }
    )

    reason: Annotated[Text | None, Field(title="回退原因", description="回退原因，必填")] = None
    policy_basis: Annotated[Text | None, Field(title="政策依据", description="政策依据，必填")] = None
    suggested_unit: Annotated[Code | None, Field(title="建议承办单位", description="建议承办单位编码，必填")] = None
    materials: Annotated[Materials, Field(default_factory=list, title="相关材料", description="相关材料，至少一份")]

    def as_request(self) -> ReturnRequest:
        """For the handler."""
        materials = tuple(material.as_material() for material in self.materials)
        return ReturnRequest(self.reason, self.policy_basis, self.suggested_unit, materials)


class ReturnRequested(BaseModel):
    """The request's id."""

    return_id: str


class ReturnDecision(Body):
    """What the centre decides."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"decision": "reject", "reason": "属该单位职责目录第 3 条"}]}
    )

    decision: Annotated[
        Literal["accept", "reject"], Field(title="回退审核结果", description="accept 同意 / reject 驳回")
    ]
    reason: Annotated[Text | None, Field(title="审核理由", description="理由；驳回时必填")] = None


class ReplyBody(Body):
    """A reply with its five elements (S2.2.3b) and what its disposition demands (S2.2.2b-e)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "disposition": "solved",
                    "contact_person": "王科员",
                    "contact_at": "2026-11-23T10:20:00+08:00",
                    "contact_phone": "0535-6891234",
                    "findings": "垃圾已全部清运，并调整清运频次。",
                    "satisfaction": "satisfied",
                }
            ]
        }
    )

    disposition: Annotated[
        Disposition,
        Field(
            title="办理结论",
            description="solved 办结 / out_of_scope 不在受理范围 / not_true 不属实 / explanation 解释说明 / planned 列入计划",
        ),
    ]
    contact_person: Annotated[Line | None, Field(title="何人联系", description="何人与来电人联系，必填")] = None
    contact_at: Annotated[PastMoment | None, Field(title="何时联系", description="何时联系，必填")] = None
    contact_phone: Annotated[Line | None, Field(title="何用电话号码", description="何用电话号码，必填")] = None
    findings: Annotated[Text | None, Field(title="问题落实情况", description="问题落实情况，必填")] = None
    satisfaction: Annotated[
        Satisfaction | None,
        Field(
            title="来电人满意度",
            description="来电人满意度，必填：satisfied / mostly_satisfied / unsatisfied / not_stated 未表态",
        ),
    ] = None
    remarks: Annotated[Text | None, Field(title="备注")] = None
    statement: Annotated[Text | None, Field(title="不在受理范围情况说明")] = None
    legal_basis: Annotated[Text | None, Field(title="法律法规依据")] = None
    site_record: Annotated[Text | None, Field(title="现场核查材料")] = None
    plan_on: Annotated[
        date | None,
        Field(
            title="计划完成日期",
            description="计划完成日期：今日之后，自首次交办起不超过规则天数（2022 年通知为 90 天）",
        ),
    ] = None
    evidence: Annotated[Materials, Field(default_factory=list, title="证明材料")]

    def as_reply(self) -> Reply:
        """For the handler."""
        return Reply(
            disposition=self.disposition,
            contact_person=self.contact_person,
            contact_at=self.contact_at,
            contact_phone=self.contact_phone,
            findings=self.findings,
            satisfaction=self.satisfaction,
            remarks=self.remarks,
            statement=self.statement,
            legal_basis=self.legal_basis,
            site_record=self.site_record,
            plan_on=self.plan_on,
            evidence=tuple(material.as_material() for material in self.evidence),
        )


class ReplyRecorded(BaseModel):
    """The reply's id and its round."""

    reply_id: str
    round: int
