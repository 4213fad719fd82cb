"""The results of revisits."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.notices.tables import Revisit

_SAME: Final = select(
    exists().where(
        Revisit.order_id == bindparam("of"),
        Revisit.redos == bindparam("redos"),
        Revisit.revisited_at == bindparam("at"),
        Revisit.solved.is_not_distinct_from(bindparam("solved")),
        Revisit.satisfied.is_not_distinct_from(bindparam("satisfied")),
    )
)


async def is_known(session: AsyncSession, revisit: Revisit) -> bool:
    """Whether the order has the same result of the same call about the same reply already."""
    given = {
        "of": revisit.order_id,
        "redos": revisit.redos,
        "at": revisit.revisited_at,
        "solved": revisit.solved,
        "satisfied": revisit.satisfied,
    }
    return bool(await session.scalar(_SAME, given))
