"""Which roles go together, and which passwords are taken."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from services.dispatch.accounts.errors import PasswordUnfit, RolesUnfit
from services.dispatch.accounts.policy import PASSWORD_LENGTH

_UNIT_ROLES: Final = frozenset({"caseworker", "unit_deputy", "unit_head"})


def check_roles(roles: AbstractSet[str], unit: str | None) -> None:
    """Refuse unit roles without a unit, other roles with one, and a mixture: it would read as centre and as unit (S4.2a)."""
    of_unit = roles & _UNIT_ROLES
    if not roles or "system" in roles or (of_unit and roles != of_unit) or bool(of_unit) != (unit is not None):
        raise RolesUnfit


def check_password(account: str, password: str) -> None:
    """Refuse a password that is too short or contains the account's name."""
    if len(password) < PASSWORD_LENGTH or account.casefold() in password.casefold():
        raise PasswordUnfit(PASSWORD_LENGTH)
