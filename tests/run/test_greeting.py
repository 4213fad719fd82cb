"""The greeting of `make run`: in Chinese, and only when what it says is true."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.make_run import running
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

ENGLISH = re.compile(r"\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b")


async def test_the_accounts_work_when_the_greeting_names_them(folder: Path) -> None:
    async with running(folder, GONGDAN_SAMPLE_SECONDS="3600") as platform:
        secrets = json.loads((folder / "secrets.json").read_text(encoding="utf-8"))
        logged_in = [
            (await platform.http.post("/api/dispatch/v1/tokens", json={"account": account, "password": password}))
            for account, password in [
                ("admin", secrets["admin_password"]),
                ("paidan", secrets["staff_password"]),
                ("huanghailu-lingdao", secrets["staff_password"]),
            ]
        ]
        await eventually(lambda: "按 Ctrl-C 全部停止。" in platform.said())

    assert [answer.is_success for answer in logged_in] == [True] * 3
    greeting = platform.said()
    for word in (str(platform.http.base_url).rstrip("/"), secrets["admin_password"], secrets["staff_password"]):
        assert word in greeting
    assert "约每 3600 秒推送一张工单" in greeting
    assert not ENGLISH.search(greeting)
