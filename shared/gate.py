"""The gate of a service: who calls, and what the table of access lets this person reach by this operation (S4.2a)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from fastapi import Request

from shared.access import Operation, Scope
from shared.errors import Unauthenticated
from shared.identity import Person, TokenEnded, TokenReader
from shared.web.cookies import READING, TOKEN_COOKIE, TokenToRefresh, bearer_of, check_same_origin, cookie_of


class RouteWithoutRow(LookupError):
    """Routes and the table of access disagree: the service does not start."""

    def __init__(self, service: str, routes: Collection[str], rows: Collection[str]) -> None:
        super().__init__(
            f"{service}: routes without a row in shared/access.py {sorted(routes)}, rows without a route {sorted(rows)}"
        )


class Gate:
    """One service's part of the table, and the reader of tokens; `public_origin` is where browsers find the platform."""

    def __init__(
        self,
        operations: Mapping[str, Operation],
        without_login: Collection[str],
        tokens: TokenReader,
        public_origin: str | None = None,
    ) -> None:
        self._operations, self._without_login, self._tokens = operations, frozenset(without_login), tokens
        self._public_origin = public_origin

    def admit(self, operation_id: str, request: Request) -> tuple[Person, Scope] | None:
        """Who asks, and what this person reaches; None where the table asks for no login.

        Unauthenticated without a valid token, Forbidden without a grant, CrossOrigin for a change that comes by cookie
        from elsewhere.
        """
        if operation_id in self._without_login:
            return None
        bearer = bearer_of(request)
        person = self._by_cookie(request) if bearer is None else self._tokens.person_of(bearer)
        return person, self.scope_of(operation_id, person)

    def _by_cookie(self, request: Request) -> Person:
        token = cookie_of(request, TOKEN_COOKIE)
        if token is None:
            raise Unauthenticated
        if request.method not in READING:
            self.check_same_origin(request)
        try:
            return self._tokens.person_of(token)
        except TokenEnded as ended:
            raise TokenToRefresh from ended

    def check_same_origin(self, request: Request) -> None:
        """CrossOrigin when the request does not show that a page of the platform sent it."""
        check_same_origin(request, self._public_origin)

    def scope_of(self, operation_id: str, person: Person) -> Scope:
        """What somebody reaches who has proved who he is in another way; Forbidden without a grant."""
        return self._operations[operation_id].scope_of(person)
