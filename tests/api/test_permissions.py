"""Every route of the five services, every role, its own unit and another's: one table of who gets in (P9, S4.2a)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter
from fastapi.routing import APIRoute

from services.dispatch.handling.schemas import ContactBody, NoteBody
from services.dispatch.replies.schemas import ReplyBody
from services.dispatch.returns.schemas import ReturnBody
from shared.app.operations import router as operations
from shared.identity import CENTRE, DISTRICT_READERS, UNIT, Person, Role, TokenSigner
from shared.outbox.writer import new_id
from shared.web import DeskRoute, RawRoute
from tests.support.platform import ALL, District, district
from tests.support.postgres import DatabaseServer

pytestmark = pytest.mark.clause("S4.2a")

OWN, OTHER = "zhujian", "chengguan"
ROLES: Final = frozenset(Role) - {Role.SYSTEM}
DOORS: Final[Mapping[str, AbstractSet[Role]]] = {
    "anybody": ROLES,
    "reader": DISTRICT_READERS | UNIT,
    "district": DISTRICT_READERS,
    "centre": CENTRE,
    "centre or admin": CENTRE | {Role.ADMIN},
    "centre or unit": CENTRE | UNIT,
    "desk": {Role.DISPATCHER, Role.CENTRE_HEAD},
    "handler": {Role.HANDLER},
    "unit": UNIT,
    "unit or head": UNIT | {Role.CENTRE_HEAD},
    "principal": {Role.UNIT_HEAD},
    "reviewer": {Role.REVIEWER},
    "by hand": {Role.CENTRE_HEAD, Role.OFFICE},
    "rules": {Role.ADMIN, Role.OFFICE, Role.CENTRE_HEAD, Role.ANALYST, Role.AUDITOR},
    "books": {Role.ADMIN, Role.AUDITOR},
    "editor": {Role.ADMIN, Role.CENTRE_HEAD},
    "admin": {Role.ADMIN},
}

# method, path: who passes the door.  `*` behind it: of another unit it is not there (404).
TABLE: Final[Mapping[str, Mapping[str, str]]] = {
    "intake": {
        "GET /v1/orders": "reader",
        "GET /v1/orders/{order_id}": "reader *",
        "GET /v1/orders/{order_id}/versions": "reader *",
        "POST /v1/orders/{order_id}/flags": "desk",
        "POST /v1/orders/{order_id}/caller/reveal": "centre or unit *",
        "GET /v1/quarantine": "centre or admin",
        "GET /v1/quarantine/{quarantine_id}": "centre or admin",
        "POST /v1/quarantine/{quarantine_id}/release": "centre or admin",
        "POST /v1/quarantine/{quarantine_id}/drop": "centre or admin",
        "GET /v1/deliveries": "district",
        "GET /v1/deliveries/{delivery_id}": "district",
        "POST /v1/deliveries/{delivery_id}/retry": "centre",
    },
    "dispatch": {
        "GET /v1/me": "anybody",
        "GET /v1/accounts": "books",
        "POST /v1/accounts": "admin",
        "GET /v1/accounts/{account}": "books",
        "PUT /v1/accounts/{account}": "admin",
        "POST /v1/accounts/{account}/password": "admin",
        "GET /v1/units": "anybody",
        "POST /v1/units": "editor",
        "GET /v1/units/{code}": "anybody",
        "PUT /v1/units/{code}": "editor",
        "GET /v1/orders": "reader",
        "GET /v1/orders/counts": "reader",
        "GET /v1/orders/{order_id}": "reader *",
        "GET /v1/orders/{order_id}/history": "reader *",
        "GET /v1/orders/{order_id}/recommendations": "reader *",
        "GET /v1/orders/{order_id}/assignments": "reader *",
        "GET /v1/orders/{order_id}/contacts": "reader *",
        "GET /v1/orders/{order_id}/notes": "reader *",
        "GET /v1/orders/{order_id}/returns": "reader *",
        "GET /v1/orders/{order_id}/replies": "reader *",
        "GET /v1/orders/{order_id}/attachments": "reader *",
        "GET /v1/orders/{order_id}/attachments/{attachment_id}": "reader *",
        "POST /v1/orders/{order_id}/assign": "desk",
        "POST /v1/orders/{order_id}/accept": "handler *",
        "POST /v1/orders/{order_id}/contacts": "handler *",
        "POST /v1/orders/{order_id}/notes": "handler *",
        "POST /v1/orders/{order_id}/reply": "handler *",
        "POST /v1/orders/{order_id}/return": "unit *",
        "POST /v1/orders/{order_id}/return/decision": "desk",
    },
    "sla": {
        "GET /v1/orders/{order_id}/clocks": "reader *",
        "GET /v1/clocks": "reader",
        "POST /v1/clocks": "by hand",
        "POST /v1/clocks/{clock_id}/stop": "by hand",
        "GET /v1/clocks/{clock_id}/explain": "reader *",
        "GET /v1/breaches": "reader",
        "GET /v1/breaches/stream": "reader",
        "GET /v1/warnings/stream": "reader",
        "POST /v1/orders/{order_id}/extensions": "unit or head *",
        "GET /v1/orders/{order_id}/extensions": "reader *",
        "GET /v1/extensions": "reader",
        "POST /v1/extensions/{extension_id}/decision": "desk",
        "GET /v1/boards/{board}": "reader",
        "GET /v1/supervision-candidates": "reader",
        "GET /v1/orders/{order_id}/chain-plan": "reader *",
        "GET /v1/deadlines": "anybody",
        "GET /v1/calendar": "anybody",
        "GET /v1/calendar/alarms": "anybody",
        "GET /v1/calendar/versions": "anybody",
        "GET /v1/calendar/versions/{version}": "anybody",
        "POST /v1/calendar/imports/preview": "admin",
        "POST /v1/calendar/imports": "admin",
        "POST /v1/calendar/edits/preview": "admin",
        "POST /v1/calendar/edits": "admin",
        "GET /v1/calendar/{year}": "anybody",
        "GET /v1/rules": "anybody",
        "GET /v1/rules/versions": "rules",
        "GET /v1/rules/{version}": "rules",
        "GET /v1/rules/{version}/differences": "rules",
        "POST /v1/rules": "admin",
        "PUT /v1/rules/{version}": "admin",
        "POST /v1/rules/{version}/publish": "admin",
    },
    "review": {
        "GET /v1/replies": "reader",
        "GET /v1/replies/{reply_id}": "reader *",
        "GET /v1/orders/{order_id}/replies": "reader *",
        "POST /v1/replies/{reply_id}/leader-approval": "principal *",
        "POST /v1/replies/{reply_id}/leader-rejection": "principal *",
        "POST /v1/replies/{reply_id}/approval": "reviewer",
        "POST /v1/replies/{reply_id}/rejection": "reviewer",
    },
    "analytics": {
        "GET /v1/weekly": "reader",
        "GET /v1/daily": "reader",
        "GET /v1/units/{code}/weekly": "reader *",
        "POST /v1/rebuild": "admin",
        "GET /v1/rebuild": "books",
        "GET /v1/rebuild/{rebuild_id}": "books",
    },
}
OPERATIONS: Final = (
    "GET /v1/operations/parked",
    "GET /v1/operations/parked/{parked_id}",
    "PUT /v1/operations/parked/{parked_id}",
    "POST /v1/operations/parked/{parked_id}/drop",
    "POST /v1/operations/replay",
    "GET /v1/operations/clock",
    "PUT /v1/operations/clock",
)
# These carry something else than a bearer token: a password, or the platform's signature.
OTHERWISE: Final[Mapping[str, AbstractSet[str]]] = {
    "intake": {
        f"POST /v1/channels/{{channel}}/{kind}" for kind in ("orders", "cancellations", "urges", "revisits", "redos")
    },
    "dispatch": {"POST /v1/tokens"},
}
BODIES: Final[Mapping[str, dict[str, Any]]] = {
    "/flags": {"urgent": [], "out_of_scope": None, "reason": "核对"},
    "/caller/reveal": {"purpose": "核实诉求"},
    "/accounts/{account}/password": {"password": "a fine password"},
    "/contacts": ContactBody.model_json_schema()["examples"][0],
    "/notes": NoteBody.model_json_schema()["examples"][0],
    "/reply": ReplyBody.model_json_schema()["examples"][0],
    "/return": ReturnBody.model_json_schema()["examples"][0],
    "/extensions": {"reason_code": "complex", "workdays": 1, "explanation": "需多部门会商"},
    "/leader-rejection": {"opinion": "请补充"},
}
"""Complete bodies where a foreign order must be told from an incomplete request; the others are refused with 422."""

CASES: Final = [(service, route) for service in TABLE for route in (*TABLE[service], *OPERATIONS)]


def door_of(service: str, route: str) -> tuple[AbstractSet[Role], bool]:
    """Who may, and whether it hangs on the unit."""
    name = TABLE[service].get(route, "admin").removesuffix(" *")
    return DOORS[name], TABLE[service].get(route, "").endswith("*")


@dataclass
class Place:
    """The platform, and what belongs to OWN."""

    district: District
    ids: dict[str, str]
    signer: TokenSigner

    async def status(self, service: str, route: str, who: dict[str, str]) -> int:
        """What one call is answered with; of a stream only its beginning is read."""
        method, path = route.split(" ")
        body = None
        if method != "GET":
            body = next((found for tail, found in BODIES.items() if path.endswith(tail)), {})
        url = f"/api/{service}{path.format(**self.ids)}"
        query = {"started_at": "2026-11-23T09:00:00+08:00"} if path.endswith("/deadlines") else None
        async with self.district.http.stream(method, url, json=body, params=query, headers=who) as answer:
            if answer.status_code != httpx.codes.OK or "event-stream" not in answer.headers.get("content-type", ""):
                await answer.aread()
            return answer.status_code

    def bearer(self, role: Role, unit: str | None) -> dict[str, str]:
        """Somebody of this role and unit."""
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
            "code": OWN,
            "board": "overdue",
            "version": "none",
            "year": "2026",
        }
        yield Place(found, ids, TokenSigner(key.get_secret_value(), found.clock))


@pytest.mark.parametrize("service", ALL, ids=lambda service: service.name)
def test_every_route_has_its_row(service: Any) -> None:
    routes = {
        f"{method} {route.path}"
        for router in service.routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }

    assert routes == set(TABLE[service.name]) | OTHERWISE.get(service.name, set())


def test_every_operation_has_its_row() -> None:
    routes = {
        f"{method} {route.path}"
        for route in operations.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }

    assert routes == set(OPERATIONS)


@pytest.mark.parametrize("router", [*(router for service in ALL for router in service.routers), operations])
def test_every_route_of_a_desk_looks_at_the_form_of_its_request(router: APIRouter) -> None:
    assert all(isinstance(route, (DeskRoute, RawRoute)) for route in router.routes)


@pytest.mark.parametrize(("service", "route"), CASES)
async def test_a_route_lets_in_its_roles_and_nobody_else(place: Place, service: str, route: str) -> None:
    roles, of_unit = door_of(service, route)
    assert await place.status(service, route, {}) == 401
    assert await place.status(service, route, {"Authorization": "Bearer nonsense"}) == 401

    for role in sorted(ROLES):
        units = (OWN, OTHER) if role in UNIT else (None,)
        for unit in units:
            got = await place.status(service, route, place.bearer(role, unit))
            who = (service, route, role, unit, got)
            if role not in roles:
                assert got == 403, who
            elif role in UNIT and of_unit and unit == OTHER:
                assert got == 404, who
            else:
                assert got not in {401, 403}, who
                assert got < 500, who
                if of_unit and route.startswith("GET") and "attachment_id" not in route:
                    assert got == 200, who


@pytest.mark.parametrize(("service", "route"), [case for case in CASES if door_of(*case)[1]])
async def test_a_unit_role_without_a_unit_gets_nothing(place: Place, service: str, route: str) -> None:
    roles, _ = door_of(service, route)
    for role in sorted(UNIT & roles):
        assert await place.status(service, route, place.bearer(role, None)) == 403, role


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
        who = place.bearer(Role.HANDLER, of)
        answer = await place.district.http.get(f"/api/{service}{path}", headers=who, params=query)
        assert answer.status_code == 200, answer.text
        return [item[name] for item in answer.json()["items"]]

    assert place.ids["order_id"] in await seen(OWN)
    assert await seen(OTHER) == []
    if service != "intake":
        assert await seen(OTHER, unit=OWN) == []
