"""docs/integration.md is enough: its lines run as they are written, its worked example and its tables are true."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import os
import re
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from standardwebhooks.webhooks import Webhook

from services.intake.channels.policy import CHANNELS, FAST_CLOCK
from services.intake.channels.rules import signature
from services.intake.endings.policy import REFUSALS
from services.intake.feedback.clients import FeedbackClient
from services.intake.feedback.schemas import feedback_example
from services.intake.service import SERVICE
from services.intake.settings import key_of
from shared.clock import RealClock
from shared.errors import BusinessError
from tests.intake.upstream import secret_of
from tests.support.platform import real_time_district
from tests.support.postgres import DatabaseServer
from tests.support.waiting import eventually
from tools.integration import AGAIN, BLOCKS, filled

ROOT: Final = Path(__file__).resolve().parents[2]
TEXT: Final = (ROOT / "docs" / "integration.md").read_text(encoding="utf-8")
SHELL: Final = re.findall(r"```bash\n(.*?)```", TEXT, flags=re.DOTALL)
PROGRAM: Final = re.search(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
ELSEWHERE: Final = {"releases", "first_look", "orders", "feedback", "searching"}
"""Capabilities of intake whose errors no platform meets: people use their addresses."""


def test_the_tables_and_examples_are_what_the_code_says() -> None:
    assert filled(TEXT) == TEXT, "run `make docs`"
    assert {name for name in BLOCKS if f"<!-- generated: {name} -->" in TEXT} == set(BLOCKS)


def every_error(above: type[BusinessError] = BusinessError) -> Iterator[type[BusinessError]]:
    for error in above.__subclasses__():
        yield error
        yield from every_error(error)


def test_what_the_document_says_of_a_fast_clock_is_what_is_tolerated_of_orders_and_of_notices() -> None:
    said = re.findall(r"不得晚于当前时间（允许 (\d+) 分钟误差）", TEXT)
    assert [timedelta(minutes=int(minutes)) for minutes in said] == [FAST_CLOCK] * 2


def test_every_refusal_that_a_platform_can_meet_says_whether_to_send_again() -> None:
    assert SERVICE.name == "intake", "all its errors are defined"
    said = {error.code for error in AGAIN} | set(REFUSALS) | {"quarantine_decided"}

    for error in every_error():
        capability = error.__module__.split(".")[2] if error.__module__.startswith("services.intake.") else ""
        if capability and capability not in ELSEWHERE and "code" in vars(error):
            assert error.code in said, error


def cell(name: str) -> str:
    found = re.search(rf"^\| {re.escape(name)} \| `(.*)` \|$", TEXT, flags=re.MULTILINE)
    assert found is not None, name
    return found[1]


def test_the_worked_example_of_a_signature_is_right_by_our_code_and_by_the_library_of_the_standard() -> None:
    secret, message_id, at, body = cell("密钥"), cell("`webhook-id`"), cell("`webhook-timestamp`"), cell("请求体")
    expected = cell("`webhook-signature`")

    assert key_of(secret).hex() == cell("密钥字节（十六进制）")
    assert cell("被签名的文字") == f"{message_id}.{at}.{body}"
    assert signature(key_of(secret), message_id, int(at), body.encode()) == expected
    assert Webhook(secret).sign(message_id, datetime.fromtimestamp(int(at), UTC), body) == expected
    digest = hmac.digest(
        base64.b64decode(secret.removeprefix("whsec_")), f"{message_id}.{at}.{body}".encode(), "sha256"
    )
    assert f"v1,{base64.b64encode(digest).decode()}" == expected


def test_what_the_document_says_of_an_acknowledgement_is_the_table_of_every_channel() -> None:
    [table] = re.findall(r"^\| 字段 \| 表示成功的值 \|\n\|---\|---\|\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    said = {
        name: frozenset(re.findall(r"`([^`]*)`", values))
        for names, values in (row.strip("| ").split(" | ") for row in table.splitlines())
        for name in re.findall(r"`([^`]*)`", names)
    }
    for channel in CHANNELS.values():
        assert said == channel.success


@pytest.mark.slow
async def test_the_lines_of_the_document_run_as_they_are_written(
    postgres_server: DatabaseServer, tmp_path: Path
) -> None:
    async with real_time_district(postgres_server) as place:
        kept = {"channels": place.upstream.secrets, "staff_password": place.people.staff_password}
        (tmp_path / "secrets.json").write_text(json.dumps(kept), encoding="utf-8")
        lines = await asyncio.create_subprocess_exec(
            "bash",
            "-c",
            "set -eu\n" + "\n".join(SHELL),
            env={**os.environ, "BASE": place.upstream.base_url, "VAR": str(tmp_path), "no_proxy": "127.0.0.1"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said = (await lines.communicate())[0].decode()

    assert lines.returncode == 0, said
    assert cell("`webhook-signature`") in said
    answers = [line.rsplit(" ", 1) for line in said.splitlines() if re.search(r" \d{3}$", line)]
    assert [int(status) for _, status in answers] == [201, 200, 200, 200, 200, 409, 409, 200, 200, 200, 200, 200], said
    assert [json.loads(answer).get("version") for answer, _ in answers[:3]] == [1, 1, 2]
    assert [json.loads(answer)["code"] for answer, _ in answers[5:7]] == ["not_fed_back", "not_fed_back"]
    fed_back = json.loads(answers[8][0])
    assert (fed_back["state"], [each["state"] for each in fed_back["deliveries"]]) == ("fed_back", ["acked"])


@asynccontextmanager
async def receiver(folder: Path, secret: str) -> AsyncIterator[str]:
    """The document's own program, running; its address."""
    assert PROGRAM is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "receiver.py").write_text(PROGRAM[1], encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(folder / "receiver.py"),
        env={**os.environ, "OUT": secret, "PORT": str(port)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )

    async def listening() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        return True

    try:
        await eventually(listening, within=20)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.kill()
        await process.communicate()


async def test_the_receiver_in_the_document_takes_what_we_send_and_refuses_what_is_not_signed(tmp_path: Path) -> None:
    secret, success = secret_of("out"), CHANNELS["city_12345"].success
    body = json.dumps(feedback_example(CHANNELS["city_12345"])).encode()
    client = FeedbackClient.new()
    async with receiver(tmp_path, secret) as address:
        now = RealClock().now()
        outcomes = [
            await client.send(
                address, key_of(key), webhook_id="msg_1", attempt="a", body=body, now=now, success=success
            )
            for key in (secret, secret, secret_of("another"))
        ]
    await client.close()

    assert [outcome.word for outcome in outcomes] == ["acked", "acked", "status_401"]
