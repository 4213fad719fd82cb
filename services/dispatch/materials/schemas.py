"""Files as they come and go over HTTP."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from services.dispatch.materials.errors import MaterialUnfit
from services.dispatch.materials.model import Material
from services.dispatch.materials.rules import material_of
from services.dispatch.materials.tables import AttachmentRecord
from shared.web import Body, Line


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
