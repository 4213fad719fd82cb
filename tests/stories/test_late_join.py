"""A service that starts later than the others reads the events that were published before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from services.sla.service import SERVICE
from shared.identity import Person, Role, TokenSigner
from shared.run.process import running
from tests.support.platform import ALL, district
from tests.support.postgres import DatabaseServer
from tests.support.waiting import eventually


async def test_sla_that_starts_late_knows_the_earlier_orders_and_units(
    postgres_server: DatabaseServer, tmp_path: Path
) -> None:
    others = [service for service in ALL if service is not SERVICE]
    async with district(postgres_server, tmp_path, services=others) as place:
        assert place.process is not None
        order_id = await place.received_and_assigned()
        settings = place.process.runtimes[0].settings
        assert settings.token_private_key is not None
        office = Person(account="qufuban", name="区府办", roles=frozenset({Role.OFFICE}), unit=None)
        token, _ = TokenSigner(settings.token_private_key.get_secret_value(), place.clock).sign(office)
        body = {"order_id": order_id, "kind": "supervise_case", "workdays": 5, "reason": "区领导批示"}
        async with (
            running([SERVICE], settings, clock=place.clock) as late,
            httpx.AsyncClient(
                transport=httpx.ASGITransport(late.app),
                base_url="http://late",
                headers={"Authorization": f"Bearer {token}"},
            ) as http,
        ):

            async def started(unit: str) -> dict[str, Any]:
                answer = await http.post("/api/sla/v1/clocks", json={**body, "unit": unit})
                return answer.json() if answer.status_code == httpx.codes.CREATED else {}

            clock = await eventually(lambda: started("jiaotong"), within=20)
            refused = await http.post("/api/sla/v1/clocks", json={**body, "unit": "nobody"})
            parked = await late.runtime_of("sla").parked.listing()

    assert (clock["order_id"], clock["unit"]) == (order_id, "jiaotong")
    assert refused.json()["code"] == "unit_not_listed"
    assert parked == []
