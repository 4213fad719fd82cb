"""What import-linter cannot see: which files there are, imports by name, and calls that are banned."""

import ast
import subprocess
import sys
from typing import Final

import pytest

from tests.architecture.tree import ROOT, SERVICES, sources

BANNED_CALLS: Final = {
    "the machine's time": "from datetime import UTC, datetime\n\nmoment = datetime.now(UTC)\n",
    "the machine's time, spelt in full": "import datetime\n\nmoment = datetime.datetime.now(datetime.UTC)\n",
    "the machine's day": "from datetime import date\n\nday = date.today()\n",
    "UTC without an offset": "from datetime import datetime\n\nmoment = datetime.utcnow()\n",
    "a task that nobody owns": "import asyncio\n\n\nasync def start(work):\n    asyncio.create_task(work)\n",
    "a pause of the whole loop": "import time\n\ntime.sleep(1)\n",
    "an import that no contract sees": "import importlib\n\nimportlib.import_module('services.sla')\n",
    "work after the answer": "from fastapi import BackgroundTasks\n\ntasks = BackgroundTasks()\n",
}
CATCH_ALLS: Final = {"utils.py", "util.py", "helpers.py", "common.py", "base.py", "manager.py", "misc.py"}


def test_services_holds_the_five_and_nothing_else() -> None:
    folders = {path.name for path in (ROOT / "services").iterdir() if path.is_dir() and path.name != "__pycache__"}
    files = {path.name for path in (ROOT / "services").iterdir() if path.is_file()}

    # A sixth folder would be outside every contract, which name the five.
    assert folders <= set(SERVICES)
    assert files <= {"__init__.py", "__main__.py"}


def test_no_service_imports_by_name() -> None:
    offenders = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources("services")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Name) and node.id == "__import__")
        or (isinstance(node, ast.Attribute) and node.attr == "import_module")
        or (isinstance(node, ast.ImportFrom) and any(alias.name == "import_module" for alias in node.names))
    ]

    assert offenders == []


def test_no_file_is_a_drawer_for_everything() -> None:
    drawers = {
        path.relative_to(ROOT).as_posix()
        for path in sources("services", "shared", "tools", "tests")
        if path.name in CATCH_ALLS
    }

    # The one exception: what every event is.
    assert drawers <= {"shared/contracts/base.py"}


@pytest.mark.parametrize("what", BANNED_CALLS)
def test_a_banned_call_is_found_by_the_linter(what: str) -> None:
    found = subprocess.run(
        [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--stdin-filename",
            "services/intake/handlers.py",
            "--select",
            "TID251",
            "-",
        ],
        cwd=ROOT,
        input=BANNED_CALLS[what],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "TID251" in found.stdout


def test_nobody_silences_the_ban_on_time_and_tasks() -> None:
    silenced = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sources("services", "shared")
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if "noqa" in line and "TID251" in line
    ]

    assert silenced == []
