"""Whether orders may be assigned to a unit (S4.1a)."""

from __future__ import annotations

from services.dispatch.directory.errors import UnitNotReady
from services.dispatch.directory.model import Readiness


def missing_of(unit: Readiness) -> tuple[str, ...]:
    """What the unit lacks of its four responsible people, or that it is closed (S4.1a)."""
    parts = {
        "active": unit.active,
        "first_responsible": unit.first_responsible,
        "deputy": unit.deputy,
        "office": unit.office,
        "caseworkers": unit.caseworkers,
    }
    return tuple(name for name, value in parts.items() if not value)


def check_unit_ready(code: str, unit: Readiness) -> None:
    """Refuse a unit that could not take the order up (S4.1a)."""
    missing = missing_of(unit)
    if missing:
        raise UnitNotReady(code, missing)
