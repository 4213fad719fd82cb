"""The files of an order."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from services.dispatch.materials.errors import AttachmentUnknown
from services.dispatch.materials.model import Material
from services.dispatch.materials.tables import AttachmentRecord
from shared.work import Work


def attach(work: Work, materials: Sequence[Material], *, order_id: str, purpose: str, owner_id: str, unit: str) -> None:
    """Keep the files of a return or of a reply."""
    work.session.add_all(
        AttachmentRecord(
            id=str(work.ids()),
            order_id=order_id,
            purpose=purpose,
            owner_id=owner_id,
            unit=unit,
            name=material.name,
            media_type=material.media_type,
            sha256=material.sha256,
            size=len(material.content),
            content=material.content,
            attached_at=work.now,
            attached_by=work.person.account,
        )
        for material in materials
    )


async def attachments_of(session: AsyncSession, order_id: str, *, only: str | None) -> Sequence[AttachmentRecord]:
    """The files of an order without their bytes, the first first."""
    query = (
        select(AttachmentRecord)
        .where(AttachmentRecord.order_id == order_id)
        .order_by(AttachmentRecord.attached_at, AttachmentRecord.id)
    )
    if only is not None:  # the part of a former unit
        query = query.where(AttachmentRecord.unit == only)
    return (await session.execute(query)).scalars().all()


async def attachment_of(
    session: AsyncSession, order_id: str, attachment_id: str, *, only: str | None
) -> AttachmentRecord:
    """One file with its bytes; the caller has checked the order."""
    query = (
        select(AttachmentRecord)
        .where(AttachmentRecord.id == attachment_id, AttachmentRecord.order_id == order_id)
        .options(undefer(AttachmentRecord.content))
    )
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None or (only is not None and found.unit != only):
        raise AttachmentUnknown(attachment_id)
    return found
