"""Every route of the five services is called as every role, of its own unit and of another (P9, S4.2a)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter
from fastapi.routing import APIRoute

from sample.staff import form
from services.dispatch.handling.schemas import ContactBody, NoteBody
from services.dispatch.replies.schemas import ReplyBody
from shared.access import ACCESS, Operation, Reach
from shared.app import build_app
from shared.app.operations import router as operations
from shared.gate import RouteWithoutRow
from shared.identity import UNIT, Person, Role, TokenSigner
from shared.outbox.writer import new_id
from shared.service import Service
from shared.web import DeskRoute, RawRoute
from tests.support.platform import ALL, District, district
from tests.support.postgres import DatabaseServer

pytestmark = pytest.mark.clause("S4.2a")

OWN, OTHER = "zhujian", "chengguan"
ROLES: Final = frozenset(Role) - {Role.SYSTEM}


def routes_of(service: Service) -> dict[str, str]:
    """Operation id -> method and path, of everything that the service answers."""
    return {
        route.operation_id or route.name: f"{method} {route.path}"
        for router in (*service.routers, operations)
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


ROUTES: Final[Mapping[str, Mapping[str, str]]] = {service.name: routes_of(service) for service in ALL}
BODIES: Final[Mapping[str, dict[str, Any]]] = {
    "/flags": {"urgent": [], "out_of_scope": None, "reason": "核对"},
    "/caller/reveal": {"purpose": "核实诉求"},
    "/accounts/{account}/password": {"password": "a fine password"},
    "/contacts": ContactBody.model_json_schema()["examples"][0],
    "/notes": NoteBody.model_json_schema()["examples"][0],
    "/reply": ReplyBody.model_json_schema()["examples"][0],
    "/return": {"reason": "不属于本单位职责", "policy_basis": "三定方案第四条", "suggested_unit": "chengguan"},
    "/extensions": {"reason_code": "complex", "workdays": 1, "explanation": "需多部门会商"},
    "/leader-rejection": {"opinion": "请补充"},
}
"""Complete bodies for the operations where the test distinguishes another unit's order from an incomplete request."""

CASES: Final = [(service.name, operation) for service in ALL for operation in service.operations]


def row_of(service: str, operation: str) -> Operation:
    """The operation's row in the table of access."""
    return next(one for one in ALL if one.name == service).operations[operation]


def of_units(service: str, operation: str) -> bool:
    """Whether what is asked for is one unit's: its path names an order, a reply or a clock, and not all is reached."""
    path = ROUTES[service][operation]
    narrow = any(grant.reach is not Reach.ALL for grant in row_of(service, operation).grants)
    return narrow and ("{" in path) and "{board}" not in path


