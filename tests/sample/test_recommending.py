"""How often the first unit that is recommended is the one whose duty it is, for invented demands of the sample district."""

from __future__ import annotations

import random
from datetime import datetime

import pytest

from sample.demands import Calls
from sample.district import STREET_UNITS, STREETS, UNITS
from services.dispatch.directory.model import Duty, Profile
from services.dispatch.recommending.model import Demand
from services.dispatch.recommending.rules import catalogue_of, recommend
from shared.calendar import SHANGHAI

MANY = 2_000


@pytest.mark.clause("S2.1a")
@pytest.mark.parametrize(("street_known", "least"), [(True, 0.92), (False, 0.78)])
def test_the_first_candidate_is_mostly_the_unit_whose_duty_it_is(street_known: bool, least: float) -> None:
    duties = {one.code: tuple(Duty(d.text, d.kind, d.keywords, d.streets) for d in one.duties) for one in UNITS}
    catalogue = catalogue_of(Profile(one.code, one.name, one.group, duties[one.code]) for one in UNITS)
    calls = Calls({street: unit.code for street, unit in zip(STREETS, STREET_UNITS, strict=True)})
    rng = random.Random(7)

    right = 0
    for serial in range(MANY):
        call = calls.draw(serial, called_at=datetime(2026, 11, 23, 9, tzinfo=SHANGHAI), rng=rng)
        found = recommend(
            Demand(call.demand.title, call.demand.content),
            category=call.demand.category,
            street=call.demand.street if street_known else None,
            catalogue=catalogue,
            experience=(),
        )
        right += found[0].unit == call.unit

    assert right / MANY >= least
