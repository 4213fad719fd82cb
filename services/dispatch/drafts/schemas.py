"""Drafts as they come and go over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, RootModel, Strict, StringConstraints

from services.dispatch.drafts.handlers import Draft
from services.dispatch.drafts.tables import DraftRecord
from shared.web import YesNo

FORM_PATTERN = r"^[a-z][a-z0-9_-]{0,39}$"
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$")]
# As it was typed: blanks, breaks and characters that a command would refuse are still there when the form comes back.
Typed = Annotated[str, Strict(), StringConstraints(max_length=500_000)]
Value = Typed | YesNo | Annotated[list[Typed | YesNo], Field(max_length=200)]


class DraftBody(
    RootModel[
        Annotated[
            dict[FieldName, Value],
            Field(max_length=100, title="草稿内容", json_schema_extra={"additionalProperties": False}),
        ]
    ]
):
    """The fields of a form by name: texts, yes or no, and lists of these; 512 KB in all."""

    def as_content(self) -> dict[str, Any]:
        """For the handler."""
        return self.root


class DraftSaved(BaseModel):
    """What was stored, for the next change."""

    version: int = Field(description="下次保存时 If-Match 应填的版本，与 ETag 相同")
    changed_at: datetime

    @classmethod
    def of(cls, draft: Draft) -> DraftSaved:
        """From the stored draft."""
        return cls(version=draft.version, changed_at=draft.changed_at)


class DraftOut(DraftSaved):
    """A draft with what was typed."""

    content: dict[str, Any] = Field(description="各字段的内容，与保存时相同")

    @classmethod
    def of(cls, draft: Draft) -> DraftOut:
        """From the stored draft."""
        return cls(version=draft.version, changed_at=draft.changed_at, content=dict(draft.content))


class DraftLine(BaseModel):
    """A draft in the list."""

    order_id: str
    form: str = Field(description="表单")
    version: int
    changed_at: datetime

    @classmethod
    def of(cls, record: DraftRecord) -> DraftLine:
        """From the row."""
        return cls(order_id=record.order_id, form=record.form, version=record.version, changed_at=record.changed_at)
