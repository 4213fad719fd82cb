"""Replies as they come and go over HTTP.

The parts that a rule demands by name (S2.2.3b, S2.2.2b-e) are optional here: the rule says in Chinese which of them is
missing, and by which clause.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from services.dispatch.replies.model import Reply
from services.dispatch.replies.tables import ReplyRecord
from shared.access import Sight
from shared.contracts.dispatch import Disposition, Satisfaction
from shared.contracts.places import GROUNDS, OPINION, REPLY
from shared.files.stored import StoredFile
from shared.personal.sealing import Sealer
from shared.web import Body, Line, PastMoment, Text


class ReplyBody(Body):
    """A reply with its five elements (S2.2.3b) and what its disposition demands (S2.2.2b-e), except evidence: files."""

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

    demand_version: Annotated[
        int | None,
        Field(
            ge=1,
            le=1_000_000,
            title="工单内容版本",
            description="答复所针对的工单内容版本（查看工单时的 demand_version）；填写后，工单在此期间已变更的不予提交，须先核对",
        ),
    ] = None

    def as_reply(self, files: tuple[StoredFile, ...]) -> Reply:
        """For the handler, with the files that came beside it."""
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
            demand_version=self.demand_version,
            evidence=files,
        )


class ReplyRecorded(BaseModel):
    """The reply's id and its round."""

    reply_id: str
    round: int


class ReplyOut(BaseModel):
    """A reply as it was submitted, and what became of it; its texts only for those who handle or review it (X2)."""

    reply_id: str
    round: int
    unit: str
    disposition: str
    state: str
    plan_on: date | None
    submitted_at: datetime
    submitted_by: str
    judged_at: datetime | None
    contact_person: str | None = None
    contact_at: str | None = None
    contact_phone: str | None = None
    findings: str | None = None
    satisfaction: str | None = None
    remarks: str | None = None
    statement: str | None = None
    legal_basis: str | None = None
    site_record: str | None = None
    opinion: str | None = None

    @classmethod
    def of(cls, record: ReplyRecord, sealer: Sealer, sight: Sight) -> ReplyOut:
        """From the row."""
        opened: dict[str, Any] = {}
        if sight:
            ids = {"order_id": record.order_id, "reply_id": record.id}
            opened |= sealer.open_json(record.sealed, REPLY.at(**ids))
            if record.grounds is not None:
                opened |= sealer.open_json(record.grounds, GROUNDS.at(**ids))
            opened["opinion"] = sealer.open_if_any(record.opinion, OPINION.at(**ids))
            opened = {name: sight.shows(text) for name, text in opened.items()}
        names = ("round", "unit", "disposition", "state", "plan_on", "submitted_at", "submitted_by", "judged_at")
        return cls(reply_id=record.id, **opened, **{name: getattr(record, name) for name in names})
