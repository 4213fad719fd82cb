"""How the tests are spread over worker processes: how many there are, and which tests stay together.

Tests run in any order and on any worker, but for those that share a group: they run one after the other on one worker.
A test is put into a group by `@pytest.mark.xdist_group("name")`. Without that mark it belongs to

- `processes`, when it is marked `kill` or `kafka`: such tests kill or stop processes, count on leases of a few seconds,
  or share the run's broker;
- the group of its module, when a fixture of the module is shared by its tests;
- no group otherwise.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

WORKERS: Final = 2
FEW_FILES: Final = 3
PROCESSES: Final = "processes"


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Two workers, or none for a few files: starting workers takes longer than a few tests."""
    if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None  # xdist reads it
    return 0 if _files_named(config) <= FEW_FILES else WORKERS


def _files_named(config: pytest.Config) -> int:
    """How many test files the command line names, in folders or by themselves."""
    named = {config.invocation_params.dir / argument.partition("::")[0] for argument in config.args}
    return sum(len([*path.rglob("test_*.py")]) if path.is_dir() else 1 for path in named)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test that needs one a group."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None and (group := _group_of(item)) is not None:
            item.add_marker(pytest.mark.xdist_group(group))


def _group_of(item: pytest.Item) -> str | None:
    if item.get_closest_marker("kill") or item.get_closest_marker("kafka"):
        return PROCESSES
    fixtures = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
    if any(definition.scope == "module" for definitions in fixtures.values() for definition in definitions):
        return "-".join(Path(item.path).with_suffix("").parts[-2:])
    return None
