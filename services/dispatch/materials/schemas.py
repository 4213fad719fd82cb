"""Files as the list shows them."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from services.dispatch.materials.tables import AttachmentRecord
from shared.access import Sight
from shared.personal.sealing import Sealer


class AttachmentOut(BaseModel):
    """A file of a return or of a reply, without its bytes."""

    attachment_id: str
    purpose: str
    owner_id: str
    name: str | None = Field(description="文件名；无权查看时为空")
    media_type: str
    sha256: str
    size: int
    attached_at: datetime
    attached_by: str

    @classmethod
    def of(cls, record: AttachmentRecord, sealer: Sealer, sight: Sight) -> AttachmentOut:
        """From the row."""
        names = set(cls.model_fields) - {"attachment_id", "name"}
        name = sight.shows(record.open_name(sealer))
        return cls(attachment_id=record.id, name=name, **{name: getattr(record, name) for name in names})
