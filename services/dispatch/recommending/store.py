"""What was recommended for an order, and which units have closed orders of a category."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.directory.store import catalogue
from services.dispatch.recommending.model import AcceptedReturn, Candidate, Catalogue, Experience
from services.dispatch.recommending.rules import catalogue_of
from services.dispatch.recommending.tables import ExperienceRecord, RecommendationRecord
from services.dispatch.record import Record
from shared.work import Work

_EXPERIENCE = (
    select(ExperienceRecord.unit, ExperienceRecord.solved, ExperienceRecord.last_order_id)
    .where(ExperienceRecord.category == bindparam("of"))
    .order_by(ExperienceRecord.solved.desc(), ExperienceRecord.unit)
    .limit(10)
)


async def weighed_catalogue(session: AsyncSession) -> Catalogue:
    """The duty catalogue with the weights of its keywords; for `work.once`."""
    return catalogue_of(await catalogue(session))


@dataclass(frozen=True, slots=True)
class ExperienceWith:
    """Reads who has closed orders of this category, the most experienced first, ten at most; for `work.once`."""

    category: str

    async def __call__(self, session: AsyncSession) -> tuple[Experience, ...]:
        """Equal for equal categories, so that one transaction reads each category once."""
        # On the connection, because a query of the session would first write the orders of the batch so far.
        rows = await (await session.connection()).execute(_EXPERIENCE, {"of": self.category})
        return tuple(Experience(row.unit, row.solved, row.last_order_id) for row in rows)


_SOLVED = insert(Record.metadata.tables[ExperienceRecord.__tablename__])

_ADD_EXPERIENCE = _SOLVED.on_conflict_do_update(
    index_elements=["category", "unit"],
    set_={
        "solved": ExperienceRecord.solved + 1,
        "last_order_id": _SOLVED.excluded.last_order_id,
    },
)


async def add_experience(work: Work, *, category: str, unit: str, order_id: str) -> None:
    """One more order of this category that this unit has closed to the caller's satisfaction."""
    row = {"category": category, "unit": unit, "solved": 1, "last_order_id": order_id}
    await (await work.session.connection()).execute(_ADD_EXPERIENCE, row)
    work.forget(ExperienceWith(category))


async def accepted_returns(work: Work, order_id: str) -> tuple[AcceptedReturn, ...]:
    """The accepted returns of the order, the first first."""
    record = await work.locked(RecommendationRecord, order_id)
    return () if record is None else tuple(AcceptedReturn(**each) for each in record.returned)


async def put_recommendation(
    work: Work, order_id: str, candidates: Sequence[Candidate], returned: Sequence[AcceptedReturn]
) -> None:
    """Keep what was recommended last for the order, with its evidence and the returns that it knows of."""
    shown = [asdict(candidate) for candidate in candidates]
    known = [asdict(each) for each in returned]
    record = await work.locked(RecommendationRecord, order_id)
    if record is None:
        work.add(RecommendationRecord(order_id=order_id, candidates=shown, returned=known, made_at=work.now))
    else:
        record.candidates, record.returned, record.made_at = shown, known, work.now


async def recommendation_of(session: AsyncSession, order_id: str) -> RecommendationRecord | None:
    """What was recommended for the order."""
    return await session.get(RecommendationRecord, order_id)
