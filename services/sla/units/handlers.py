"""The units that a person may name, from the directory that sla follows.

Only what a person names is looked up here. What another service publishes has happened, whatever unit it names: the
handlers of an order's events never read this directory.

A unit is refused until its event is here: for some milliseconds after it was entered, longer while the bus is away or
this service, new or set up again, still reads the topic from its beginning. The refusal says so, and the same
command succeeds afterwards. A clock of the centre's own names no unit and never waits.
"""

from __future__ import annotations

from services.sla.units.errors import UnitInactive, UnitNotListed
from shared.following.units import unit_of
from shared.work import Work


async def check_unit(work: Work, code: str) -> None:
    """Refuse a unit that there is not, and one that is closed (S4.1a)."""
    unit = await unit_of(work.session, code)
    if unit is None:
        raise UnitNotListed(code)
    if not unit.active:
        raise UnitInactive(code, unit.name)
