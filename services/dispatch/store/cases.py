"""Orders: one locked for its command, lists for the desk, and what hangs on an order.

The unit scope is applied here and nowhere else: `_within` (S4.2a).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Text, any_, bindparam, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from services.dispatch.errors import AttachmentUnknown, OrderUnknown
from services.dispatch.model import Candidate, Experience, Material, Status
from services.dispatch.tables import (
    AssignmentRecord,
    AttachmentRecord,
    CaseRecord,
    ContactRecord,
    ExperienceRecord,
    NoteRecord,
    RecommendationRecord,
    Record,
    ReplyRecord,
    ReturnRecord,
)
from shared.identity import Scope

_AUDIT = Record.metadata.tables["audit"]
Position = tuple[str | int, ...]


def _within(scope: Scope) -> ColumnElement[bool] | None:
    """What of all orders is visible: everything, or what the unit has now (S4.2a)."""
    return None if scope.everything else CaseRecord.unit == scope.unit


# Built once: forty columns take longer to put into a statement than PostgreSQL takes to read or to write them.
_CASES = Record.metadata.tables[CaseRecord.__tablename__]
_CASE = select(CaseRecord).where(CaseRecord.order_id == bindparam("of"))
_LOCKED_CASE = _CASE.with_for_update()
_LOCKED_CASES = (
    select(CaseRecord)
    .where(CaseRecord.order_id == any_(bindparam("ids", type_=ARRAY(Text))))
    .order_by(CaseRecord.order_id)
    .with_for_update()
)
_HELD: Final = "held cases"


async def hold_cases(session: AsyncSession, order_ids: Sequence[str]) -> None:
    """Lock these orders in one statement: until the end of the transaction `case_for_update` has them at hand."""
    found = await session.scalars(_LOCKED_CASES, {"ids": list(order_ids)})
    session.info[_HELD] = {record.order_id: record for record in found}


async def case_for_update(session: AsyncSession, order_id: str, scope: Scope) -> CaseRecord:
    """The order, locked until the end of the transaction; OrderUnknown when it is not visible to the caller."""
    held: CaseRecord | None = session.info.get(_HELD, {}).get(order_id)
    if held is not None and scope.everything:
        return held
    return await _one(session, _LOCKED_CASE, order_id, scope)


async def case_of(session: AsyncSession, order_id: str, scope: Scope) -> CaseRecord:
    """The order as it stands; OrderUnknown when it is not visible to the caller."""
    return await _one(session, _CASE, order_id, scope)


async def _one(session: AsyncSession, query: Select[CaseRecord], order_id: str, scope: Scope) -> CaseRecord:
    if (visible := _within(scope)) is not None:
        query = query.where(visible)
    found = (await session.execute(query, {"of": order_id})).scalar_one_or_none()
    if found is None:
        raise OrderUnknown(order_id)
    return found


_ADD_CASE = insert(_CASES).on_conflict_do_nothing().returning(_CASES.c.order_id)


async def add_case(session: AsyncSession, record: CaseRecord) -> bool:
    """Write a new order; False when it is known already."""
    held: dict[str, CaseRecord] | None = session.info.get(_HELD)
    if held is not None:  # what is not among these was not there when they were locked: all new ones go in together
        if record.order_id in held:
            return False
        held[record.order_id] = record
        session.add(record)
        return True
    values = {column.key: getattr(record, column.key) for column in _CASES.columns} | {"version": 1}
    connection = await session.connection()
    return (await connection.execute(_ADD_CASE, values)).first() is not None


async def orders_waiting(
    session: AsyncSession,
    scope: Scope,
    *,
    statuses: Sequence[Status],
    unit: str | None,
    urgent: bool | None,
    after: Position | None,
    limit: int,
) -> Sequence[CaseRecord]:
    """The queue: urgent orders first, then the oldest (S1.3.1b).  Without `statuses` those that are not at their end."""
    query = select(CaseRecord).order_by(CaseRecord.queue, CaseRecord.received_at, CaseRecord.order_id).limit(limit)
    if (visible := _within(scope)) is not None:
        query = query.where(visible)
    query = query.where(CaseRecord.status.in_(statuses)) if statuses else query.where(CaseRecord.ended_at.is_(None))
    if unit is not None:
        query = query.where(CaseRecord.unit == unit)
    if urgent is not None:
        query = query.where(CaseRecord.queue == (0 if urgent else 1))
    if after is not None:
        queue, received_at, order_id = after
        place = (queue, datetime.fromisoformat(str(received_at)), order_id)
        query = query.where(tuple_(CaseRecord.queue, CaseRecord.received_at, CaseRecord.order_id) > tuple_(*place))
    return (await session.execute(query)).scalars().all()


_EXPERIENCES: Final = "experiences"
_EXPERIENCE = (
    select(ExperienceRecord.unit, ExperienceRecord.solved, ExperienceRecord.last_order_id)
    .where(ExperienceRecord.category == bindparam("of"))
    .order_by(ExperienceRecord.solved.desc(), ExperienceRecord.unit)
    .limit(10)
)


async def experience_with(session: AsyncSession, category: str) -> tuple[Experience, ...]:
    """Who has closed orders of this category, the most experienced first; ten at most.  Read once in a transaction."""
    known: dict[str, tuple[Experience, ...]] = session.info.setdefault(_EXPERIENCES, {})
    if category not in known:
        connection = await session.connection()
        rows = await connection.execute(_EXPERIENCE, {"of": category})
        known[category] = tuple(Experience(row.unit, row.solved, row.last_order_id) for row in rows)
    return known[category]


_SOLVED = insert(Record.metadata.tables[ExperienceRecord.__tablename__])
_ADD_EXPERIENCE = _SOLVED.on_conflict_do_update(
    index_elements=["category", "unit"],
    set_={
        "solved": ExperienceRecord.solved + 1,
        "last_order_id": _SOLVED.excluded.last_order_id,
        "last_closed_at": _SOLVED.excluded.last_closed_at,
    },
)


async def add_experience(
    session: AsyncSession, *, category: str, unit: str, order_id: str, closed_at: datetime
) -> None:
    """One more order of this category that this unit has closed to the caller's satisfaction."""
    connection = await session.connection()
    row = {"category": category, "unit": unit, "solved": 1, "last_order_id": order_id, "last_closed_at": closed_at}
    await connection.execute(_ADD_EXPERIENCE, row)
    session.info.get(_EXPERIENCES, {}).pop(category, None)


