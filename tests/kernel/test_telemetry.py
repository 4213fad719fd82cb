"""Log lines: one JSON object each, without personal data, whatever is logged (R45, R49)."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.personal.numbers import without_numbers
from shared.telemetry import Metrics, Seldom

ROOT = Path(__file__).parents[2]
CANARIES = ("13812345678", "138 1234 5678", "138-1234-5678", "+86 13812345678", "8613812345678", "110101199003071234", "11010119900307123X", "0535-6123456", "05356123456", "王小明", "芝罘区某路 1 号")  # fmt: skip

PROGRAM = r"""
import logging, sys
from shared.telemetry import configure_logs, correlation_id, logger, request_id
from shared.personal.numbers import without_numbers
configure_logs("INFO")
log = logger("test")
request_id.set("01a20a1a-2317-789f-b089-c484f17460bc")
CANARIES = %r
phone, spaced, dashed, plus, bare86, idcard, idx, landline, landline2, name, address = CANARIES
log.info("plain", order_id="01a20a1a-2317-789f-b089-c484f17460bc", note=f"call {phone}、{spaced}，{dashed};{plus} {bare86}")
log.info("ids", a=idcard, b=f"[{idx}]", c=landline, d=f"tel:{landline2}")
log.info("keys", caller_name=name, caller_phone=phone, content=address, demand=name, reply=name, name=name, password=phone,
         token="t", address=address)
log.info("nested", fact={"caller_name": name, "deep": [{"note": f"at {phone}"}, (idcard,)]}, several=[phone, {"phone": phone}])
log.info("forged\r\n{\"level\": \"critical\", \"event\": \"all is lost\"}", note="a\r\nb\n{\"event\": \"forged\"}")
log.info("strange", surrogate="\ud800 " + phone, huge=2**80, fault=ValueError(name + phone), lines="\u2028\u2029\x00\x1b[31m")
try:
    try:
        raise KeyError(name)
    except KeyError as inner:
        raise ValueError(f"{name} {phone} failing row contains ({address})") from inner
except ValueError:
    log.exception("handler failed", order_id="1")
    logging.getLogger("library").exception("a library fell over")
logging.getLogger("library").warning("said %%s of %%s", phone, "someone")
try:
    raise OverflowError(name)
except OverflowError as fault:
    log.error("unforeseen", exc_info=fault)
"""


def spoken() -> list[str]:
    """What the program wrote to standard error, line by line."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM % (CANARIES,)], cwd=ROOT, capture_output=True, timeout=60, check=True
    )
    assert run.stdout == b""
    return run.stderr.decode().rstrip("\n").split("\n")


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return spoken()


def test_every_line_is_one_json_object_and_none_is_forged(lines: list[str]) -> None:
    events = [json.loads(line)["event"] for line in lines]
    assert len(events) == 10
    assert "all is lost" not in events
    assert "forged" not in events
    assert {json.loads(line)["level"] for line in lines} == {"info", "warning", "error"}


@pytest.mark.parametrize("canary", CANARIES)
def test_no_personal_data_reaches_a_line(lines: list[str], canary: str) -> None:
    assert not [line for line in lines if canary in line or json.dumps(canary)[1:-1] in line]


def test_what_an_operator_needs_is_kept_in_a_line(lines: list[str]) -> None:
    by_event: dict[str, dict[str, Any]] = {json.loads(line)["event"]: json.loads(line) for line in lines}
    assert by_event["plain"]["order_id"] == "01a20a1a-2317-789f-b089-c484f17460bc"
    assert by_event["plain"]["request_id"] == "01a20a1a-2317-789f-b089-c484f17460bc"
    first, second = by_event["handler failed"]["exception"]
    assert first.startswith("builtins.ValueError at ")
    assert "<string>:" in first
    assert second.startswith("builtins.KeyError at ")
    assert by_event["a library fell over"]["exception"][0].startswith("builtins.ValueError")
    assert by_event["unforeseen"]["exception"][0].startswith("builtins.OverflowError")
    assert by_event["strange"]["fault"] == "ValueError"


@pytest.mark.parametrize(
    "kept",
    [
        "01a20a1a-2317-789f-b089-c484f17460bc",
        "12345678-1381-2345-6789-138123456789",
        "2026-11-23T20:06:28.123456Z",
        "工单 20261123000001",
        "ZJ13812345678",
        "127.0.0.1:54321",
        "12345",
    ],
)
def test_what_is_no_number_of_a_person_is_kept(kept: str) -> None:
    assert without_numbers(kept) == kept


def test_metrics_of_two_services_fit_in_one_process() -> None:
    assert Metrics("intake").registry is not Metrics("dispatch").registry


def test_a_repeated_line_of_a_library_is_written_once_and_the_platforms_own_always() -> None:
    """aiokafka tries a broker that is away many times a second."""
    seldom = Seldom()

    def heard(name: str, template: str) -> bool:
        return seldom.filter(logging.LogRecord(name, logging.ERROR, "", 0, template, ("127.0.0.1",), None))

    assert [heard("aiokafka.conn", "Unable connect to %s") for _ in range(3)] == [True, False, False]
    assert heard("aiokafka.conn", "Unable to update metadata from %s")
    assert all(heard("relay", "relay interrupted") for _ in range(3))
