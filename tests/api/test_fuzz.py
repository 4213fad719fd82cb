"""Nothing answers 5xx because of what a client sent: every operation of every service, with ids that exist (P10, R46).

Schemathesis runs as its own program against the running platform; its warnings that a run saw no data, or no access,
are failures here, because such a run would prove nothing. The short form runs always; `make fuzz` sets
GONGDAN_FUZZ=long for the long one: every phase, more examples, a fixed and a random seed.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio

from sample.upstream import in_words_of_city
from shared.bus import Message
from shared.clock import RealClock
from shared.identity import Person, Role, TokenSigner
from shared.settings import SERVICES
from tests.support.files import PDF
from tests.support.platform import District, real_time_district
from tests.support.postgres import DatabaseServer
from tests.support.waiting import eventually

ROOT: Final = Path(__file__).resolve().parents[2]
LONG: Final = os.environ.get("GONGDAN_FUZZ") == "long"
FIXED_SEED: Final = 12345
SEEDS: Final = (FIXED_SEED, secrets.randbelow(2**31)) if LONG else (FIXED_SEED,)
EXAMPLES: Final = os.environ.get("GONGDAN_FUZZ_EXAMPLES", "100" if LONG else "12")
PHASES: Final = "examples,coverage,fuzzing,stateful" if LONG else "examples,fuzzing,stateful"
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "ignored_auth",
    "accepts_what_the_document_allows",
)
OF_OPERATIONS: Final = {
    ("draft", "version"): ["rules_version", "compare_rules", "change_draft_rules", "publish_rules"],
    ("calendar_version", "version"): ["calendar_version"],
    ("attached_order", "order_id"): ["download_attachment"],
    ("returned_order", "order_id"): ["decide_return"],
    ("handled_order", "order_id"): [
        "accept_order",
        "record_contact",
        "note_progress",
        "submit_reply",
        "request_return",
    ],
}
"""Operations that only some orders allow: a unit's own ones, those with a file, those that were given back."""
LOGIN: Final = {"body.account": "login_account", "body.password": "login_password"}
"""Who logs in: without a right pair the login would only ever be refused."""
LEFT_OUT: Final = {"sla": ("stream_breaches", "stream_warnings"), "dispatch": ("refresh_session", "stream_news")}
"""A stream has no end for which a fuzzer could wait, and a session's secret cannot be drawn; other tests call these."""
PARKED: Final = 40
"""How many events each service cannot read; each of them can be dropped once."""
RETURN: Final = {"reason": "不属于本单位职责", "policy_basis": "三定方案第四条", "suggested_unit": "chengguan"}
OF_GROUP: Final = ("channel", "kind", "cause")
UNREADABLE: Final = 5
RELEASABLE: Final = 18
"""How many valid orders are pushed to an unknown address; each can be released once, and a source may leave twenty."""


