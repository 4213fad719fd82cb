"""How a service follows the directory of units that dispatch keeps (S4.1a).

A service mounts the follower in its service.py; one that applies events in batches calls `follow_units` with the units
of a batch.

    topics=(..., DIRECTORY), subscriptions={UnitChanged: follow_unit, ...}

No foreign key leads to the table: what happened to an order names its unit, also one that is not stored (yet).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.dispatch import Group, UnitChanged
from shared.work import Work

# Written in the sequence of the codes: two replicas with units of the same batch never deadlock.
_STORE: Final = text(
    """
insert into followed_unit as f (code, name, "group", active, ready, version, changed_at)
select code, name, kind, active, ready, version, changed_at
from unnest(cast(:codes as text[]), cast(:names as text[]), cast(:kinds as text[]), cast(:actives as boolean[]),
  cast(:readies as boolean[]), cast(:versions as bigint[]), cast(:changes as timestamptz[]))
  as t(code, name, kind, active, ready, version, changed_at) order by code
on conflict (code) do update set name = excluded.name, "group" = excluded."group", active = excluded.active,
  ready = excluded.ready, version = excluded.version, changed_at = excluded.changed_at
where f.version <= excluded.version
"""
)
_COLUMNS: Final = 'code, name, "group", active, ready, version, changed_at'
_UNIT: Final = text(f"select {_COLUMNS} from followed_unit where code = :code")  # noqa: S608 - constants only
_UNITS: Final = text(
    f"select {_COLUMNS} from followed_unit "  # noqa: S608 - constants only
    "where cast(:codes as text[]) is null or code = any(cast(:codes as text[]))"
)


@dataclass(frozen=True, slots=True)
class FollowedUnit:
    """A unit as its last event described it."""

    code: str
    name: str
    group: Group
    active: bool
    ready: bool
    """Whether orders may be assigned to it."""
    version: int
    changed_at: datetime


async def follow_unit(work: Work, event: UnitChanged) -> None:
    """Store a unit as it is now; an event that is older than what is stored changes nothing."""
    await follow_units(work, (event,))


async def follow_units(work: Work, events: Iterable[UnitChanged]) -> None:
    """Store the units of a batch in one statement, each as `follow_unit` would."""
    newest: dict[str, UnitChanged] = {}
    for event in events:
        # Of two with the same version the later one holds: its caseworkers changed, which the version does not count.
        if event.code not in newest or newest[event.code].version <= event.version:
            newest[event.code] = event
    if not newest:
        return
    units = list(newest.values())
    await work.session.execute(
        _STORE,
        {
            "codes": [unit.code for unit in units],
            "names": [unit.name for unit in units],
            "kinds": [unit.group for unit in units],
            "actives": [unit.active for unit in units],
            "readies": [unit.ready for unit in units],
            "versions": [unit.version for unit in units],
            "changes": [unit.changed_at for unit in units],
        },
    )


async def unit_of(session: AsyncSession, code: str) -> FollowedUnit | None:
    """The unit of this code; None while no event of it has come."""
    found = (await session.execute(_UNIT, {"code": code})).first()
    return None if found is None else FollowedUnit(*found)


async def units_of(session: AsyncSession, codes: Iterable[str] | None = None) -> dict[str, FollowedUnit]:
    """The units of these codes, or all of them, by code."""
    rows = await session.execute(_UNITS, {"codes": None if codes is None else list(codes)})
    return {row.code: FollowedUnit(*row) for row in rows}
