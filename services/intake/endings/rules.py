"""How far an order is for its platform, and how a message about it ends."""

from __future__ import annotations

from services.intake.endings.errors import Refusal, RevisitRecordedOtherwise
from services.intake.endings.model import Ending, Standing, Told
from services.intake.endings.policy import ANSWERED, EARLIER, REFUSALS, TABLE
from services.intake.orders.model import State

_WITHOUT_REPLY = frozenset({State.RECEIVED, State.ASSIGNED})


def standing_of(state: State, *, redos: int = 0, answered: int | None = None) -> Standing:
    """How far the order is.

    `redos` is how often it was reopened, `answered` the cycle of its newest approved reply, None without one.  An order
    that a unit has, although a reply of this very cycle was approved, works on what its plan announced: for its platform
    it is fed back.
    """
    if state not in _WITHOUT_REPLY or answered is None:
        return Standing(state.value)
    return Standing.FED_BACK if answered >= redos else Standing.AGAIN


def ending_of(standing: Standing, told: Told, *, earlier: bool = False) -> Ending:
    """How the message ends; `earlier`: it is about the reply of a cycle that was reopened since."""
    if earlier and standing in ANSWERED and told in EARLIER:
        return EARLIER[told]
    return TABLE[standing][told]


def refusals_of(*told: Told) -> tuple[type[Refusal], ...]:
    """Every refusal with which one of these messages may end, in the sequence of their table."""
    codes = {TABLE[standing][one].code for standing in Standing for one in told}
    if Told.REVISIT in told:
        codes.add(RevisitRecordedOtherwise.code)
    return tuple(refusal for code, refusal in REFUSALS.items() if code in codes)


def refusal_of(ending: Ending, state: State) -> Refusal | None:
    """The refusal that the table names; None for an ending that is none, or that is refused for its content."""
    found = REFUSALS.get(ending.code or "")
    return None if found is None else found(state)
