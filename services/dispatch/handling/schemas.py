"""Contacts and progress notes as they come and go over HTTP.

The parts of a contact that a rule demands by name (S1.2.2d) are optional here: the rule says in Chinese which of them
is missing, and by which clause.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from services.dispatch.handling.model import Contact, Outcome, Recorded, Uncounted
from services.dispatch.handling.rules import why_not_counted
from services.dispatch.handling.tables import ContactRecord, NoteRecord
from shared.access import Sight
from shared.contracts.places import CONTACT, NOTE
from shared.personal.sealing import Sealer
from shared.web import Body, Line, PastMoment, SaneMoment, Text


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
    separate: bool = Field(description="否：未接通，且距上一次计数的未接通不足 10 分钟，只作记录，不另计一次")
    next_attempt_at: datetime | None = Field(
        description="未计为有效联系的：自何时起再次联系仍未接通的，另计一次；计为有效联系的为空"
    )
    code: Uncounted | None = Field(
        description="为何未计为有效联系：attempt_failed 仅一次未接通 / attempt_too_soon 距上一次不足 10 分钟；计为有效联系的为空"
    )
    detail: str | None = Field(description="为何未计为有效联系，怎样才计；计为有效联系的为空")

    @classmethod
    def of(cls, recorded: Recorded) -> ContactRecorded:
        """What the handler recorded, in words."""
        code: Uncounted | None = None
        detail = None
        if recorded.next_attempt_at is not None:
            code, detail = why_not_counted(separate=recorded.separate, next_at=recorded.next_attempt_at)
        return cls(
            contact_id=recorded.contact_id,
            attempt=recorded.attempt,
            counts=recorded.counts,
            separate=recorded.separate,
            next_attempt_at=recorded.next_attempt_at,
            code=code,
            detail=detail,
        )


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


class ContactOut(BaseModel):
    """One attempt to speak with the caller; who, number and text only for those who handle or review it (X2)."""

    contact_id: str
    unit: str
    attempt: int
    outcome: str
    counts: bool = Field(description="是否计为有效联系")
    separate: bool = Field(description="否：未接通，且距上一次计数的未接通不足 10 分钟，不另计一次")
    contacted_at: datetime
    promised_at: datetime | None
    recorded_at: datetime
    recorded_by: str
    phone: str | None
    person: str | None
    content: str | None

    @classmethod
    def of(cls, record: ContactRecord, sealer: Sealer, sight: Sight) -> ContactOut:
        """From the row."""
        opened: dict[str, Any] = {"phone": None, "person": None, "content": None}
        if sight:
            said = sealer.open_json(record.sealed, CONTACT.at(order_id=record.order_id, contact_id=record.id))
            opened = {name: sight.shows(text) for name, text in said.items()}
        names = set(cls.model_fields) - {"contact_id", *opened}
        return cls(contact_id=record.id, **opened, **{name: getattr(record, name) for name in names})


class NoteOut(BaseModel):
    """How far the unit was; the text only for those who handle or review it (X2)."""

    note_id: str
    unit: str
    text: str | None
    promised_at: datetime
    noted_at: datetime
    noted_by: str

    @classmethod
    def of(cls, record: NoteRecord, sealer: Sealer, sight: Sight) -> NoteOut:
        """From the row."""
        place = NOTE.at(order_id=record.order_id, note_id=record.id)
        text = sight.shows(sealer.open(record.sealed, place))
        names = set(cls.model_fields) - {"note_id", "text"}
        return cls(note_id=record.id, text=text, **{name: getattr(record, name) for name in names})