@dataclass
class Place:
    """The platform, and what belongs to OWN."""

    district: District
    ids: dict[str, str]
    signer: TokenSigner

    async def status(self, service: str, operation: str, who: dict[str, str]) -> int:
        """The status of one call; of a stream only its beginning is read."""
        method, path = ROUTES[service][operation].split(" ")
        body = None
        if method != "GET":
            body = next((found for tail, found in BODIES.items() if path.endswith(tail)), {})
        url = f"/api/{service}{path.format(**self.ids)}"
        query = {"started_at": "2026-11-23T09:00:00+08:00"} if path.endswith("/deadlines") else None
        content = {"files": form(body)} if path.endswith("/return") else {"json": body}
        async with self.district.http.stream(method, url, **content, params=query, headers=who) as answer:
            if answer.status_code != httpx.codes.OK or "event-stream" not in answer.headers.get("content-type", ""):
                await answer.aread()
            return answer.status_code

    def bearer(self, role: Role, unit: str | None) -> dict[str, str]:
        """A login with this role and unit."""
        token, _ = self.signer.sign(Person(account=f"test-{role}", name="某人", roles=frozenset({role}), unit=unit))
        return {"Authorization": f"Bearer {token}"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(postgres_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """One order of OWN with a reply that waits for its leader."""
    async with district(postgres_server, tmp_path_factory.mktemp("permissions")) as found:
        order_id = await found.received_and_assigned(OWN)
        await found.contact(order_id, OWN)
        reply_id = await found.reply(order_id, OWN)
        clocks = await found.clocks(order_id)
        assert found.process is not None
        key = found.process.runtimes[0].settings.token_private_key
        assert key is not None
        unknown = {name: str(new_id()) for name in ("attachment_id", "quarantine_id", "delivery_id", "rebuild_id")}
        ids = {
            **unknown,
            "order_id": order_id,
            "reply_id": reply_id,
            "clock_id": next(iter(clocks.values()))["id"],
            "extension_id": str(new_id()),
            "parked_id": "1",
            "account": "nobody",
            "form": "note",
            "code": OWN,
            "board": "overdue",
            "version": "none",
            "year": "2026",
        }
        yield Place(found, ids, TokenSigner(key.get_secret_value(), found.clock))


@pytest.mark.parametrize("service", ALL, ids=lambda service: service.name)
def test_every_route_has_its_row_and_every_row_its_route(service: Service) -> None:
    assert set(ROUTES[service.name]) == {*service.operations, *service.without_login}


@pytest.mark.parametrize("service", ALL, ids=lambda service: service.name)
def test_a_route_without_a_row_ends_the_start(service: Service) -> None:
    forgotten = next(iter(ACCESS[service.name]))
    rows = {name: row for name, row in ACCESS[service.name].items() if name != forgotten}

    with pytest.raises(RouteWithoutRow, match=forgotten):
        build_app(replace(service, access=rows))


@pytest.mark.parametrize("router", [*(router for service in ALL for router in service.routers), operations])
def test_every_route_of_a_desk_looks_at_the_form_of_its_request(router: APIRouter) -> None:
    assert all(isinstance(route, (DeskRoute, RawRoute)) for route in router.routes)


@pytest.mark.parametrize(("service", "operation"), CASES)
async def test_a_route_lets_in_its_roles_and_nobody_else(place: Place, service: str, operation: str) -> None:
    row, of_unit = row_of(service, operation), of_units(service, operation)
    assert await place.status(service, operation, {}) == 401
    assert await place.status(service, operation, {"Authorization": "Bearer nonsense"}) == 401

    for role in sorted(ROLES):
        units = (OWN, OTHER) if role in UNIT else (None,)
        for unit in units:
            got = await place.status(service, operation, place.bearer(role, unit))
            who = (service, operation, role, unit, got)
            if role not in row.roles or (operation == "set_password" and role is not Role.ADMIN):
                assert got == 403, who  # only the administrator sets the password of another account
            elif role in UNIT and of_unit and unit == OTHER:
                assert got == 404, who
            else:
                assert got not in {401, 403}, who
                assert got < 500, who
                unread = {"download_attachment", "show_draft"}  # there is none yet
                read = ROUTES[service][operation].startswith("GET") and operation not in unread
                if of_unit and read:
                    assert got == 200, who


@pytest.mark.parametrize(("service", "operation"), [case for case in CASES if of_units(*case)])
async def test_a_unit_role_without_a_unit_gets_nothing(place: Place, service: str, operation: str) -> None:
    for role in sorted(UNIT & row_of(service, operation).roles):
        assert await place.status(service, operation, place.bearer(role, None)) == 403, role


LISTS: Final = [
    ("intake", "/v1/orders", "order_id"),
    ("dispatch", "/v1/orders", "order_id"),
    ("sla", "/v1/clocks", "order_id"),
    ("review", "/v1/replies", "order_id"),
]


@pytest.mark.parametrize(("service", "path", "name"), LISTS)
async def test_a_list_shows_a_unit_its_own_and_no_filter_widens_it(
    place: Place, service: str, path: str, name: str
) -> None:
    async def seen(of: str, **query: str) -> list[str]:
        who = place.bearer(Role.CASEWORKER, of)
        answer = await place.district.http.get(f"/api/{service}{path}", headers=who, params=query)
        assert answer.status_code == 200, answer.text
        return [item[name] for item in answer.json()["items"]]

    assert place.ids["order_id"] in await seen(OWN)
    assert await seen(OTHER) == []
    if service != "intake":
        assert await seen(OTHER, unit=OWN) == []
