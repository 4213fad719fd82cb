"""How the tests are spread over worker processes: how many there are, and which tests stay together.

Tests run in any order and on any worker, but for those that share a group: they run one after the other on one worker.
A test is put into a group by `@pytest.mark.xdist_group("name")`. Without that mark it belongs to

- `processes`, when it is marked `kill` or `kafka`: such tests kill or stop processes, count on leases of a few seconds,
  or share the run's broker;
- the group of its module, when a fixture of the module is shared by its tests;
- no group otherwise.

xdist's own `--dist=loadgroup` does not do it: it writes the group into the id of a test, which pytest 9.2 ignores, and
then spreads the tests as if there were no groups (pytest-dev/pytest-xdist#1386).
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Generator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pytest
from xdist.scheduler import LoadScopeScheduling

from shared.run.importing import without_collecting

WORKERS: Final = 2
FEW_FILES: Final = 3
PROCESSES: Final = "processes"
_FOLDER: Final = pytest.StashKey[tempfile.TemporaryDirectory[str]]()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Two workers, or none for a few files: starting workers takes longer than a few tests."""
    if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None  # xdist reads it
    return 0 if _files_named(config) <= FEW_FILES else WORKERS


def _files_named(config: pytest.Config) -> int:
    """How many test files the command line names, in folders or by themselves."""
    named = {config.invocation_params.dir / argument.partition("::")[0] for argument in config.args}
    return sum(len([*path.rglob("test_*.py")]) if path.is_dir() else 1 for path in named)


def group_of(item: pytest.Item) -> str | None:
    """The group of a test; None if it may run anywhere."""
    mark = item.get_closest_marker("xdist_group")
    if mark is not None:
        return str(mark.args[0])
    if item.get_closest_marker("kill") or item.get_closest_marker("kafka"):
        return PROCESSES
    fixtures = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
    if any(definition.scope == "module" for definitions in fixtures.values() for definition in definitions):
        return str(item.path)
    return None


class Groups(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives a worker all tests of a group at once, and tests without a group one by one.

    The slowest group first, then the largest, so that no worker is left alone with a group at the end.
    """

    @cached_property
    def _groups(self) -> Mapping[str, str]:
        """The groups as a worker has written them down: the process that schedules collects no tests."""
        groups: dict[str, str] = json.loads(_file(self.config.stash[_FOLDER].name).read_text(encoding="utf-8"))
        return groups

    def _assign_work_unit(self, node: Any) -> None:
        if PROCESSES in self.workqueue:
            self.workqueue.move_to_end(PROCESSES, last=False)
        super()._assign_work_unit(node)

    def _split_scope(self, nodeid: str) -> str:
        return self._groups.get(nodeid, nodeid)


def _file(folder: str) -> Path:
    return Path(folder) / "groups.json"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Our own scheduler, whatever `--dist` says."""
    return Groups(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker where to write the groups down."""
    if _FOLDER not in node.config.stash:
        node.config.stash[_FOLDER] = tempfile.TemporaryDirectory(prefix="gongdan-groups-")
    node.workerinput["groups"] = node.config.stash[_FOLDER].name


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without garbage collection: modules and tests stay until the end."""
    with without_collecting():
        return (yield)


@pytest.hookimpl(tryfirst=True)  # before the worker says that it has collected
def pytest_collection_finish(session: pytest.Session) -> None:
    """Write the groups down, in a worker. Each writes the same; a reader sees a whole file."""
    told: Mapping[str, Any] | None = getattr(session.config, "workerinput", None)
    if told is None:
        return
    groups = {item.nodeid: group for item in session.items if (group := group_of(item)) is not None}
    making = _file(told["groups"]).with_suffix(f".{told['workerid']}")
    making.write_text(json.dumps(groups), encoding="utf-8")
    making.replace(_file(told["groups"]))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the file."""
    if _FOLDER in config.stash:
        config.stash[_FOLDER].cleanup()
