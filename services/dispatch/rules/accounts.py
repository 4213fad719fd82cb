"""Which roles go together, and which passwords are taken."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from services.dispatch.errors import PasswordUnfit, RolesUnfit
from services.dispatch.policy import PASSWORD_LENGTH

_UNIT_ROLES: Final = frozenset({"handler", "unit_deputy", "unit_head"})


def check_roles(roles: AbstractSet[str], unit: str | None) -> None:
    """Unit roles and a unit, or other roles and none: a mixture would see both sides of the fence (S4.2a)."""
    of_unit = roles & _UNIT_ROLES
    if not roles or "system" in roles or (of_unit and roles != of_unit) or bool(of_unit) != (unit is not None):
        raise RolesUnfit


def check_password(account: str, password: str) -> None:
    """Long enough, and not the account's name with trimmings."""
    if len(password) < PASSWORD_LENGTH or account.casefold() in password.casefold():
        raise PasswordUnfit(PASSWORD_LENGTH)
