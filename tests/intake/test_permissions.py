"""Every route, every role, own and foreign orders: who may do what (P9)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from services.intake.service import SERVICE
from shared.app import build_app
from shared.identity import DISTRICT_READERS, UNIT, Role
from tests.intake.test_orders import assigned
from tests.intake.upstream import Platform, intake_desk
from tests.support.postgres import DatabaseServer

pytestmark = pytest.mark.clause("S4.2a")

NO_GROUP = {"channel": "city_12345", "kind": "orders", "cause": "nobody's", "reason": "r"}
FLAGS: dict[str, Any] = {"urgent": [], "out_of_scope": None, "reason": "r"}
DESK = frozenset({Role.DISPATCHER, Role.REVIEWER, Role.REVISITOR, Role.CENTRE_HEAD})
READERS = DISTRICT_READERS | UNIT
ROLES = [role for role in Role if role is not Role.SYSTEM]
# operation -> method, path, body, roles that may, whether it is about one order
ROUTES: dict[str, tuple[str, str, Any, frozenset[Role], bool]] = {
    "list_orders": ("GET", "/v1/orders", None, READERS, False),
    "search_orders": (
        "POST",
        "/v1/orders/search",
        {"order_no": "T1"},
        DESK | UNIT | {Role.ANALYST, Role.OFFICE, Role.LEADER},
        False,
    ),
    "read_order": ("GET", "/v1/orders/{order}", None, READERS, True),
    "read_versions": ("GET", "/v1/orders/{order}/versions", None, READERS, True),
    "read_revisits": ("GET", "/v1/orders/{order}/revisits", None, READERS, True),
    "overrule_flags": (
        "POST",
        "/v1/orders/{order}/flags",
        FLAGS,
        frozenset({Role.DISPATCHER, Role.CENTRE_HEAD}),
        False,
    ),
    "reveal_caller": ("POST", "/v1/orders/{order}/caller/reveal", {"purpose": "p"}, DESK | UNIT, True),
    "list_quarantined": ("GET", "/v1/quarantine", None, DESK, False),
    "read_quarantined": ("GET", "/v1/quarantine/{unknown}", None, DESK, False),
    "list_quarantine_groups": ("GET", "/v1/quarantine/groups", None, DESK, False),
    "release_quarantine_group": ("POST", "/v1/quarantine/groups/release", NO_GROUP, DESK, False),
    "release_quarantined": ("POST", "/v1/quarantine/{unknown}/release", {"reason": "r"}, DESK, False),
    "drop_quarantined": ("POST", "/v1/quarantine/{unknown}/drop", {"reason": "r"}, DESK, False),
    "list_deliveries": ("GET", "/v1/deliveries", None, DISTRICT_READERS, False),
    "read_delivery": ("GET", "/v1/deliveries/{unknown}", None, DISTRICT_READERS, False),
    "retry_delivery": ("POST", "/v1/deliveries/{unknown}/retry", None, DESK, False),
}
# Signed by the platform, not by a person.
WEBHOOKS = {"receive_order", "receive_cancellation", "receive_urge", "receive_revisit", "receive_redo", "ask_state"}
OWN = ("/v1/orders", "/v1/quarantine", "/v1/deliveries", "/v1/channels")


def test_no_route_is_missing_from_the_matrix() -> None:
    paths = build_app(SERVICE).openapi()["paths"]
    operations = {
        operation["operationId"]
        for path, methods in paths.items()
        if path.startswith(OWN)
        for operation in methods.values()
    }

    assert operations == set(ROUTES) | WEBHOOKS


@pytest.mark.parametrize("operation", ROUTES)
async def test_only_the_roles_of_the_matrix_get_through(operation: str, postgres_server: DatabaseServer) -> None:
    method, path, body, allowed, scoped = ROUTES[operation]
    async with intake_desk(postgres_server) as desk:
        order_id = await Platform(desk).accepted()
        await desk.tell(assigned(desk, order_id, "own"))
        address = "/api/intake" + path.format(order=order_id, unknown=uuid4())

        async def status(headers: dict[str, str]) -> int:
            return (await desk.http.request(method, address, json=body, headers=headers)).status_code

        assert await status({}) == 401
        passed = {200, 204, 404} if "{unknown}" in path or body is NO_GROUP else {200, 204}
        for role in ROLES:
            units = ("own", "other", None) if role in UNIT else (None,)
            for unit in units:
                got = await status(desk.bearer(role, unit=unit))
                if role not in allowed or (role in UNIT and unit is None):
                    assert got == 403, (role, unit)
                elif role in UNIT and scoped and unit != "own":
                    assert got == 404, (role, unit)
                else:
                    assert got in passed, (role, unit, got)