@dataclass(frozen=True)
class Place:
    """The platform, with ids that exist: those of all services, and those of each one."""

    district: District
    known: dict[str, list[Any]]
    parked: dict[str, list[int]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(postgres_server: DatabaseServer) -> AsyncIterator[Place]:
    """A platform on the real clock, with orders in every state of the usual lifecycle."""
    async with real_time_district(postgres_server) as district:
        known = await seeded(district)
        yield Place(district, known, await parked_everywhere(district))


async def seeded(district: District) -> dict[str, list[Any]]:
    """Orders that wait, are handled, under review, fed back and closed, with the ids of what belongs to them."""
    waiting = [await district.push() for _ in range(3)]
    for order_id in waiting:
        await district.case(order_id, status="triage")
    handled = [await district.received_and_assigned() for _ in range(9)]
    for order_id in handled[:6]:
        await district.contact(order_id)
    returned = handled[-2:]
    caseworker = await district.person("zhujian-jingban")
    for order_id in returned:
        await caseworker.upload(f"/api/dispatch/v1/orders/{order_id}/return", RETURN, [("现场照片.pdf", PDF)])
    extension = await extended(district, handled[0])
    attached = await caseworker.call("GET", f"/api/dispatch/v1/orders/{returned[0]}/attachments")
    replies = []
    for _ in range(2):
        reviewed = await district.received_and_assigned()
        await district.contact(reviewed)
        replies.append(await district.reply(reviewed))
        handled.append(reviewed)
    await district.leader_approves(replies[1])
    closed = await district.received_and_assigned()
    await district.answered(closed)
    await district.revisited(closed)
    await district.case(closed, status="closed")
    admin = await district.person("admin")
    dispatcher = await district.person("paidan")
    clocks = await dispatcher.call("GET", f"/api/sla/v1/orders/{closed}/clocks")
    await quarantine_something(district)
    quarantined = await dispatcher.call("GET", "/api/intake/v1/quarantine")
    deliveries = await dispatcher.call("GET", "/api/intake/v1/deliveries")
    draft = {"version": "draft-1", "document": "莱政办发〔2027〕1号", "numbers": {}, "reason": "拟稿"}
    await admin.call("POST", "/api/sla/v1/rules", draft)
    rebuild = await admin.call("POST", "/api/analytics/v1/rebuild", {})
    return {
        "order_id": [*waiting, *handled, closed],
        "reply_id": replies,
        "clock_id": [clock["id"] for clock in clocks["clocks"]],
        "quarantine_id": [item["id"] for item in quarantined["items"]],
        # They are refused again, so that their group is there for every case.
        "group_cause": [next(item["cause"] for item in quarantined["items"] if item["channel"] == "city_12345")],
        "group_kind": ["orders"],
        "group_channel": ["city_12345"],
        "delivery_id": [item["id"] for item in deliveries["items"]] + [await refused_delivery(district)],
        "rebuild_id": [rebuild["id"]],
        "draft": ["draft-1"],
        "calendar_version": ["statutory-2026.1"],
        "extension_id": [extension],
        "attached_order": returned[:1],
        "attachment_id": [file["attachment_id"] for file in attached],
        "handled_order": handled[:6],
        "returned_order": returned,
        "code": ["jiaotong"],
        "unit": ["zhujian", "chengguan"],
        "account": ["huifang"],
        "login_account": ["fenxi"],
        "login_password": [district.people.staff_password],
        "channel": ["city_12345", "province_12345"],
        "year": [2026, 2025],
    }


async def extended(district: District, order_id: str) -> str:
    """A request for more working days that waits for its decision."""
    caseworker = await district.person("zhujian-jingban")
    consent = {
        "person": "王科员",
        "agreed_at": district.clock.now().isoformat(),
        "phone": "0535-6890000",
        "agreed": True,
        "evidence": "录音 20261123-17",
    }
    body = {"reason_code": "complex", "workdays": 5, "explanation": "需多部门会商", "consent": consent}
    asked = await caseworker.call("POST", f"/api/sla/v1/orders/{order_id}/extensions", body)
    extension_id: str = asked["id"]
    return extension_id


async def quarantine_something(district: District) -> None:
    """Signed orders that cannot be read, of one cause, and valid ones at an address of no channel."""
    for _ in range(UNREADABLE):
        answer = await district.upstream.send(district.http, "city_12345", "orders", {"orderNum": "?", "what": "?"})
        assert answer.status_code == 422, answer.text
    for _ in range(RELEASABLE):
        body = in_words_of_city(district.upstream.next_demand())
        answer = await district.http.post("/api/intake/v1/channels/town_hall/orders", json=body)
        assert answer.json()["code"] == "unknown_channel", answer.text


async def refused_delivery(district: District) -> str:
    """A reply that its platform always refuses, so that sending it can be asked for again and again."""
    order_id = await district.received_and_assigned()
    district.upstream.gone.add(district.orders[order_id].number)
    await district.contact(order_id)
    reply_id = await district.reply(order_id)
    await district.leader_approves(reply_id)
    await district.centre_approves(reply_id)
    dispatcher = await district.person("paidan")
    found: list[dict[str, Any]] = []

    async def failed() -> bool:
        listed = await dispatcher.call("GET", "/api/intake/v1/deliveries", order_id=order_id, state="failed")
        found[:] = listed["items"]
        return bool(found)

    await eventually(failed, within=20)
    delivery_id: str = found[0]["id"]
    return delivery_id


async def parked_everywhere(district: District) -> dict[str, list[int]]:
    """Events that no service can decode, each of an order of its own; their numbers in each service."""
    assert district.process is not None
    headers = {"ce_specversion": "1.0", "ce_type": "order.received.v1", "content-type": "application/json"}
    await district.process.bus.publish(
        [Message("orders", f"unreadable-{number}", b"\xff{", headers) for number in range(PARKED)]
    )
    admin = await district.person("admin")
    found: dict[str, list[int]] = {}
    for service in SERVICES:

        async def parked(service: str = service) -> bool:
            listed = await admin.call("GET", f"/api/{service}/v1/operations/parked", limit=200)
            found[service] = [item["id"] for item in listed["items"]]
            return len(found[service]) >= PARKED

        await eventually(parked, within=20)
    return found


def everybody(district: District) -> str:
    """A token with every role, because permissions are not tested here."""
    assert district.process is not None
    settings = district.process.runtimes[0].settings
    assert settings.token_private_key is not None
    signer = TokenSigner(settings.token_private_key.get_secret_value(), RealClock())
    roles = frozenset(Role) - {Role.SYSTEM}
    token, _ = signer.sign(Person(account="admin", name="所有角色", roles=roles, unit="zhujian"))
    return token


def configuration(place: Place, service: str) -> str:
    """schemathesis.toml: the ids that exist, and the warnings that are failures."""
    lines = [
        'hooks = "tests.api.hooks"',
        # A page of the platform asks, which matters to the operations of a browser's session alone.
        f'headers = {{ Authorization = "Bearer {everybody(place.district)}", Sec-Fetch-Site = "same-origin" }}',
        "[warnings]",
        'fail-on = ["missing_test_data", "missing_auth", "method_not_allowed", "rate_limited"]',
    ]
    known = {**place.known, "parked_id": place.parked[service]}
    for name, values in known.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(values)}"]
    lines.append("[parameters]")
    special = {*(dictionary for dictionary, _ in OF_OPERATIONS), *(f"group_{name}" for name in OF_GROUP)}
    special.update(LOGIN.values())
    lines += [f'{name} = {{ dictionary = "{name}", probability = 0.9 }}' for name in known if name not in special]
    lines += [f'"body.{name}" = {{ dictionary = "unit", probability = 0.9 }}' for name in ("unit", "suggested_unit")]
    # After the hook has signed a case the fuzzer cannot say what is wrong with it; test_bad_input tests that.
    lines += [
        "[[operations]]",
        'include-path-regex = "^/v1/channels/"',
        'checks.negative_data_rejection.expected-statuses = ["2xx", "4xx"]',
    ]
    pair = ", ".join(f'"{name}" = {{ dictionary = "{known}", probability = 0.9 }}' for name, known in LOGIN.items())
    lines += ["[[operations]]", 'include-operation-id = ["log_in", "sign_in"]', f"parameters = {{ {pair} }}"]
    for (dictionary, name), operations in OF_OPERATIONS.items():
        lines += ["[[operations]]", f"include-operation-id = {json.dumps(operations)}"]
        lines.append(f'parameters = {{ "path.{name}" = {{ dictionary = "{dictionary}", probability = 0.9 }} }}')
    lines += ["[[operations]]", 'include-operation-id = ["release_quarantine_group"]']
    drawn = [f'"body.{name}" = {{ dictionary = "group_{name}", probability = 0.9 }}' for name in OF_GROUP]
    lines.append(f"parameters = {{ {', '.join(drawn)} }}")
    return "\n".join(lines)


