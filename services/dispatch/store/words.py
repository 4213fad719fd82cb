"""Rows whose words were written before their columns were sealed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from services.dispatch.tables import AssignmentRecord, ReturnRecord

ASSIGNMENT_WORDS: Final = ("grounds", "reason", "decision")
RETURN_WORDS: Final = ("reason", "policy_basis", "decision_reason")
# The whole form and not its first letters alone: a person may begin a sentence with them.
_SEALED: Final = r"^s1\.[^.]+\.[A-Za-z0-9_=-]{38,}$"


def is_sealed(words: str) -> bool:
    """Whether this is a sealed text and not what a person wrote."""
    return re.fullmatch(_SEALED, words) is not None


async def clear_assignments(session: AsyncSession, limit: int) -> Sequence[AssignmentRecord]:
    """Assignments of which some words lie in clear, locked; those that another replica holds are left to it."""
    clear = or_(*(_is_clear(getattr(AssignmentRecord, name)) for name in ASSIGNMENT_WORDS))
    query = select(AssignmentRecord).where(clear).limit(limit).with_for_update(skip_locked=True)
    return (await session.execute(query)).scalars().all()


async def clear_returns(session: AsyncSession, limit: int) -> Sequence[ReturnRecord]:
    """The same of returns."""
    clear = or_(*(_is_clear(getattr(ReturnRecord, name)) for name in RETURN_WORDS))
    query = select(ReturnRecord).where(clear).limit(limit).with_for_update(skip_locked=True)
    return (await session.execute(query)).scalars().all()


def _is_clear(column: InstrumentedAttribute[Any]) -> Any:
    return ~column.regexp_match(_SEALED)
