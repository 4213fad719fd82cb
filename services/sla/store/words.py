"""Rows whose words were written before their columns were sealed.

They are written past the session's records: a request that nobody changed keeps its version.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from services.sla.tables import ClockChange, ClockRecord, ExtensionRecord
from shared.personal.sealing import SEALED

EXTENSION_WORDS: Final = ("citation", "explanation", "override_reason", "decision_reason")
# What the platform wrote of a grant, and behind it, in the same column, what the person wrote who granted it.
_GRANTED: Final = r"^(经批准延期 [0-9]+ 个工作日（批准人 [^）]+）)：(.+)$"


def parted(reason: str) -> tuple[str, str | None]:
    """The platform's own words in the reason of a change, and a person's behind them as an older release kept them."""
    found = re.fullmatch(_GRANTED, reason, re.DOTALL)
    return (reason, None) if found is None else (found[1], found[2])


@dataclass(frozen=True, slots=True)
class ClearExtension:
    """A request of which some words lie in clear."""

    id: UUID
    order_id: str
    words: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class ClearChange:
    """A change whose reason holds what a person wrote."""

    id: UUID
    order_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ClearNote:
    """A clock whose note lies in clear."""

    id: UUID
    order_id: str
    note: str


async def clear_extensions(session: AsyncSession, limit: int) -> Sequence[ClearExtension]:
    """Requests of which some words lie in clear, locked; those that another transaction holds are left to it."""
    columns = [getattr(ExtensionRecord, part) for part in EXTENSION_WORDS]
    query = select(ExtensionRecord.id, ExtensionRecord.order_id, *columns).where(or_(*map(_is_clear, columns)))
    rows = await session.execute(query.limit(limit).with_for_update(skip_locked=True))
    return [ClearExtension(id, order, dict(zip(EXTENSION_WORDS, found, strict=True))) for id, order, *found in rows]


async def clear_changes(session: AsyncSession, limit: int) -> Sequence[ClearChange]:
    """Changes whose reason holds the words of who granted an extension: looked for where one was granted."""
    granted = select(ExtensionRecord.order_id).where(ExtensionRecord.state == "granted")
    query = (
        select(ClockChange.id, ClockRecord.order_id, ClockChange.reason)
        .join(ClockRecord, ClockRecord.id == ClockChange.clock_id)
        .where(ClockRecord.order_id.in_(granted), ClockChange.reason.regexp_match(_GRANTED))
        .limit(limit)
        .with_for_update(of=ClockChange, skip_locked=True)
    )
    return [ClearChange(*row) for row in await session.execute(query)]


async def clear_notes(session: AsyncSession, limit: int) -> Sequence[ClearNote]:
    """The same of the notes of clocks that an operator started."""
    query = select(ClockRecord.id, ClockRecord.order_id, ClockRecord.note).where(
        ClockRecord.note.is_not(None), _is_clear(ClockRecord.note)
    )
    rows = await session.execute(query.limit(limit).with_for_update(skip_locked=True))
    return [ClearNote(id, order, note) for id, order, note in rows if note is not None]


async def keep_extension(session: AsyncSession, extension_id: UUID, sealed: Mapping[str, str | None]) -> None:
    """The words of a request as they are sealed."""
    await session.execute(_KEEP_EXTENSION, {"id": extension_id, **sealed})


async def keep_change(session: AsyncSession, change_id: UUID, reason: str, sealed: str) -> None:
    """The platform's own words in clear, the person's beside them, sealed."""
    await session.execute(_KEEP_CHANGE, {"id": change_id, "reason": reason, "words": sealed})


async def keep_note(session: AsyncSession, clock_id: UUID, sealed: str) -> None:
    """The note of a clock as it is sealed."""
    await session.execute(_KEEP_NOTE, {"id": clock_id, "note": sealed})


_KEEP_EXTENSION: Final = text(
    "update extension set citation = :citation, explanation = :explanation, override_reason = :override_reason,"
    " decision_reason = :decision_reason where id = :id"
)
_KEEP_CHANGE: Final = text("update clock_change set reason = :reason, words = :words where id = :id")
_KEEP_NOTE: Final = text("update clock set note = :note where id = :id")


def _is_clear(column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    return ~column.regexp_match(SEALED)