_RECOMMENDATION = insert(Record.metadata.tables[RecommendationRecord.__tablename__])
_PUT_RECOMMENDATION = _RECOMMENDATION.on_conflict_do_update(
    index_elements=["order_id"],
    set_={"candidates": _RECOMMENDATION.excluded.candidates, "made_at": _RECOMMENDATION.excluded.made_at},
)


_FRESH: Final = "fresh recommendations"


async def put_recommendation(
    session: AsyncSession, order_id: str, candidates: Sequence[Candidate], made_at: datetime
) -> None:
    """Keep what was recommended, with its evidence."""
    shown = [asdict(candidate) for candidate in candidates]
    held: dict[str, CaseRecord] = session.info.get(_HELD, {})
    if order_id in held and held[order_id] in session.new:  # its order goes in at the end, and this with it
        fresh: dict[str, RecommendationRecord] = session.info.setdefault(_FRESH, {})
        if order_id not in fresh:
            fresh[order_id] = RecommendationRecord(order_id=order_id)
            # Written after its order, to which it refers: without a relationship the session goes by the classes' names.
            session.add(fresh[order_id])
        fresh[order_id].candidates, fresh[order_id].made_at = shown, made_at
        return
    connection = await session.connection()
    await connection.execute(_PUT_RECOMMENDATION, {"order_id": order_id, "candidates": shown, "made_at": made_at})


async def recommendation_of(session: AsyncSession, order_id: str) -> RecommendationRecord | None:
    """What was recommended for the order."""
    return await session.get(RecommendationRecord, order_id)


async def assignments_of(session: AsyncSession, order_id: str) -> Sequence[AssignmentRecord]:
    """The chain of responsibility, first link first (S3.1a)."""
    query = select(AssignmentRecord).where(AssignmentRecord.order_id == order_id).order_by(AssignmentRecord.number)
    return (await session.execute(query)).scalars().all()


async def contacts_of(session: AsyncSession, order_id: str) -> Sequence[ContactRecord]:
    """Every attempt to speak with the caller, the latest first."""
    query = select(ContactRecord).where(ContactRecord.order_id == order_id).order_by(ContactRecord.recorded_at.desc())
    return (await session.execute(query.limit(200))).scalars().all()


async def notes_of(session: AsyncSession, order_id: str) -> Sequence[NoteRecord]:
    """Every progress note, the latest first."""
    query = select(NoteRecord).where(NoteRecord.order_id == order_id).order_by(NoteRecord.noted_at.desc())
    return (await session.execute(query.limit(200))).scalars().all()


