"""Builds the portal, and compares what is committed with what its sources build."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Final

from tools import node

FOLDER: Final = Path(__file__).resolve().parents[2] / "portal"
DIST: Final = FOLDER / "dist"
# Each with what is checked, so that a failure says which one it was.
_CHECKS: Final = (
    ("types", ("node_modules/vue-tsc/bin/vue-tsc.js", "--noEmit")),
    ("linter", ("node_modules/eslint/bin/eslint.js", "--max-warnings=0", "--cache", "--cache-location", "node_modules/.cache/eslint/", ".")),
    ("unit tests", ("node_modules/vitest/vitest.mjs", "run", "--reporter=dot")),
)  # fmt: skip


def build(folder: Path = DIST) -> None:
    """Build the portal into `folder`, which is emptied first."""
    # The zone and the language of the machine must not change a byte.
    env = {**os.environ, "TZ": "UTC", "LC_ALL": "C", "NODE_ENV": "production"}
    node.script("node_modules/vite/bin/vite.js", "build", "--outDir", str(folder), "--emptyOutDir", cwd=FOLDER, env=env)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def check() -> int:
    """Every check of the portal; 1 when one fails, after its words."""
    node.script("tools/types.mjs", cwd=FOLDER)
    failed = [name for name, command in _CHECKS if not _passes(name, command)]
    with tempfile.TemporaryDirectory() as built:
        build(Path(built))
        if contents(Path(built)) != contents(DIST):
            print("portal/dist is not what the sources build: run `make portal` and commit it", file=sys.stderr)
            failed.append("dist")
    return 1 if failed else 0


def _passes(name: str, command: tuple[str, ...]) -> bool:
    try:
        node.script(*command, cwd=FOLDER)
    except node.NodeFailed as fault:
        print(f"portal, {name}: {fault}", file=sys.stderr)
        return False
    return True
