"""Nothing answers 5xx because of what a client sent: every operation of every service, with ids that exist (P10, R46).

Schemathesis runs as its own program against the running platform; its warnings that a run saw no data, or no access,
are failures here, because such a run would prove nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from shared.clock import RealClock
from shared.identity import Person, Role, TokenSigner
from shared.settings import SERVICES
from tests.support.platform import District, real_time_district
from tests.support.postgres import DatabaseServer

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = os.environ.get("GONGDAN_FUZZ_EXAMPLES", "25")
SEED = os.environ.get("GONGDAN_FUZZ_SEED", "12345")
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@dataclass(frozen=True)
class Place:
    """The platform, with ids that exist."""

    district: District
    known: dict[str, list[str]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(postgres_server: DatabaseServer) -> AsyncIterator[Place]:
    """A platform on the real clock, with orders in every state of the main way."""
    async with real_time_district(postgres_server) as district:
        yield Place(district, await seeded(district))


async def seeded(district: District) -> dict[str, list[str]]:
    """Orders that wait, are handled, under review, fed back and closed; and what they brought with them."""
    waiting = [await district.push() for _ in range(3)]
    for order_id in waiting:
        await district.case(order_id, status="triage")
    handled = [await district.received_and_assigned() for _ in range(3)]
    for order_id in handled[:2]:
        await district.contact(order_id)
    reviewed = await district.received_and_assigned()
    await district.contact(reviewed)
    replies = [await district.reply(reviewed)]
    closed = await district.received_and_assigned()
    await district.answered(closed)
    await district.revisited(closed)
    await district.case(closed, status="closed")
    admin = await district.person("admin")
    dispatcher = await district.person("paidan")
    clocks = await dispatcher.call("GET", f"/api/sla/v1/orders/{closed}/clocks")
    await quarantine_something(district)
    quarantined = await admin.call("GET", "/api/intake/v1/quarantine")
    deliveries = await dispatcher.call("GET", "/api/intake/v1/deliveries")
    rebuild = await admin.call("POST", "/api/analytics/v1/rebuild", {})
    return {
        "order_id": [*waiting, *handled, reviewed, closed],
        "reply_id": replies,
        "clock_id": [clock["id"] for clock in clocks["clocks"]],
        "quarantine_id": [item["id"] for item in quarantined["items"]],
        "delivery_id": [item["id"] for item in deliveries["items"]],
        "rebuild_id": [rebuild["id"]],
        "code": ["jiaotong"],
        "unit": ["zhujian", "chengguan"],
        "account": ["huifang"],
        "channel": ["city_12345", "province_12345"],
        "year": ["2026", "2025"],
    }


async def quarantine_something(district: District) -> None:
    """A signed order that nobody can understand."""
    answer = await district.upstream.send(district.http, "city_12345", "orders", {"orderNum": "?", "what": "?"})
    assert answer.status_code == 422, answer.text


def everybody(district: District) -> str:
    """A token with every role: what is tested here is not who may, but what happens then."""
    assert district.process is not None
    settings = district.process.runtimes[0].settings
    assert settings.token_private_key is not None
    signer = TokenSigner(settings.token_private_key.get_secret_value(), RealClock())
    roles = frozenset(Role) - {Role.SYSTEM}
    token, _ = signer.sign(Person(account="admin", name="所有角色", roles=roles, unit="zhujian"))
    return token


def configuration(place: Place) -> str:
    """schemathesis.toml: the ids that exist, and the warnings that are failures."""
    lines = [
        'hooks = "tests.api.hooks"',
        f'headers = {{ Authorization = "Bearer {everybody(place.district)}" }}',
        "[warnings]",
        'fail-on = ["missing_test_data", "missing_auth", "method_not_allowed", "rate_limited"]',
    ]
    for name, values in place.known.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(values)}"]
    lines.append("[parameters]")
    lines += [f'{name} = {{ dictionary = "{name}", probability = 0.9 }}' for name in place.known]
    return "\n".join(lines)


@pytest.mark.slow
@pytest.mark.parametrize("service", SERVICES)
async def test_no_request_of_a_client_is_answered_with_5xx(place: Place, service: str, tmp_path: Path) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(configuration(place), encoding="utf-8")

    code, said = await fuzz(place, service, config)

    assert code == 0, said[-12_000:]


async def fuzz(place: Place, service: str, config: Path) -> tuple[int, str]:
    """Run the program; its exit code and its words."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "schemathesis.cli",
        "--config-file",
        str(config),
        "--no-color",
        "run",
        f"{place.district.upstream.base_url}/api/{service}/openapi.json",
        "--checks",
        CHECKS,
        "--max-examples",
        EXAMPLES,
        "--seed",
        SEED,
        "--request-timeout",
        "20",
        "--continue-on-failure",
        cwd=ROOT,
        env={**os.environ, "GONGDAN_FUZZ_CHANNELS": json.dumps(dict(place.district.upstream.secrets))},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode("utf-8", "replace")


async def test_the_platform_is_sound_after_all_of_it(place: Place) -> None:
    district = place.district
    order_id = await district.received_and_assigned()

    await district.answered(order_id)
    ready = await district.http.get("/readyz")

    assert ready.json() == {"status": "ready", "faults": {}}
