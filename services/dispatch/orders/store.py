"""Orders: one locked for a change, one to read, the lists, and the history.

What a unit may see of orders is decided here and nowhere else (S4.2a): `case_for_update` for those that it has, `seen`
for those in which it has or had a part, `_within` for lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.dispatch.orders.errors import OrderUnknown
from services.dispatch.orders.model import ENDED, Group, Sort, Status, Today, Wanted
from services.dispatch.orders.tables import CaseRecord
from services.dispatch.record import Record
from shared.access import Part, Scope, Sight
from shared.following.confidential import callers_kept_back
from shared.following.parts import part_of, parts_among
from shared.lists import Counted, Keyset, Listed, counted
from shared.personal.sealing import Sealer
from shared.urgency import ORDINARY
from shared.work import Work

_AUDIT: Final = Record.metadata.tables["audit"]
# Built once: forty columns take longer to put into a statement than PostgreSQL takes to read them.
_CASE: Final = select(CaseRecord).where(CaseRecord.order_id == bindparam("of"))
_QUEUE: Final = Keyset(CaseRecord.queue, CaseRecord.received_at, CaseRecord.order_id)
_PRESSING: Final = Keyset(CaseRecord.queue, CaseRecord.pressing_at, CaseRecord.received_at, CaseRecord.order_id)
COUNTED_IN_GROUPS: Final = 50_000
"""So many open orders are counted by group at most."""
_HISTORY: Final = Keyset(_AUDIT.c.id)


@dataclass(frozen=True, slots=True)
class SeenOrder:
    """An order as one person reaches it."""

    record: CaseRecord
    part: Part | None
    """What the person's unit has to do with it."""
    sight: Sight
    """How its words are shown."""
    only: str | None
    """The unit whose rows alone are shown of it; None for all: a former unit sees its own part and nothing later."""


def _within(scope: Scope) -> ColumnElement[bool] | None:
    """The condition of a list: what the unit has now (S4.2a)."""
    return None if scope.everything else CaseRecord.unit == scope.unit


async def case_for_update(work: Work, order_id: str, scope: Scope) -> CaseRecord:
    """The order, locked until the end of the transaction; OrderUnknown when the caller's unit does not have it."""
    record = await work.locked(CaseRecord, order_id)
    if record is None or not scope.sees(record.unit):
        raise OrderUnknown(order_id)
    return record


async def seen(session: AsyncSession, order_id: str, scope: Scope, sealer: Sealer) -> SeenOrder:
    """The order as it is, and what of it the reader may see; OrderUnknown when the operation does not reach it."""
    record = await session.scalar(_CASE, {"of": order_id})
    if record is None:
        raise OrderUnknown(order_id)
    leads = scope.unit is not None and record.unit == scope.unit
    part = Part.LEAD if leads else await part_of(session, order_id, scope.unit)
    if not scope.reaches(part):
        raise OrderUnknown(order_id)
    only = scope.unit if part is Part.FORMER and not scope.everything else None
    kept_back = await callers_kept_back(session, sealer, scope, (order_id,)) if record.confidential else {}
    return SeenOrder(record, part, Sight(scope.words(part), kept_back.get(order_id)), only)


async def orders_named(
    session: AsyncSession, sealer: Sealer, scope: Scope, order_ids: Sequence[str]
) -> list[SeenOrder]:
    """Those of these orders that the operation reaches, in the sequence in which they were asked for."""
    wanted = list(dict.fromkeys(order_ids))
    found = {
        one.order_id: one for one in await session.scalars(select(CaseRecord).where(CaseRecord.order_id.in_(wanted)))
    }
    parts = await parts_among(session, list(found), scope.unit)
    kept_back = await callers_kept_back(
        session, sealer, scope, [order_id for order_id, record in found.items() if record.confidential]
    )
    named = []
    for order_id in (one for one in wanted if one in found):
        record = found[order_id]
        leads = scope.unit is not None and record.unit == scope.unit
        part = Part.LEAD if leads else parts.get(order_id)
        if scope.reaches(part):
            only = scope.unit if part is Part.FORMER and not scope.everything else None
            named.append(SeenOrder(record, part, Sight(scope.words(part), kept_back.get(order_id)), only))
    return named


async def sights_of(
    session: AsyncSession, sealer: Sealer, scope: Scope, records: Sequence[CaseRecord]
) -> dict[str, Sight]:
    """How the words of each order of a list are shown, by the order's id."""
    confidential = [record.order_id for record in records if record.confidential]
    kept_back = await callers_kept_back(session, sealer, scope, confidential)
    return {record.order_id: Sight(scope.words_for(record.unit), kept_back.get(record.order_id)) for record in records}


