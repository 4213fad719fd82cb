"""The files of an order."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.materials.errors import AttachmentUnknown
from services.dispatch.materials.tables import AttachmentRecord
from shared.contracts.places import ATTACHMENT
from shared.files.stored import StoredFile
from shared.work import Work


def attach(work: Work, files: Sequence[StoredFile], *, order_id: str, purpose: str, owner_id: str, unit: str) -> None:
    """Record the files of a return or of a reply, which are in the file store."""
    for file in files:
        attachment_id = str(work.ids())
        place = ATTACHMENT.at(order_id=order_id, attachment_id=attachment_id)
        work.session.add(
            AttachmentRecord(
                id=attachment_id,
                order_id=order_id,
                purpose=purpose,
                owner_id=owner_id,
                unit=unit,
                name=work.sealer.seal(file.name, place),
                media_type=file.media_type,
                sha256=file.sha256,
                size=file.size,
                attached_at=work.now,
                attached_by=work.person.account,
            )
        )


async def attachments_of(session: AsyncSession, order_id: str, *, only: str | None) -> Sequence[AttachmentRecord]:
    """The files of an order, the first first."""
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
    """One file; the caller has checked the order."""
    query = select(AttachmentRecord).where(AttachmentRecord.id == attachment_id, AttachmentRecord.order_id == order_id)
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None or (only is not None and found.unit != only):
        raise AttachmentUnknown(attachment_id)
    return found


async def attached(session: AsyncSession, digests: Collection[str]) -> set[str]:
    """Those of these SHA-256 that a record names."""
    query = select(AttachmentRecord.sha256).where(AttachmentRecord.sha256.in_(digests)).distinct()
    return set((await session.execute(query)).scalars())