async def returns_of(session: AsyncSession, order_id: str) -> Sequence[ReturnRecord]:
    """Every request to give the order back, the first first."""
    query = select(ReturnRecord).where(ReturnRecord.order_id == order_id).order_by(ReturnRecord.requested_at)
    return (await session.execute(query)).scalars().all()


async def open_return(session: AsyncSession, order_id: str) -> ReturnRecord:
    """The request that waits for the centre; there is exactly one while the order is RETURN_PENDING."""
    query = select(ReturnRecord).where(ReturnRecord.order_id == order_id, ReturnRecord.decision.is_(None))
    return (await session.execute(query)).scalar_one()


_REPLIES = Record.metadata.tables[ReplyRecord.__tablename__]
_JUDGE = (
    update(_REPLIES)
    .where(_REPLIES.c.id == bindparam("of"))
    .values(state=bindparam("state"), judged_at=bindparam("judged_at"), opinion=bindparam("opinion"))
)


async def judge_reply(
    session: AsyncSession, reply_id: str, *, state: str, at: datetime, opinion: str | None = None
) -> None:
    """Write down what became of a reply."""
    connection = await session.connection()
    await connection.execute(_JUDGE, {"of": reply_id, "state": state, "judged_at": at, "opinion": opinion})


async def plan_day_of(session: AsyncSession, reply_id: str) -> date:
    """The day that a reply of 列入计划 names."""
    day = await session.scalar(select(ReplyRecord.plan_on).where(ReplyRecord.id == reply_id))
    assert day is not None, "a planned reply was refused without its day"
    return day


async def replies_of(session: AsyncSession, order_id: str) -> Sequence[ReplyRecord]:
    """Every reply of the order, the first first."""
    query = select(ReplyRecord).where(ReplyRecord.order_id == order_id).order_by(ReplyRecord.round)
    return (await session.execute(query)).scalars().all()


def attach(
    session: AsyncSession,
    materials: Sequence[Material],
    *,
    ids: Sequence[str],
    order_id: str,
    purpose: str,
    owner_id: str,
    at: datetime,
    by: str,
) -> None:
    """Keep the files of a return or of a reply."""
    session.add_all(
        AttachmentRecord(
            id=key,
            order_id=order_id,
            purpose=purpose,
            owner_id=owner_id,
            name=material.name,
            media_type=material.media_type,
            sha256=material.sha256,
            size=len(material.content),
            content=material.content,
            attached_at=at,
            attached_by=by,
        )
        for key, material in zip(ids, materials, strict=True)
    )


async def attachments_of(session: AsyncSession, order_id: str) -> Sequence[AttachmentRecord]:
    """The files of an order without their bytes, the first first."""
    query = (
        select(AttachmentRecord)
        .where(AttachmentRecord.order_id == order_id)
        .order_by(AttachmentRecord.attached_at, AttachmentRecord.id)
    )
    return (await session.execute(query)).scalars().all()


async def attachment_of(session: AsyncSession, order_id: str, attachment_id: str) -> AttachmentRecord:
    """One file with its bytes; the caller has checked the order."""
    query = (
        select(AttachmentRecord)
        .where(AttachmentRecord.id == attachment_id, AttachmentRecord.order_id == order_id)
        .options(undefer(AttachmentRecord.content))
    )
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise AttachmentUnknown(attachment_id)
    return found


async def history_of(session: AsyncSession, subject: str, *, after: int | None, limit: int) -> Sequence[dict[str, Any]]:
    """Who did what to the order, from the audit trail (X1), the first first."""
    columns = (_AUDIT.c.id, _AUDIT.c.at, _AUDIT.c.actor, _AUDIT.c.role, _AUDIT.c.unit, _AUDIT.c.action)
    more = (_AUDIT.c.before, _AUDIT.c.after, _AUDIT.c.reason)
    query = select(*columns, *more).where(_AUDIT.c.subject == subject).order_by(_AUDIT.c.id).limit(limit)
    if after is not None:
        query = query.where(_AUDIT.c.id > after)
    return [dict(row) for row in (await session.execute(query)).mappings()]


async def count_by_status(session: AsyncSession, scope: Scope) -> dict[str, int]:
    """How many orders stand where, of those that are not at their end."""
    query = select(CaseRecord.status, func.count()).where(CaseRecord.ended_at.is_(None)).group_by(CaseRecord.status)
    if (visible := _within(scope)) is not None:
        query = query.where(visible)
    return {str(status): int(count) for status, count in (await session.execute(query)).all()}