def _in_group(case: type[CaseRecord], group: Group, today: Today) -> ColumnElement[bool]:
    """The orders of a list that somebody works through, of those that are not at their end."""
    # The upstream's redo, the centre's rejection, or that of the unit's leader, which leaves the reply with the order.
    handling = case.status == Status.HANDLING
    again = or_(case.status == Status.REWORK, and_(handling, or_(case.redos > 0, case.reply_id.is_not(None))))
    # The centre's reason is to be read before the order is worked on like any other.
    before = and_(handling, case.redos == 0, case.reply_id.is_(None))
    first = and_(before, case.return_rejected.is_(False))
    conditions: dict[Group, ColumnElement[bool]] = {
        Group.NEW: case.status == Status.ASSIGNED,
        Group.TO_CONTACT: and_(first, case.counted_contacts == 0),
        Group.IN_PROGRESS: and_(first, case.counted_contacts > 0),
        Group.SENT_BACK: again,
        Group.RETURN_REJECTED: and_(before, case.return_rejected),
        Group.TO_ASSIGN: case.status == Status.TRIAGE,
        Group.CONSULT: case.status == Status.CONSULT,
        Group.RETURNS: case.status == Status.RETURN_PENDING,
        Group.LEADER_REVIEW: case.status == Status.LEADER_REVIEW,
        Group.CENTRE_REVIEW: case.status == Status.CENTRE_REVIEW,
        Group.WITH_UPSTREAM: case.status.in_((Status.AWAITING_FEEDBACK, Status.REVISIT)),
        Group.PLANNED: case.status == Status.PLANNED,
        Group.OVERDUE: case.pressing_at < today.now,
        Group.DUE_TODAY: and_(case.pressing_at >= today.now, case.pressing_at <= today.day_ends),
        Group.URGENT: case.queue < ORDINARY,
        Group.URGED: case.urges > 0,
        Group.CHANGED: func.jsonb_array_length(case.demand_changes) > 0,
    }
    return conditions[group]


def _conditions(scope: Scope, wanted: Wanted, today: Today) -> Iterator[ColumnElement[bool]]:
    case = CaseRecord
    if (visible := _within(scope)) is not None:
        yield visible
    # Among what presses there is nothing that has ended: no clock of it runs.
    if not wanted.statuses or wanted.sort is Sort.PRESSING or wanted.group is not None:
        yield case.ended_at.is_(None)
    if wanted.statuses:
        yield case.status.in_(wanted.statuses)
    if wanted.group is not None:
        yield _in_group(case, wanted.group, today)
    asked: tuple[tuple[Any, Callable[[Any], ColumnElement[bool]]], ...] = (
        (wanted.urgent, lambda urgent: case.queue < ORDINARY if urgent else case.queue == ORDINARY),
        (wanted.urged, lambda urged: case.urges > 0 if urged else case.urges == 0),
        (wanted.unit, lambda unit: case.unit == unit),
        (wanted.platform, lambda platform: case.platform == platform),
        (wanted.category, lambda category: case.category == category),
        (wanted.street, lambda street: case.street == street),
        (wanted.due_before, lambda moment: case.pressing_at <= moment),
        (wanted.received_from, lambda moment: case.received_at >= moment),
        (wanted.received_before, lambda moment: case.received_at < moment),
        (wanted.changed_since, lambda moment: case.changed_at >= moment),
    )
    for value, condition in asked:
        if value is not None:
            yield condition(value)


async def orders_waiting(
    session: AsyncSession, scope: Scope, wanted: Wanted, *, today: Today, cursor: str | None, limit: int
) -> Listed[CaseRecord]:
    """Safety, livelihood, policy, then the others; in each the oldest first, or what is due first (S1.3.1b)."""
    query = select(CaseRecord).where(*_conditions(scope, wanted, today))
    sequence = _PRESSING if wanted.sort is Sort.PRESSING else _QUEUE
    return await sequence.page(session, query, cursor=cursor, limit=limit)


async def count_wanted(session: AsyncSession, scope: Scope, wanted: Wanted, *, today: Today, most: int) -> int:
    """How many orders a list has; one more than `most` stands for more."""
    some = select(CaseRecord.order_id).where(*_conditions(scope, wanted, today)).limit(most + 1).subquery()
    return int(await session.scalar(select(func.count()).select_from(some)) or 0)


async def count_by_group(session: AsyncSession, scope: Scope, today: Today) -> tuple[dict[Group, int], bool]:
    """How many orders each list has, in one pass over those that are not at their end; False when some were left out."""
    open_ones = select(CaseRecord).where(*_conditions(scope, Wanted(), today)).limit(COUNTED_IN_GROUPS + 1).subquery()
    case = aliased(CaseRecord, open_ones)
    numbers = [func.count().filter(_in_group(case, group, today)).label(group.value) for group in Group]
    row = (await session.execute(select(func.count().label("all"), *numbers).select_from(open_ones))).one()
    return {group: found for group in Group if (found := getattr(row, group.value))}, row.all <= COUNTED_IN_GROUPS


async def count_by_status(session: AsyncSession, scope: Scope) -> dict[Status, Counted]:
    """How many orders are in each state that is no end, without those in which none is."""
    found = {}
    for status in Status:
        if status in ENDED:
            continue
        query = select(CaseRecord.order_id).where(CaseRecord.status == status)
        if (visible := _within(scope)) is not None:
            query = query.where(visible)
        found[status] = await counted(session, query)
    return {status: count for status, count in found.items() if count.number}


async def history_of(session: AsyncSession, subject: str, *, cursor: str | None, limit: int) -> Listed[Row[Any]]:
    """Who did what to the order, from the audit trail (X1), the first first."""
    names = ("id", "at", "actor", "role", "unit", "action", "before", "after", "reason")
    query = select(*(_AUDIT.c[name] for name in names)).where(_AUDIT.c.subject == subject)
    return await _HISTORY.page(session, query, cursor=cursor, limit=limit)
