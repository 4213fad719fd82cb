"""The gate of a service: who calls, and what the table of access lets this person reach by this operation (S4.2a)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from shared.access import Operation, Scope
from shared.errors import Unauthenticated
from shared.identity import Person, TokenReader


class RouteWithoutRow(LookupError):
    """Routes and the table of access disagree: the service does not start."""

    def __init__(self, service: str, routes: Collection[str], rows: Collection[str]) -> None:
        super().__init__(
            f"{service}: routes without a row in shared/access.py {sorted(routes)}, rows without a route {sorted(rows)}"
        )


class Gate:
    """One service's part of the table, and the reader of bearer tokens."""

    def __init__(
        self, operations: Mapping[str, Operation], without_login: Collection[str], tokens: TokenReader
    ) -> None:
        self._operations, self._without_login, self._tokens = operations, frozenset(without_login), tokens

    def admit(self, operation_id: str, authorization: str | None) -> tuple[Person, Scope] | None:
        """Who asks, and what this person reaches; None where the table asks for no login.

        Unauthenticated without a valid token, Forbidden without a grant.
        """
        if operation_id in self._without_login:
            return None
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated
        person = self._tokens.person_of(token.strip())
        return person, self.scope_of(operation_id, person)

    def scope_of(self, operation_id: str, person: Person) -> Scope:
        """What somebody reaches who has proved who he is in another way; Forbidden without a grant."""
        return self._operations[operation_id].scope_of(person)