Findings = Mapping[tuple[str, int], tuple[int, str]]
"""Exit code and output of the program, by service and seed."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def findings(place: Place, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """What the program found, in all services side by side; only in those whose tests were asked for."""
    asked = [
        item.callspec.params
        for item in request.session.items
        if item.path == request.path and isinstance(item, pytest.Function) and "findings" in item.fixturenames
    ]

    async def one(service: str, seed: int) -> tuple[int, str]:
        config = tmp_path_factory.mktemp(service) / "schemathesis.toml"
        config.write_text(configuration(place, service), encoding="utf-8")
        return await fuzz(place, service, config, seed)

    found: dict[tuple[str, int], tuple[int, str]] = {}
    for seed in SEEDS:
        services = [str(each["service"]) for each in asked if each["seed"] == seed]
        answers = await asyncio.gather(*(one(service, seed) for service in services))
        found |= {(service, seed): answer for service, answer in zip(services, answers, strict=True)}
    return found


@pytest.mark.slow
@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("seed", SEEDS)
def test_no_request_of_a_client_is_answered_with_5xx(findings: Findings, service: str, seed: int) -> None:
    code, words = findings[service, seed]

    print(f"{service}: seed {seed}")  # noqa: T201 - to run the very same again

    assert code == 0, words[-12_000:]


async def fuzz(place: Place, service: str, config: Path, seed: int) -> tuple[int, str]:
    """Run the program; its exit code and its output."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "schemathesis.cli",
        "--config-file",
        str(config),
        "--no-color",
        "run",
        f"{place.district.upstream.base_url}/api/{service}/openapi.json",
        "--phases",
        PHASES,
        "--checks",
        ",".join(CHECKS),
        *(word for name in LEFT_OUT.get(service, ()) for word in ("--exclude-operation-id", name)),
        "--suppress-health-check",
        "too_slow,filter_too_much",  # of the generator's own work on a busy machine, not of the platform's
        "--max-examples",
        EXAMPLES,
        "--seed",
        str(seed),
        "--generation-database",
        "none",
        "--request-timeout",
        "20",
        "--continue-on-failure",
        cwd=ROOT,
        env={**os.environ, "GONGDAN_FUZZ_CHANNELS": json.dumps(dict(place.district.upstream.secrets))},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, said.decode("utf-8", "replace")


async def test_the_platform_works_after_all_of_it(place: Place) -> None:
    district = place.district
    admin = await district.person("admin")
    # Fuzzed as the administrator, the accounts of the unit may be inactive or have other roles by now.
    for account, role in (("zhujian-jingban", "caseworker"), ("zhujian-lingdao", "unit_head")):
        body = {"name": account, "roles": [role], "unit": "zhujian", "active": True}
        await admin.call("PUT", f"/api/dispatch/v1/accounts/{account}", body)
    order_id = await district.received_and_assigned()

    await district.answered(order_id)
    ready = await district.http.get("/readyz")

    assert ready.json() == {"status": "ready", "faults": {}}
