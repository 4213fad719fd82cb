"""Files as the list shows them."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from services.dispatch.materials.tables import AttachmentRecord


class AttachmentOut(BaseModel):
    """A file of a return or of a reply, without its bytes."""

    attachment_id: str
    purpose: str
    owner_id: str
    name: str
    media_type: str
    sha256: str
    size: int
    attached_at: datetime
    attached_by: str

    @classmethod
    def of(cls, record: AttachmentRecord) -> AttachmentOut:
        """From the row."""
        names = set(cls.model_fields) - {"attachment_id"}
        return cls(attachment_id=record.id, **{name: getattr(record, name) for name in names})
