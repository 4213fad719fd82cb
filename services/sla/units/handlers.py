"""The units that a person may name: sla's own copy of what dispatch publishes.

Only what a person names is looked up here. What another service publishes has happened, whatever unit it names: the
handlers of an order's events never read this directory.

A unit is refused until its event is here: for some milliseconds after it was entered, longer while the bus is away or
this service, new or set up again, still reads the topic from its beginning. The refusal says so, and the same
command succeeds afterwards. A clock of the centre's own names no unit and never waits.
"""

from __future__ import annotations

from services.sla.units import store
from services.sla.units.errors import UnitInactive
from shared.contracts.dispatch import UnitChanged
from shared.work import Work


async def keep_unit(work: Work, event: UnitChanged) -> None:
    """A unit was entered or changed."""
    await store.keep_unit(work.session, event)


async def check_unit(work: Work, code: str) -> None:
    """Refuse a unit that there is not, and one that is closed (S4.1a)."""
    unit = await store.listed_unit(work.session, code)
    if not unit.active:
        raise UnitInactive(code, unit.name)
